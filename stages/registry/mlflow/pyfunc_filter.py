"""The registered model as MLflow loads it: raw text in, spam probability and verdict out.

This module travels inside the model (`code/stages/`), so that serving needs no repository.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.model.filter import Filter

if TYPE_CHECKING:
    import pandas as pd

TEXT, SUBJECT = "text", "subject"


class PyfuncFilter:
    """A `Filter` behind MLflow's `predict` contract."""

    def __init__(self, spam_filter: Filter) -> None:
        self._filter = spam_filter

    def predict(
        self,
        model_input: pd.DataFrame | pd.Series[str] | Sequence[str],
        params: dict[str, Any] | None = None,  # noqa: ARG002 -- part of MLflow's contract
    ) -> pd.DataFrame:
        """Return one row a message: `probability` (of spam, 0 to 1) and `verdict` (spam/ham).

        Args:
            model_input: a frame with the column `text` and, if known, `subject`; or the texts.
            params: unused.
        """
        import pandas as pd

        subjects, texts = _messages(model_input)
        probabilities = self._filter.predict(subjects, texts)
        return pd.DataFrame(
            {
                "probability": probabilities.astype("float64"),
                "verdict": self._filter.verdicts(probabilities),
            }
        )


def _messages(
    model_input: pd.DataFrame | pd.Series[str] | Sequence[str],
) -> tuple[list[str], list[str]]:
    """Return `(subjects, texts)`; a missing subject or text is empty."""
    import pandas as pd

    if not isinstance(model_input, pd.DataFrame):
        # Iterating a frame would give its column names: it must never come here.
        texts = [str(text) for text in model_input]
        return [""] * len(texts), texts
    texts = _column(model_input[TEXT])
    if SUBJECT not in model_input:
        return [""] * len(texts), texts
    return _column(model_input[SUBJECT]), texts


def _column(values: pd.Series[str]) -> list[str]:
    # Not fillna: where all are missing it warns of a change to come.
    return ["" if no else str(value) for value, no in zip(values, values.isna(), strict=True)]


def _load_pyfunc(data_path: str) -> PyfuncFilter:
    """Return the filter stored at `data_path`: the entry point that MLflow calls."""
    return PyfuncFilter(Filter.load(Path(data_path)))
