"""S3, opened one way everywhere: short patience, and one line for whatever goes wrong.

Address and credentials come from the environment, as every S3 client reads them:
`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_DEFAULT_REGION`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from stages.machine.errors import StoreError

if TYPE_CHECKING:
    from s3fs import S3FileSystem

ENDPOINT, KEY, SECRET = "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
# Seconds: to connect; for the answer to one small question; for the answer to a large upload.
_CONNECT, _ANSWER, _UPLOAD = 3, 5, 60

# What S3 servers call their refusals: what was found, and which variable to correct. `{bucket}`
# and `{setting}` are of the store that was asked.
_REFUSALS = {
    "NoSuchBucket": (
        "there is no bucket {bucket}",
        "make the bucket, or correct {setting} or " + ENDPOINT,
    ),
    "InvalidAccessKeyId": ("the access key is unknown", f"correct {KEY}"),
    "SignatureDoesNotMatch": ("the secret is wrong for this access key", f"correct {SECRET}"),
    "AccessDenied": (
        "this access key has no permission for it",
        "let it list, read, write and delete in {bucket}, or use another " + KEY,
    ),
    "ExpiredToken": ("the session token has expired", "get a new AWS_SESSION_TOKEN"),
    "InvalidToken": ("the session token is invalid", "correct or unset AWS_SESSION_TOKEN"),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set the clock"),
    "PermanentRedirect": ("the bucket is in another region", "correct AWS_DEFAULT_REGION"),
    "AuthorizationHeaderMalformed": ("the region is wrong", "correct AWS_DEFAULT_REGION"),
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
        return urlsplit(self.url).netloc

    def error(self, found: str, fix: str) -> StoreError:
        """Return the error that says `found` of this store."""
        return StoreError(
            f"{self.trouble}: {self.url}: {found}",
            expected="a bucket that answers and may be read and written",
            fix=f"{fix}, then `{self.then}`",
        )


def filesystem() -> S3FileSystem:
    """Return S3 as fsspec's file system, which pandas, pyarrow and DuckDB take as it is."""
    from s3fs import S3FileSystem

    return S3FileSystem(
        config_kwargs={
            "connect_timeout": _CONNECT,
            "read_timeout": _UPLOAD,
            "retries": {"total_max_attempts": 2},
        },
        # Instances and listings are cached, but the environment and other writers change both.
        skip_instance_cache=True,
        use_listings_cache=False,
    )


def check(store: Store, *, profile: str | None = None, **access: str) -> None:
    """Ask `store` to list one object: within seconds it is known to answer, or what is wrong.

    Args:
        store: what to ask.
        profile: of the AWS configuration; the environment's by default.
        access: what wins over the environment, as a botocore client takes it: `endpoint_url`, ….

    Raises:
        StoreError: it does not answer, is no S3, knows the key or the secret or the bucket not.
    """
    if trouble := _trouble(store, profile, access):
        raise store.error(*trouble)


@contextmanager
def reported(store: Store) -> Iterator[None]:
    """Check `store`, then turn what its client raises inside into one line.

    Raises:
        StoreError: see `check`; or an object is missing, or the store refused this operation.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    check(store)
    try:
        yield
    except (BotoCoreError, ClientError, OSError) as error:
        # The client's own words differ by operation; a HEAD has none. So the store is asked again.
        raise store.error(*(_trouble(store) or _refusal(store, error))) from error


def _trouble(
    store: Store, profile: str | None = None, access: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, str] | None:
    """Return what is wrong with `store` and what fixes it, or None when it answers as S3 does."""
    from botocore import exceptions as botocore

    try:
        client = _client(profile, access)
    except botocore.ProfileNotFound:
        return "there are no credentials", "correct or unset AWS_PROFILE"
    except (botocore.BotoCoreError, ValueError):
        # Its text is not shown: an address may hold a password.
        return "its address is malformed", f"correct {ENDPOINT} (http://host:port)"
    asked = _without_userinfo(client.meta.endpoint_url)
    try:
        answer = client.list_objects_v2(Bucket=store.bucket, MaxKeys=1)
    except botocore.ClientError as error:
        return _named(store, error) or _no_s3(asked)
    except (botocore.NoCredentialsError, botocore.PartialCredentialsError):
        return "there are no credentials", f"set {KEY} and {SECRET}"
    except botocore.ParamValidationError:
        return "that is no bucket's name", f"correct {store.setting}"
    except (botocore.ConnectionError, botocore.ConnectTimeoutError, OSError) as error:
        if isinstance(error, botocore.ConnectionClosedError):
            return _no_s3(asked)
        reason = "silent" if isinstance(error, botocore.ReadTimeoutError) else "unreachable"
        return f"{asked} is {reason}", f"start it (`make up`), or correct {ENDPOINT}"
    # Whatever else answers leads the client to whatever else: it follows a redirect without end.
    except (botocore.BotoCoreError, ValueError, RecursionError):
        return _no_s3(asked)
    return None if "KeyCount" in answer or "Name" in answer else _no_s3(asked)


def _client(profile: str | None, access: Mapping[str, str]) -> Any:
    """Return the plain client, without retries: what it is told comes with a reason."""
    from botocore.config import Config
    from botocore.session import Session

    return Session(profile=profile).create_client(
        "s3",
        **access,
        config=Config(
            connect_timeout=_CONNECT, read_timeout=_ANSWER, retries={"total_max_attempts": 1}
        ),
    )


def _no_s3(asked: str) -> tuple[str, str]:
    return f"what answers at {asked} is no S3", f"correct {ENDPOINT}"


def _named(store: Store, error: Any) -> tuple[str, str] | None:
    """Return what S3 calls the refusal; None where what refused has no name for it, as S3 has."""
    code = str(error.response.get("Error", {}).get("Code") or "")
    if not code or code.isdigit():
        return None
    found, fix = _REFUSALS.get(
        code, (f"it refuses ({code})", f"look into its log, or correct {ENDPOINT}")
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
    return named or (_line(error), f"look into its log, or correct {ENDPOINT}")


def _code(error: Any) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _without_userinfo(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
