"""Every environment variable that the project reads: its name, what it does, its default.

`docs/environment.md` is generated from this table. None of these changes the bytes of a result:
they say where things are, and who may reach them. What is pinned instead is in
`stages.machine.pinning`.
"""

from __future__ import annotations

from enum import StrEnum


class Topic(StrEnum):
    """What a variable is about: a heading of the documentation."""

    PLACES = "Where results and downloads go"
    S3 = "S3"
    LOOP = "The loop"
    GITHUB = "GitHub"
    STACK = "The team's services on this machine"
    MACHINE = "The installation"


class Variable(str):
    """The name of an environment variable, documented.

    A string, so that it is itself the key in `os.environ` and the word in a message.

    Args:
        name: the name.
        topic: the heading that it is documented under.
        about: what it does, in a phrase or two of Markdown.
        default: what holds where it is unset, in Markdown.
    """

    topic: Topic
    about: str
    default: str

    def __new__(cls, name: str, topic: Topic, about: str, *, default: str) -> Variable:
        """Return the name with its documentation attached."""
        variable = super().__new__(cls, name)
        variable.topic, variable.about, variable.default = topic, about, default
        return variable


CACHE = Variable(
    "SPAMLINE_CACHE",
    Topic.PLACES,
    "the folder of downloads and embeddings, shared by all checkouts on this machine",
    default="`spamline` in the user's cache folder",
)
CACHE_GB = Variable(
    "SPAMLINE_CACHE_GB",
    Topic.PLACES,
    "how large the cache of embeddings may grow, in gigabytes; beyond it, what was not used for "
    "the longest time goes",
    default="2",
)
TRACKING_URI = Variable(
    "MLFLOW_TRACKING_URI",
    Topic.PLACES,
    "the model registry; wins over `stores.registry`",
    default="a SQLite file in `data/register/mlflow/`",
)
HISTORY_URL = Variable(
    "SPAMLINE_HISTORY_URL",
    Topic.PLACES,
    "the database of the monitoring history, as SQLAlchemy names it; wins over `stores.history`",
    default="a SQLite file, `data/monitor/history.db`",
)
PREDICTIONS_URL = Variable(
    "SPAMLINE_PREDICTIONS_URL",
    Topic.PLACES,
    "where a copy of the predictions goes, `s3://bucket/prefix`; wins over `stores.predictions`",
    default="no copy",
)
VERDICTS_URL = Variable(
    "SPAMLINE_VERDICTS_URL",
    Topic.PLACES,
    "where every verdict file is kept, a folder or `s3://bucket/prefix`; wins over "
    "`stores.verdicts`",
    default="`data/monitor/verdicts/`",
)

RAY_ADDRESS = Variable(
    "RAY_ADDRESS",
    Topic.PLACES,
    "the Ray cluster that parses, embeds and scores where `compute.engine` is `ray`: `host:port`",
    default="no cluster; needed only for that engine",
)

S3_ENDPOINT = Variable(
    "AWS_ENDPOINT_URL", Topic.S3, "the address of an S3 server that is not Amazon's", default="AWS"
)
S3_ENDPOINT_FIRST = Variable(
    "AWS_ENDPOINT_URL_S3",
    Topic.S3,
    "the same for S3 alone; wins over `AWS_ENDPOINT_URL`",
    default="`AWS_ENDPOINT_URL`",
)
S3_KEY = Variable(
    "AWS_ACCESS_KEY_ID",
    Topic.S3,
    "the access key; `make env` generates one for the server of this machine",
    default="`~/.aws/credentials`, or the machine's role",
)
S3_SECRET = Variable(
    "AWS_SECRET_ACCESS_KEY", Topic.S3, "its secret", default="as for the access key"
)
S3_TOKEN = Variable(
    "AWS_SESSION_TOKEN", Topic.S3, "the token of temporary credentials", default="none"
)
S3_REGION = Variable(
    "AWS_DEFAULT_REGION", Topic.S3, "the region of the bucket", default="`~/.aws/config`"
)
S3_PROFILE = Variable("AWS_PROFILE", Topic.S3, "a profile of `~/.aws/config`", default="`default`")
S3_CREDENTIALS_FILE = Variable(
    "AWS_SHARED_CREDENTIALS_FILE",
    Topic.S3,
    "another file of credentials",
    default="`~/.aws/credentials`",
)
S3_WEB_IDENTITY = Variable(
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    Topic.S3,
    "a role's token, as Kubernetes mounts it",
    default="none",
)
S3_CONTAINER_FULL = Variable(
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    Topic.S3,
    "where a container gets its role's credentials",
    default="none",
)
S3_CONTAINER_RELATIVE = Variable(
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", Topic.S3, "the same on ECS", default="none"
)
S3_ATTEMPTS = Variable(
    "AWS_MAX_ATTEMPTS",
    Topic.S3,
    "how often DVC's client tries a request before it gives up",
    default="2 in `make push` and `make pull`",
)

REPLAY = Variable(
    "SPAMLINE_REPLAY",
    Topic.LOOP,
    "lives through a past corpus: `2026-12-01:2002-08-26` makes the first of December 2026 the "
    "26th of August 2002, and each day after it the next",
    default="the calendar's day, UTC",
)
EXPERIMENT = Variable(
    "DVC_EXP_NAME",
    Topic.LOOP,
    "set by DVC in an experiment, which then publishes nothing",
    default="not an experiment",
)
DVC_STAGE = Variable(
    "DVC_STAGE",
    Topic.LOOP,
    "set by DVC for a stage's command; without it, a stage keeps DVC out of the checkout itself",
    default="not a stage of a `dvc repro`",
)

GITHUB_REPOSITORY = Variable(
    "GITHUB_REPOSITORY",
    Topic.GITHUB,
    "`owner/name`, where pull requests, comments and issues go; set in GitHub's workflows",
    default="branches are pushed and nothing else",
)
GITHUB_TOKEN = Variable(
    "GITHUB_TOKEN",
    Topic.GITHUB,
    "the token to write them with, and git's password there if git knows no other",
    default="the App's key",
)
APP_ID = Variable(
    "SPAMLINE_APP_ID",
    Topic.GITHUB,
    "the number of a GitHub App, whose pull requests start their checks themselves",
    default="`GITHUB_TOKEN`",
)
APP_KEY = Variable("SPAMLINE_APP_KEY", Topic.GITHUB, "its private key", default="`GITHUB_TOKEN`")
GITHUB_API = Variable(
    "SPAMLINE_GITHUB_API",
    Topic.GITHUB,
    "the address of GitHub's API where it is neither of the next two, as in the tests",
    default="`GITHUB_API_URL`",
)
GITHUB_API_URL = Variable(
    "GITHUB_API_URL",
    Topic.GITHUB,
    "GitHub's API; set in its workflows",
    default="`https://api.github.com`",
)
GITHUB_SERVER_URL = Variable(
    "GITHUB_SERVER_URL",
    Topic.GITHUB,
    "GitHub's pages; set in its workflows",
    default="`https://github.com`",
)
GITHUB_ACTIONS = Variable(
    "GITHUB_ACTIONS",
    Topic.GITHUB,
    "`true` in a workflow: its own token starts no checks, so they are dispatched",
    default="not a workflow",
)
GITHUB_RUN_ID = Variable(
    "GITHUB_RUN_ID",
    Topic.GITHUB,
    "the workflow's run, linked from what it writes",
    default="no link",
)
GITHUB_OUTPUT = Variable(
    "GITHUB_OUTPUT",
    Topic.GITHUB,
    "the file by which a step hands values to the next",
    default="nothing is handed on",
)
GITHUB_STEP_SUMMARY = Variable(
    "GITHUB_STEP_SUMMARY",
    Topic.GITHUB,
    "the file that a workflow's page shows",
    default="no page is written",
)

S3_PORT = Variable("SPAMLINE_S3_PORT", Topic.STACK, "S3's port, and nine after it", default="8333")
POSTGRES_PORT = Variable("SPAMLINE_POSTGRES_PORT", Topic.STACK, "PostgreSQL's port", default="5433")
MLFLOW_PORT = Variable("SPAMLINE_MLFLOW_PORT", Topic.STACK, "MLflow's port", default="5000")
ADMINER_PORT = Variable(
    "SPAMLINE_ADMINER_PORT", Topic.STACK, "Adminer's port, in `compose.yaml` only", default="8080"
)
GRAFANA_PORT = Variable(
    "SPAMLINE_GRAFANA_PORT", Topic.STACK, "Grafana's port, in `compose.yaml` only", default="3000"
)
DB_PASSWORD = Variable(
    "SPAMLINE_DB_PASSWORD",
    Topic.STACK,
    "the password of the role that owns both databases",
    default="generated by `make env`",
)
READER_PASSWORD = Variable(
    "SPAMLINE_READER_PASSWORD",
    Topic.STACK,
    "the password of the role that may only read the history",
    default="generated by `make env`",
)
POSTGRES_PASSWORD = Variable(
    "POSTGRES_PASSWORD",
    Topic.STACK,
    "the password of PostgreSQL's superuser",
    default="generated by `make env`",
)
GRAFANA_PASSWORD = Variable(
    "GRAFANA_ADMIN_PASSWORD",
    Topic.STACK,
    "the password of Grafana's administrator, in `compose.yaml` only",
    default="generated by `make env`",
)

PROJECT = Variable(
    "SPAMLINE_PROJECT",
    Topic.MACHINE,
    "the folder that `params.yaml`, `dvc.yaml` and `data/production.json` are copied from before "
    "each command; the image sets it",
    default="the current folder is the project",
)
VENV = Variable(
    "SPAMLINE_VENV",
    Topic.MACHINE,
    "a virtual environment that is ready: `make` then installs nothing",
    default="`.venv`, installed by `make`",
)

# In the order above.
VARIABLES = tuple(value for value in list(vars().values()) if isinstance(value, Variable))
