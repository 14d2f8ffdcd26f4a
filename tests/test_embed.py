"""The embed stage with its cache: the same bytes with, without and halfway through it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stages import config, embed
from stages.machine.files import sha256
from stages.machine.parquet import write_parquet
from stages.machine.variables import CACHE
from stages.mail.message import batched
from stages.records.layout import Layout
from stages.records.messages import MESSAGE_SCHEMA

# More than one chunk; two messages of one text.
MESSAGES = 70
STAGE = """
import sys
from pathlib import Path
from stages import config, embed
from stages.records.layout import Layout
params = config.validate(config.compose(conf=Path(sys.argv[1])), "conf/")
print(embed.run(embed.EmbedParams(params.encoder), Layout(Path(sys.argv[2])), "batch"))
print("torch" in sys.modules)
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A batch of mail in a folder of its own, with an empty cache beside it."""
    layout = Layout(tmp_path)
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    rows = (
        {"id": str(n), "subject": f"mail {n % (MESSAGES - 1)}", "text": "hello", "source": "test"}
        for n in range(MESSAGES)
    )
    write_parquet(layout.messages("batch"), MESSAGE_SCHEMA, batched(rows))
    return layout


@pytest.fixture
def params(minilm: config.Encoder) -> embed.EmbedParams:
    """The default encoder."""
    return embed.EmbedParams(minilm)


def test_the_bytes_are_the_same_with_and_without_the_cache(
    root: Path,
    params: embed.EmbedParams,
    layout: Layout,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = layout.embeddings("batch")
    line = embed.run(params, layout, "batch")
    # The one that is the first message over again.
    assert "70 messages in 384 dimensions, 1 of them from the cache" in line
    first = sha256(out)

    out.unlink()
    command = [sys.executable, "-c", STAGE, str(root / "conf"), str(layout.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "70 of them from the cache" in done.stdout
    assert done.stdout.split()[-1] == "False", "the encoder was loaded for nothing"
    assert sha256(out) == first

    monkeypatch.setenv(CACHE, "/dev/null/cache")
    embed.run(params, layout, "batch")
    (said,) = capsys.readouterr().out.splitlines()
    assert "goes on without the cache of embeddings /dev/null/cache" in said
    assert sha256(out) == first


def test_new_mail_among_known_mail_has_the_same_bytes(
    params: embed.EmbedParams, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    mail, out = layout.messages("batch"), layout.embeddings("batch")
    whole = pq.read_table(mail)
    pq.write_table(whole.slice(0, MESSAGES // 2), mail)
    embed.run(params, layout, "batch")
    pq.write_table(whole, mail)
    line = embed.run(params, layout, "batch")
    assert f"{MESSAGES // 2 + 1} of them from the cache" in line
    halfway = sha256(out)
    monkeypatch.setenv(CACHE, "/dev/null/cache")
    embed.run(params, layout, "batch")
    assert sha256(out) == halfway
