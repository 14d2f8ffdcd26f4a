"""Whether a place in S3 answers, and if it does not, one line that says what to correct."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from stages.machine.address import holds_credentials, shown
from stages.machine.errors import StoreError
from stages.machine.redaction import cleaned
from stages.machine.variables import S3_ENDPOINT, S3_KEY, S3_PROFILE, S3_REGION, S3_SECRET, S3_TOKEN
from stages.stores.s3 import client, client_errors

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

SCHEME = "s3://"
# What S3 servers call their refusals: what was found, and which variable to correct. `{bucket}`
# and `{setting}` are those of the store that was asked.
_REFUSALS = {
    "NoSuchBucket": (
        "there is no bucket {bucket}",
        "make the bucket, or correct {setting} or " + S3_ENDPOINT,
    ),
    "InvalidAccessKeyId": ("the access key is unknown", f"correct {S3_KEY}"),
    "SignatureDoesNotMatch": ("the secret is wrong for this access key", f"correct {S3_SECRET}"),
    "AccessDenied": (
        "this access key has no permission for it",
        "let it list, read, write and delete in {bucket}, or use another " + S3_KEY,
    ),
    "ExpiredToken": ("the session token has expired", f"get a new {S3_TOKEN}"),
    "InvalidToken": ("the session token is invalid", f"correct or unset {S3_TOKEN}"),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set the clock"),
    "PermanentRedirect": ("the bucket is in another region", f"correct {S3_REGION}"),
    "AuthorizationHeaderMalformed": ("the region is wrong", f"correct {S3_REGION}"),
}


@dataclass(frozen=True)
class Store:
    """A place in S3, and what people call it.

    Args:
        url: `s3://bucket/prefix`.
        setting: the variable or parameter that says so, for people who must correct it.
        trouble: what is the matter when the store fails, to begin the line with:
            `"the predictions are kept here but not copied"`.
        then: the command to run once it is fixed: `"make run"`.
    """

    url: str
    setting: str
    trouble: str
    then: str

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.url.removeprefix(SCHEME).partition("/")[0]

    def error(self, found: str, fix: str) -> StoreError:
        """Return the error that says `found` of this store."""
        return StoreError(
            f"{self.trouble}: {shown(self.url)}: {found}",
            expected="a bucket that answers and may be read and written",
            fix=f"{fix}, then `{self.then}`",
        )


def is_in_s3(url: str) -> bool:
    """Return whether `url` is `s3://bucket/prefix`, without credentials."""
    bucket, _, prefix = url.removeprefix(SCHEME).partition("/")
    named = url.startswith(SCHEME) and re.fullmatch(r"[A-Za-z0-9._-]+", bucket)
    return bool(named) and not holds_credentials(prefix)


def check(store: Store, *, profile: str | None = None, **access: str) -> None:
    """Ask `store` to list one object: within seconds it is known to answer, or what is wrong.

    Args:
        store: what to ask.
        profile: a profile of the AWS configuration; the environment's by default.
        access: what wins over the environment, as a botocore client takes it: `endpoint_url`, ….

    Raises:
        StoreError: it does not answer, is not an S3 server, or rejects the key, the secret or the
            bucket.
    """
    if not is_in_s3(store.url):
        # Not asked for: where the bucket should be is a part of a password, maybe.
        raise store.error("that is not a bucket's name", f"correct {store.setting}")
    if trouble := _trouble(store, profile, access):
        raise store.error(*trouble)


@contextmanager
def reported(store: Store) -> Iterator[None]:
    """Check `store`, then turn what its client raises inside into one line.

    Raises:
        StoreError: see `check`; or an object is missing, or the store refused this operation.
    """
    check(store)
    try:
        yield
    except client_errors() as error:
        # The client's own words differ by operation; a HEAD has none. So the store is asked again.
        raise store.error(*(_trouble(store) or _refusal(store, error))) from error


def _trouble(
    store: Store, profile: str | None = None, access: Mapping[str, Any] = MappingProxyType({})
) -> tuple[str, str] | None:
    """Return what is wrong with `store` and what fixes it, or None when it answers as S3 does."""
    from botocore import exceptions as botocore

    try:
        asking = client(profile=profile, **access)
    except botocore.ProfileNotFound:
        return "there are no credentials", f"correct or unset {S3_PROFILE}"
    except (botocore.BotoCoreError, ValueError):
        return "its address is malformed", f"correct {S3_ENDPOINT} (http://host:port)"
    asked = shown(asking.meta.endpoint_url)
    try:
        answer = asking.list_objects_v2(Bucket=store.bucket, MaxKeys=1)
    except botocore.ClientError as error:
        return _named(store, error) or _no_s3(asked)
    except (botocore.NoCredentialsError, botocore.PartialCredentialsError):
        return "there are no credentials", f"set {S3_KEY} and {S3_SECRET}"
    except botocore.ParamValidationError:
        return "that is not a bucket's name", f"correct {store.setting}"
    except (botocore.ConnectionError, botocore.ConnectTimeoutError, OSError) as error:
        if isinstance(error, botocore.ConnectionClosedError):
            return _no_s3(asked)
        reason = "silent" if isinstance(error, botocore.ReadTimeoutError) else "unreachable"
        return f"{asked} is {reason}", f"start it (`make up`), or correct {S3_ENDPOINT}"
    # Whatever else answers leads the client to whatever else: it follows a redirect without end.
    except (botocore.BotoCoreError, ValueError, RecursionError):
        return _no_s3(asked)
    return None if "KeyCount" in answer or "Name" in answer else _no_s3(asked)


def _no_s3(asked: str) -> tuple[str, str]:
    return f"what answers at {asked} is not an S3 server", f"correct {S3_ENDPOINT}"


def _named(store: Store, error: ClientError) -> tuple[str, str] | None:
    """Return what S3 calls the refusal; None where what refused has no name for it, as S3 has."""
    code = str(error.response.get("Error", {}).get("Code") or "")
    if not code or code.isdigit():
        return None
    found, fix = _REFUSALS.get(
        code, (f"it refuses ({code})", f"look into its log, or correct {S3_ENDPOINT}")
    )
    names = {"bucket": store.bucket, "setting": store.setting}
    return found.format(**names), fix.format(**names)


def _refusal(store: Store, error: BaseException) -> tuple[str, str]:
    """Return what `error` says of one operation of a store that answers."""
    # s3fs wraps the client's error, and leaves it out where it looked further by itself.
    cause = error if hasattr(error, "response") else error.__cause__
    if isinstance(error, FileNotFoundError) or _code(cause) in ("NoSuchKey", "404"):
        return (
            f"an object is missing: {_line(error)}",
            f"write it again, or correct {store.setting}",
        )
    if isinstance(error, PermissionError) or _code(cause) == "403":
        found, fix = _REFUSALS["AccessDenied"]
        return found, fix.format(bucket=store.bucket)
    named = _named(store, cause) if hasattr(cause, "response") else None
    return named or (_line(error), f"look into its log, or correct {S3_ENDPOINT}")


def _code(error: object) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _line(error: BaseException) -> str:
    return cleaned(str(error))[:200] or type(error).__name__
