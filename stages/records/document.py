"""How a record is read and written: canonical JSON, and one line where a file is not one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from stages.machine.errors import UserError
from stages.machine.files import read_bytes, write_json

T = TypeVar("T")
# The digest of a model, which also names files: nothing else may come from a file of ours.
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def parsed(adapter: TypeAdapter[T], content: bytes | str) -> T:
    """Return the record that the JSON `content` holds.

    Raises:
        ValueError: it is not JSON, or not such a record; the text names the first fault.
    """
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        raise ValueError(_first_fault(error)) from None


def read_document(
    adapter: TypeAdapter[T], path: Path, *, error: type[UserError], expected: str, fix: str
) -> T:
    """Return the record in the JSON file at `path`.

    Args:
        adapter: of the record's class.
        path: the file.
        error: the class of what is raised.
        expected: what the file should be, for people.
        fix: the command that writes it.

    Raises:
        UserError: of the class `error`: there is no such file, or it is not such a record.
    """
    try:
        return parsed(adapter, read_bytes(path))
    except FileNotFoundError:
        found = "it does not exist"
    except (OSError, ValueError) as cause:
        found = (isinstance(cause, OSError) and cause.strerror) or str(cause)
    raise error(f"{path} cannot be read: {found}", expected=expected, fix=fix) from None


def plain(adapter: TypeAdapter[T], record: T) -> Any:
    """Return `record` as JSON's plain values, under the names of the file; not rounded."""
    return adapter.dump_python(record, mode="json", by_alias=True)


def write_document(adapter: TypeAdapter[T], path: Path, record: T) -> None:
    """Write `record` to `path` as canonical JSON, rounded, whole or not at all."""
    write_json(path, plain(adapter, record))


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"])) or "the whole file"
    return f"{where}: {first['msg']}"
