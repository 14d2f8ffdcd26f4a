"""The embed stage with its cache: the same bytes with, without and halfway through it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stages import config, embed
from stages.machine.files import sha256, write_parquet
from stages.machine.variables import CACHE
from stages.mail.message import batched
from stages.records.messages import MESSAGE_SCHEMA

# More than one chunk; two messages of one text.
MESSAGES = 70
OUT = embed.OUT / "batch.parquet"
STAGE = """
import sys
from pathlib import Path
from stages import config, embed
params = config.validate(config.compose(conf=Path(sys.argv[1])), "conf/")
embed.run(embed.EmbedParams(params.encoder), "batch")
print("torch" in sys.modules)
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def params(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minilm: config.Encoder
) -> embed.EmbedParams:
    """A batch of mail in a folder of its own, with an empty cache beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    rows = (
        {"id": str(n), "subject": f"mail {n % (MESSAGES - 1)}", "text": "hello", "source": "test"}
        for n in range(MESSAGES)
    )
    write_parquet(embed.IN / "batch.parquet", MESSAGE_SCHEMA, batched(rows))
    return embed.EmbedParams(minilm)


def test_the_bytes_are_the_same_with_and_without_the_cache(
    root: Path,
    params: embed.EmbedParams,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    embed.run(params, "batch")
    # The one that is the first message over again.
    assert "70 messages in 384 dimensions, 1 of them from the cache" in capsys.readouterr().out
    first = sha256(OUT)

    OUT.unlink()
    command = [sys.executable, "-c", STAGE, str(root / "conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "70 of them from the cache" in done.stdout
    assert done.stdout.split()[-1] == "False", "the encoder was loaded for nothing"
    assert sha256(OUT) == first

    monkeypatch.setenv(CACHE, "/dev/null/cache")
    embed.run(params, "batch")
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert "goes on without the cache of embeddings /dev/null/cache" in said[0]
    assert sha256(OUT) == first


def test_new_mail_among_known_mail_has_the_same_bytes(
    params: embed.EmbedParams, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    whole = pq.read_table(embed.IN / "batch.parquet")
    pq.write_table(whole.slice(0, MESSAGES // 2), embed.IN / "batch.parquet")
    embed.run(params, "batch")
    pq.write_table(whole, embed.IN / "batch.parquet")
    embed.run(params, "batch")
    assert f"{MESSAGES // 2 + 1} of them from the cache" in capsys.readouterr().out
    halfway = sha256(OUT)
    monkeypatch.setenv(CACHE, "/dev/null/cache")
    embed.run(params, "batch")
    assert sha256(OUT) == halfway
