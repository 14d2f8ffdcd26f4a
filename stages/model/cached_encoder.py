"""The encoder behind this machine's cache: each text is encoded once, whoever meets it again.

Encoding is by far the slowest stage, and each retraining meets most of its messages again.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from stages import config
from stages.machine.cache import cache_dir, most_bytes
from stages.machine.files import sha256
from stages.machine.packages import installed_version
from stages.model.embedding_cache import FILE, EmbeddingCache
from stages.model.encoder import load_encoder
from stages.model.engines import Loaded, engine_of
from stages.model.space import fingerprint

if TYPE_CHECKING:
    import numpy as np

# Texts looked up, and encoded where they are not there, at a time: what is held of a stream, and
# what a killed stage has to do again.
_CHUNK = 64
# What /proc/cpuinfo says of a kind of processor, in the words of x86 and of ARM.
_X86 = ("vendor_id", "cpu family", "model", "cache size", "flags")
_ARM = ("CPU implementer", "CPU architecture", "CPU part", "Features")


class CachedEncoder:
    """An encoder that is loaded when a text is met that the cache does not have.

    Attributes:
        found: how many texts the cache had.
    """

    def __init__(self, encoder: config.Encoder, cache: EmbeddingCache) -> None:
        self._encoder, self._cache = encoder, cache
        self.found = 0

    @cached_property
    def _model(self) -> Loaded:
        return load_encoder(self._encoder)

    def encode(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        """Yield what the encoder alone yields, byte for byte."""
        source = (text[: self._encoder.max_chars] for text in texts)
        while chunk := list(islice(source, _CHUNK)):
            found = self._cache.get(chunk)
            self.found += sum(text in found for text in chunk)
            made = self._made([text for text in dict.fromkeys(chunk) if text not in found])
            vectors = found | made
            yield from (vectors[text] for text in chunk)

    def close(self) -> None:
        """Close the cache."""
        self._cache.close()

    def _made(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        if not texts:
            return {}
        made = dict(zip(texts, self._model.encode(texts), strict=True))
        self._cache.put(made)
        return made


def load_cached(encoder: config.Encoder) -> CachedEncoder:
    """Return the encoder that `encoder` describes, with this machine's cache before it.

    Raises:
        ConfigError: the bound of the cache is not a number.
    """
    cache = EmbeddingCache(
        cache_dir() / FILE,
        byte_space(encoder),
        encoder.dim,
        title=f"{encoder.name}, {encoder.engine}",
        most_bytes=most_bytes(),
    )
    return CachedEncoder(encoder, cache)


@contextmanager
def cached_encoder(encoder: config.Encoder) -> Iterator[CachedEncoder]:
    """Yield what `load_cached` returns; its cache is closed afterwards.

    Raises:
        ConfigError: the bound of the cache is not a number.
    """
    with closing(load_cached(encoder)) as cached:
        yield cached


def byte_space(encoder: config.Encoder) -> str:
    """Return what the bytes of an embedding depend on besides the text, as a digest.

    That is the model, what its engine says and, unless its bytes are the same on any, the kind of
    processor: another instruction set takes other kernels, which round differently.
    """
    engine = engine_of(encoder)
    model = installed_version(encoder.package) if encoder.package else str(encoder.revision)
    libraries = [f"{name} {installed_version(name)}" for name in engine.LIBRARIES]
    chosen = [f"{k}={v}" for k, v in sorted(os.environ.items()) if k.startswith(engine.VARIABLES)]
    code = map(sha256, engine.CODE)
    parts = [fingerprint(encoder), encoder.engine, model, *code, *libraries, *chosen]
    if not engine.PORTABLE:
        parts += processor()
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> list[str]:
    """Return what tells kinds of processor apart, and nothing of the moment."""
    if not cpuinfo.exists():
        return [platform.platform(), platform.processor()]
    first = cpuinfo.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
    lines = [line for line in first.splitlines() if line.split(":")[0].strip() in _X86 + _ARM]
    return [platform.machine(), *lines]
