"""The registered model as MLflow loads it: raw text in, spam probability and verdict out.

This module travels inside the model (`code/stages/`), so that serving needs no repository.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.mail.characters import body_of, subject_of
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
        model_input: pd.DataFrame | pd.Series[str] | Sequence[str] | Mapping[str, Any],
        params: dict[str, Any] | None = None,  # noqa: ARG002 -- part of MLflow's contract
    ) -> pd.DataFrame:
        """Return one row a message: `probability` (of spam, 0 to 1) and `verdict` (spam/ham).

        Texts are prepared as the pipeline's are; bytes are read as UTF-8.

        Args:
            model_input: a frame with the column `text` and, if known, `subject`; a mapping of
                these names to lists of one length, or to one message; or the texts.
            params: unused.

        Raises:
            MlflowException: a row has no text, or something else than text.
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


def _messages(model_input: Any) -> tuple[list[str], list[str]]:
    """Return `(subjects, texts)` as the pipeline has them; a missing subject is empty."""
    columns = _columns(model_input)
    if TEXT not in columns:
        raise _refused(f"there is no column {TEXT}, but {', '.join(map(str, columns)) or 'none'}")
    texts = [body_of(_text(value, TEXT, row)) for row, value in enumerate(columns[TEXT], 1)]
    if SUBJECT not in columns:
        return [""] * len(texts), texts
    given = ("" if _missing(value) else value for value in columns[SUBJECT])
    return [subject_of(_text(value, SUBJECT, row)) for row, value in enumerate(given, 1)], texts


def _columns(model_input: Any) -> dict[str, list[Any]]:
    """Return the columns of what was given; all of one length."""
    import pandas as pd

    if isinstance(model_input, pd.DataFrame):
        columns = {str(name): list(model_input[name]) for name in model_input.columns}
        if len(model_input) != 1:
            return columns
        # MLflow makes one row of a mapping of lists.
        model_input = {name: values[0] for name, values in columns.items()}
    if not isinstance(model_input, Mapping):
        # Iterating a frame would give its column names: it must never come here.
        texts = [model_input] if isinstance(model_input, str | bytes) else model_input
        return {TEXT: list(texts)}
    columns = {str(name): _listed(values) for name, values in model_input.items()}
    if len({len(values) for values in columns.values()}) > 1:
        lengths = ", ".join(f"{len(values)} of {name}" for name, values in columns.items())
        raise _refused(f"the lists are not of one length: {lengths}")
    return columns


def _listed(values: Any) -> list[Any]:
    import numpy as np
    import pandas as pd

    several = isinstance(values, list | tuple | np.ndarray | pd.Series)
    return list(values) if several else [values]


def _text(value: Any, column: str, row: int) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, str):
        return value
    found = "null" if _missing(value) else f"of type {type(value).__name__}"
    raise _refused(f"{column} of row {row} is {found}")


def _missing(value: Any) -> bool:
    import pandas as pd

    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _refused(found: str) -> Exception:
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import BAD_REQUEST

    return MlflowException(
        f"{found}; expected a text in each row, and a subject or null; fix: leave out rows "
        "without a text, or send an empty one",
        error_code=BAD_REQUEST,
    )


def _load_pyfunc(data_path: str) -> PyfuncFilter:
    """Return the filter stored at `data_path`: the entry point that MLflow calls."""
    return PyfuncFilter(Filter.load(Path(data_path)))
