"""The filter as MLflow stores it: one folder with model, code, requirements and signature.

The adapter of MLflow's model format. The same model, code and packages give the same bytes, so that
one digest, which the receipt in git names, covers all that is loaded or installed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import stages
from stages.registry.mlflow.requirements import scoring_requirements

# Where the model folder is inside the packed filter.
FOLDER = "data/model"
# What the loader imports, below `stages/`; a test compares it with the imports. Folders that lack
# their `__init__.py` are packages all the same.
CODE = (
    "__init__.py",
    "config/bounds.py",
    "config/encoder.py",
    "config/features.py",
    "machine/cache.py",
    "machine/console.py",
    "machine/errors.py",
    "machine/faults.py",
    "machine/files.py",
    "machine/imports.py",
    "machine/parquet.py",
    "machine/variables.py",
    "mail/characters.py",
    "model/encoder.py",
    "model/engines/__init__.py",
    "model/engines/bert.py",
    "model/engines/distilled.py",
    "model/engines/exact.py",
    "model/engines/openvino.py",
    "model/engines/openvino_graph.py",
    "model/engines/openvino_import.py",
    "model/engines/sentence_transformers.py",
    "model/engines/side_by_side.py",
    "model/engines/static.py",
    "model/engines/wordpiece.py",
    "model/filter.py",
    "model/scoring/features.py",
    "model/scoring/messages.py",
    "model/scoring/scorer.py",
    "model/scoring/scrub.py",
    "model/space.py",
    "model/tables.py",
    "model/weights.py",
    "records/document.py",
    "records/messages.py",
    "records/specification.py",
    "registry/mlflow/pyfunc_filter.py",
)
# The oldest that the code runs on: the packing machine's own is nobody else's business.
PYTHON = "3.11"
# MLflow notes when and for which run a folder was packed; the registry knows that of a version.
_NO_TIME = "1970-01-01 00:00:00"


def pack(model_folder: Path, target: Path) -> None:
    """Write the whole filter to `target` as one pyfunc, with code, signature and example.

    Args:
        model_folder: the model, its bytes verified.
        target: a folder that does not exist yet.
    """
    import mlflow.pyfunc
    import pandas as pd
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema

    signature = ModelSignature(
        inputs=Schema([ColSpec("string", "text"), ColSpec("string", "subject", required=False)]),
        outputs=Schema([ColSpec("double", "probability"), ColSpec("string", "verdict")]),
    )
    example = {"text": ["You have won. Reply with your bank details."], "subject": ["Urgent"]}
    requirements = scoring_requirements(model_folder)
    with tempfile.TemporaryDirectory() as temporary:
        # MLflow names the stored folder after the one it is given; we look for `FOLDER` later.
        link = Path(temporary) / Path(FOLDER).name
        link.symlink_to(model_folder.resolve())
        code = _copy_code(Path(temporary))
        mlflow.pyfunc.save_model(
            target,
            loader_module="stages.registry.mlflow.pyfunc_filter",
            data_path=str(link),
            code_paths=[str(code)],
            conda_env=_conda_environment(requirements),
            signature=signature,
            input_example=pd.DataFrame(example),
            mlflow_model=Model(model_uuid=None, utc_time_created=_NO_TIME),
        )
    _forget_machine(target)


@contextmanager
def packed_here(model_folder: Path) -> Iterator[Path]:
    """Yield a temporary folder with the filter as it is packed here, with this checkout's code."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "filter"
        pack(model_folder, target)
        yield target


def _copy_code(folder: Path) -> Path:
    """Copy what the loader imports into `folder`; return the root of the package there."""
    package = Path(stages.__file__).parent
    for name in CODE:
        copy = folder / package.name / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / name, copy)
    return folder / package.name


def _conda_environment(requirements: list[str]) -> dict[str, object]:
    dependencies: list[object] = [f"python={PYTHON}", "pip", {"pip": requirements}]
    return {"name": "spamline", "channels": ["conda-forge"], "dependencies": dependencies}


def _forget_machine(packed: Path) -> None:
    """Rewrite what MLflow says of this machine: its Python, and its tools for building."""
    from mlflow.models import Model

    described = Model.load(str(packed))
    described.flavors["python_function"]["python_version"] = PYTHON
    described.save(str(packed / "MLmodel"))
    text = f'python: "{PYTHON}"\ndependencies:\n- -r requirements.txt\n'
    (packed / "python_env.yaml").write_text(text, encoding="utf-8")
