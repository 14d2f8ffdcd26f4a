import ast
import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException

from stages import config
from stages.machine.files import tree_digest
from stages.machine.variables import TRACKING_URI
from stages.mail.sources.mapping import Mapping
from stages.mail.sources.rows import Place, Row
from stages.model.filter import Filter
from stages.records.layout import Layout
from stages.registry.mlflow.models import CHAMPION, ModelRegistry
from stages.registry.mlflow.pyfunc_filter import PyfuncFilter
from stages.registry.mlflow.requirements import scoring_requirements
from stages.registry.registration import registration_of
from tests.registry.samples import HAM_TEXT, SPAM_TEXT


class WordFilter:
    """Calls a message spam when it says "win"; remembers what it was given."""

    def predict(self, subjects: Sequence[str], texts: Sequence[str]) -> np.ndarray:
        self.subjects, self.texts = list(subjects), list(texts)
        return np.array([float("win" in text) for text in texts])

    def verdicts(self, probabilities: np.ndarray) -> list[str]:
        return ["spam" if p >= 0.5 else "ham" for p in probabilities]


@pytest.mark.parametrize(
    "model_input",
    [
        pd.DataFrame({"text": ["win", "hello"]}),
        pd.DataFrame({"subject": [None, "re"], "text": ["win", "hello"]}),
        pd.DataFrame({"text": [b"win", "hello\ud800"]}),
        pd.DataFrame({"text": [["win", "hello"]]}),
        {"text": ["win", "hello"], "subject": ["", None]},
        pd.Series(["win", "hello"]),
        ["win", "hello"],
    ],
)
def test_every_form_of_raw_text_is_scored_message_by_message(
    model_input: "pd.DataFrame | pd.Series[str] | list[str]",
) -> None:
    # A one-column frame iterates over its column names: it would give one verdict, on "text".
    answer = PyfuncFilter(cast(Filter, WordFilter())).predict(model_input)
    assert answer["probability"].tolist() == [1.0, 0.0]
    assert answer["verdict"].tolist() == ["spam", "ham"]


def test_subject_is_optional_and_an_absent_one_is_empty() -> None:
    words = WordFilter()
    PyfuncFilter(cast(Filter, words)).predict(
        pd.DataFrame({"text": ["a", "b"], "subject": [None, " hi\n"]})
    )
    assert words.subjects == ["", "hi"]
    assert words.texts == ["a", "b"]


@pytest.mark.parametrize(
    ("model_input", "found"),
    [
        (pd.DataFrame({"text": ["a", None]}), "text of row 2 is null"),
        (pd.DataFrame({"text": ["a", float("nan")]}), "text of row 2 is null"),
        (pd.DataFrame({"text": ["a", pd.NA, "b"]}), "text of row 2 is null"),
        (pd.DataFrame({"text": ["a", 1]}), "text of row 2 is of type int"),
        (pd.DataFrame({"text": ["a", ["b"]]}), "text of row 2 is of type list"),
        (pd.DataFrame({"text": ["a"], "subject": [1]}), "subject of row 1 is of type int"),
        (pd.DataFrame({"body": ["a"]}), "there is no column text, but body"),
        ({"text": ["a", "b"], "subject": ["c"]}, "2 of text, 1 of subject"),
    ],
)
def test_what_is_not_a_text_is_refused_by_its_row(
    model_input: pd.DataFrame | dict[str, list[str]], found: str
) -> None:
    with pytest.raises(MlflowException, match=found) as caught:
        PyfuncFilter(cast(Filter, WordFilter())).predict(model_input)
    assert caught.value.error_code == "BAD_REQUEST"


PLACE = Place("mail.csv", "line", 2)


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_served_text_is_the_text_that_fetch_would_write(subject: str, text: str) -> None:
    columns = config.Columns(text="body", label=None, subject="title", received_at=None)
    mapping = Mapping(columns, config.LabelValues(ham="0", spam="1"), "conf")
    message = mapping.message(Row(PLACE, {"title": subject, "body": text}), "here")
    words = WordFilter()
    PyfuncFilter(cast(Filter, words)).predict(pd.DataFrame({"text": [text], "subject": [subject]}))
    assert (words.subjects, words.texts) == ([message["subject"]], [message["text"]])


# Runs where no repository is: loads the model, serves it, says where its code came from.
OUTSIDE = """
import json, sys
import mlflow.pyfunc, pandas
from fastapi.testclient import TestClient
from mlflow.pyfunc import scoring_server

model = mlflow.pyfunc.load_model(sys.argv[1])
texts = json.loads(sys.argv[2])
frame = model.predict(pandas.DataFrame({"text": texts}))
scored = set(sys.modules)
client = TestClient(scoring_server.init(model))
records = [{"text": text, "subject": ""} for text in texts]
answer = client.post("/invocations", json={"dataframe_records": records})
lists = client.post("/invocations", json={"inputs": {"text": texts}})
null = client.post("/invocations", json={"dataframe_records": [{"text": None}]})
import stages
print(json.dumps({
    "verdicts": frame["verdict"].tolist(),
    "served": answer.json()["predictions"],
    "lists": lists.json()["predictions"],
    "dict": model.predict({"text": texts})["verdict"].tolist(),
    "null": [null.status_code, null.text],
    "code": stages.__file__,
    "modules": sorted(scored),
}))
"""


@pytest.mark.slow
def test_registered_model_serves_raw_text_without_the_repository(
    registry: ModelRegistry,
    tiny_filter: Path,
    tmp_path_factory: pytest.TempPathFactory,
    layout: Layout,
) -> None:
    digest = tree_digest(tiny_filter)
    registry.register(registration_of(digest, tiny_filter, None))
    (stored,) = layout.registry.glob("artifacts/models/*/artifacts")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, "-c", OUTSIDE, str(stored), json.dumps([SPAM_TEXT, HAM_TEXT])],
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["verdicts"] == ["spam", "ham"]
    assert [row["verdict"] for row in answer["served"]] == ["spam", "ham"]
    assert answer["lists"] == answer["served"]
    assert answer["dict"] == ["spam", "ham"]
    status, said = answer["null"]
    assert status == 400
    assert "text of row 1 is null" in said
    assert answer["code"].startswith(str(stored))
    needed = imported_by_our_code(stored / "code", set(answer["modules"]))
    assert "skops" in needed
    assert needed <= installed_by(scoring_requirements(tiny_filter))


# The same from a team's server, where no `stages` can be imported but the one in the model.
FROM_SERVER = """
import json, sys
try:
    import stages
except ModuleNotFoundError:
    before = None
else:
    before = stages.__file__
import mlflow.pyfunc, pandas
model = mlflow.pyfunc.load_model(sys.argv[1], dst_path=".")
answer = model.predict(pandas.DataFrame({"text": json.loads(sys.argv[2])}))
import stages
print(json.dumps([before, stages.__file__, answer.to_dict("list")]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("registry", ["server"], indirect=True)
def test_champion_of_the_server_scores_where_there_is_no_checkout(
    registry: ModelRegistry,
    tiny_filter: Path,
    mlflow_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    digest = tree_digest(tiny_filter)
    registry.register(registration_of(digest, tiny_filter, None))
    registry.set_alias(CHAMPION, digest)
    elsewhere, texts = tmp_path_factory.mktemp("elsewhere"), [SPAM_TEXT, HAM_TEXT]
    done = subprocess.run(
        [
            python_without_checkout(tmp_path_factory.mktemp("python")),
            *("-c", FROM_SERVER, f"models:/{registry.name}@{CHAMPION}", json.dumps(texts)),
        ],
        cwd=elsewhere,
        env={
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            TRACKING_URI: mlflow_environment[TRACKING_URI],
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    before, code, answer = json.loads(done.stdout.splitlines()[-1])
    assert before is None
    assert code == str(elsewhere / "code/stages/__init__.py")
    here = PyfuncFilter(Filter.load(tiny_filter)).predict(texts)
    assert answer == here.to_dict("list")
    assert answer["verdict"] == ["spam", "ham"]


def python_without_checkout(folder: Path) -> Path:
    """Return a Python in `folder` with the packages of this one, but for those of a checkout.

    An editable install is a `.pth` file, which Python reads in its own site-packages alone.
    """
    venv.create(folder, with_pip=False)
    packages = sysconfig.get_path("purelib", vars={"base": str(folder)})
    (Path(packages) / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin/python"


def imported_by_our_code(code: Path, modules: set[str]) -> set[str]:
    """Return the distributions that the packed `stages` asked for while it scored.

    Not all loaded modules: libraries import whatever else they happen to find installed.
    """
    carriers = packages_distributions()
    asked: set[str] = set()
    for module in (name for name in modules if name.partition(".")[0] == "stages"):
        path = code / module.replace(".", "/")
        source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if path.is_dir() and not source.exists():
            continue
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.ImportFrom):
                asked.add(str(node.module).partition(".")[0])
            elif isinstance(node, ast.Import):
                asked |= {alias.name.partition(".")[0] for alias in node.names}
    others = (asked & modules) - {"stages"}
    return {_name(carriers[name][0]) for name in others if name in carriers}


def installed_by(requirements: list[str]) -> set[str]:
    return _closure([_name(line) for line in requirements])


def _closure(names: list[str]) -> set[str]:
    found: set[str] = set()
    while names:
        name = names.pop()
        if name in found:
            continue
        found.add(name)
        try:
            needs = requires(name) or []
        except ModuleNotFoundError:  # needed on another platform
            continue
        names += [_name(line) for line in needs if "extra ==" not in line]
    return found


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return found[0].lower().replace("_", "-").replace(".", "-")
