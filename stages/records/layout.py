"""Where everything is in a project: one property a path, and no other module spells one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SPLITS = ("train", "holdout", "batch")


@dataclass(frozen=True)
class Layout:
    """The files and folders of one project.

    Attributes:
        root: the project's folder; by default the current one, so that paths read as in the docs.
    """

    root: Path = Path()

    def inside(self, path: Path) -> Path:
        """`path` as git and DVC name it: relative to the root."""
        return path.relative_to(self.root)

    @property
    def conf(self) -> Path:
        """The configuration that people write."""
        return self.root / "conf"

    @property
    def params(self) -> Path:
        """The composition of `conf`, which DVC tracks."""
        return self.root / "params.yaml"

    @property
    def pipeline(self) -> Path:
        """The stages as DVC knows them."""
        return self.root / "dvc.yaml"

    @property
    def lock(self) -> Path:
        """DVC's lock: the digests of what the last run read and wrote."""
        return self.root / "dvc.lock"

    @property
    def dvc(self) -> Path:
        """DVC's own folder, which makes the project a checkout."""
        return self.root / ".dvc"

    @property
    def dotenv(self) -> Path:
        """Addresses and credentials of this checkout; ignored by git."""
        return self.root / ".env"

    @property
    def data(self) -> Path:
        """The folder of everything that stages write."""
        return self.root / "data"

    def messages(self, split: str) -> Path:
        """The messages of `split`, as fetch writes them."""
        return self.data / "fetch" / f"{split}.parquet"

    @property
    def fetch_summary(self) -> Path:
        """What went into the splits."""
        return self.data / "fetch" / "summary.json"

    def embeddings(self, split: str) -> Path:
        """The embeddings of `split`, row by row as its messages."""
        return self.data / "embed" / f"{split}.parquet"

    @property
    def model(self) -> Path:
        """The folder of the candidate."""
        return self.data / "train" / "model"

    @property
    def trials(self) -> Path:
        """The table of the hyper-parameter search."""
        return self.data / "train" / "trials.csv"

    @property
    def metrics(self) -> Path:
        """The headline numbers of the candidate, for `dvc metrics show`."""
        return self.data / "evaluate" / "metrics.json"

    @property
    def evaluation(self) -> Path:
        """The whole report on candidate and champion: intervals, slices, difference."""
        return self.data / "evaluate" / "report.json"

    @property
    def plots(self) -> Path:
        """The folder of the tables that `dvc plots` draws."""
        return self.data / "evaluate" / "plots"

    @property
    def evidence(self) -> tuple[Path, ...]:
        """What people want to see beside a registered model."""
        return (self.evaluation, self.metrics, self.plots, self.trials)

    @property
    def receipt(self) -> Path:
        """What was registered, and what the gate said."""
        return self.data / "register" / "receipt.json"

    @property
    def registry(self) -> Path:
        """The folder of the embedded registry, and of verified copies out of any registry."""
        return self.data / "register" / "mlflow"

    def tracked_copy(self, digest: str) -> Path:
        """The folder of a verified copy of the model `digest`, out of an earlier commit."""
        return self.data / "register" / "tracked" / digest

    @property
    def project(self) -> tuple[Path, ...]:
        """The files under git that scoring reads; stages write everything else."""
        return (self.params, self.pipeline, self.pointer)

    @property
    def pointer(self) -> Path:
        """Which model is in production."""
        return self.data / "production.json"

    @property
    def predictions(self) -> Path:
        """The folder of the batch's predictions."""
        return self.data / "infer" / "predictions"

    @property
    def infer_summary(self) -> Path:
        """Counts over the batch's predictions."""
        return self.data / "infer" / "summary.json"

    @property
    def verdict(self) -> Path:
        """The last verdict on drift."""
        return self.data / "monitor" / "drift.json"

    @property
    def drift_report(self) -> Path:
        """The page about the last verdict."""
        return self.data / "monitor" / "report.html"

    @property
    def verdicts(self) -> Path:
        """The folder where every verdict is kept, unless another place is configured."""
        return self.data / "monitor" / "verdicts"

    @property
    def history(self) -> Path:
        """The monitoring history's SQLite file, unless another database is configured."""
        return self.data / "monitor" / "history.db"

    @property
    def dashboard(self) -> Path:
        """The page about the monitoring history."""
        return self.data / "monitor" / "dashboard.html"

    @property
    def review(self) -> Path:
        """The folder of the review that people read before merging."""
        return self.data / "review"

    @property
    def replay(self) -> Path:
        """The scratch folder of `make replay`."""
        return self.data / "replay"

    @property
    def parts(self) -> Path:
        """The folder of what a cluster works on, unless another place is configured."""
        return self.data / "parts"

    @property
    def stack(self) -> Path:
        """The folder of the local services: data, logs, supervisor."""
        return self.data / "stack"

    @property
    def run_lock(self) -> Path:
        """Held by a whole run, and by a stage that is run by hand."""
        return self.data / ".run.lock"

    def stage_lock(self, stage: str, *split: str) -> Path:
        """Held by one stage while it works."""
        return self.data / stage / f".{'-'.join([stage, *split])}.lock"


# The project in the current folder: what every command is about unless it says otherwise.
HERE = Layout()
