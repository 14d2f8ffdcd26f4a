"""What loads a model does not load PyTorch."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from stages.machine.imports import without


def test_a_package_is_hidden_for_as_long_as_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "heavy_one.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with without("heavy_one"), pytest.raises(ModuleNotFoundError, match="not needed"):
        import_module("heavy_one")
    import_module("heavy_one")
    with without("heavy_one"):
        import_module("heavy_one")


@pytest.mark.slow
def test_a_model_file_is_read_and_written_without_pytorch(tmp_path: Path) -> None:
    """It takes longer to load than everything else of a scoring together."""
    code = (
        "import sys; from pathlib import Path\n"
        "from stages.model.filter import load_model\n"
        "from stages.model.training.saving import dump_model\n"
        f"dump_model([1], Path({str(tmp_path / 'x')!r}))\n"
        f"print(load_model(Path({str(tmp_path / 'x')!r}), []), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[1] False\n"
