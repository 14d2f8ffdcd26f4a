"""What runs is what a digest names: code, `MLmodel` and requirements beside a model as well."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.machine.errors import RegistryError
from stages.machine.files import tree_digest
from stages.records.layout import Layout
from stages.records.pointer import Pointer
from stages.records.receipt import Receipt
from stages.registry.mlflow import copying
from stages.registry.mlflow.models import CHAMPION, ModelRegistry
from stages.registry.mlflow.packing import CODE, PYTHON
from stages.registry.promotion import publish
from stages.registry.registration import PACKED, registration_of
from stages.registry.shelves import RegistryShelf, packed_digest
from tests.registry.samples import LOCAL, receipt_of
from tests.test_pipeline_declarations import closure

MakeModel = Callable[..., str]
# All that MLflow's loader, or whoever installs for it, reads.
BESIDE = (
    "MLmodel",
    "code/stages/registry/mlflow/pyfunc_filter.py",
    "conda.yaml",
    "data/model/classifier.skops",
    "python_env.yaml",
    "requirements.txt",
)


@pytest.fixture
def digest(shelf: RegistryShelf, make_model: MakeModel, layout: Layout) -> str:
    """A registered model in production, which the checkout's receipt names with its code."""
    digest = make_model()
    receipt = receipt_of(digest)
    stored = shelf.register(receipt, layout.model, ())
    dataclasses.replace(receipt, packed=stored.packed).write(layout)
    Pointer("spamline", digest, None).write(layout)
    return digest


def stored_at(layout: Layout) -> Path:
    (folder,) = (layout.registry / "artifacts/models").glob("*/artifacts")
    return folder


def alias(registry: ModelRegistry) -> dict[str, str]:
    version = registry._client.get_model_version_by_alias(registry.name, CHAMPION)
    return dict(version.tags)


def test_the_packed_code_is_what_the_loader_imports(root: Path) -> None:
    needed = closure(root, Path("stages/registry/mlflow/pyfunc_filter.py")) | {"stages/__init__.py"}
    assert {f"stages/{name}" for name in CODE} == needed


def test_the_oldest_python_is_the_projects_own(root: Path) -> None:
    assert f'requires-python = ">={PYTHON}"' in (root / "pyproject.toml").read_text()


def test_the_digest_is_of_model_code_and_pins_alone(
    digest: str, layout: Layout, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Not of the machine, the time, the run or the folder: two clones write one receipt."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "candidate"
    shutil.copytree(layout.model, elsewhere)
    assert packed_digest(elsewhere) == Receipt.read(layout).packed == tree_digest(stored_at(layout))
    written = [(stored_at(layout) / name).read_text() for name in BESIDE if "data" not in name]
    assert not [text for text in written if str(layout.root) in text]
    full = sysconfig.get_python_version() + "."
    assert not [text for text in written if f"python={full}" in text or f": {full}" in text]


def test_a_byte_that_was_changed_is_refused(
    digest: str, registry: ModelRegistry, layout: Layout, shelf: RegistryShelf
) -> None:
    shutil.rmtree(layout.model)
    for path in (stored_at(layout) / name for name in BESIDE):
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        for refused in (
            lambda: shelf.obtain(digest),
            lambda: publish(LOCAL, layout),
            lambda: registry.stored(registry.models()[0]).__enter__(),
        ):
            with pytest.raises(RegistryError, match="holds other bytes"):
                refused()
        path.write_bytes(before)
    assert registry.holder(CHAMPION) is None
    assert not (layout.registry / "models").exists()


def test_a_file_more_is_refused(digest: str, layout: Layout, shelf: RegistryShelf) -> None:
    (stored_at(layout) / "code/sitecustomize.py").write_text("print('here')")
    with pytest.raises(RegistryError, match="the code, requirements and description of the model"):
        shelf.obtain(digest)


def test_code_that_the_registry_vouches_for_alone_is_not_served(
    digest: str, registry: ModelRegistry, layout: Layout, shelf: RegistryShelf
) -> None:
    """Whoever can write to the registry can change files and tag alike; git says otherwise."""
    path = stored_at(layout) / "code/stages/model/filter.py"
    path.write_text(path.read_text() + "\n# more\n")
    named, forged = Receipt.read(layout).packed, tree_digest(stored_at(layout))
    registry._client.set_model_version_tag("spamline", "1", PACKED, forged)
    shutil.rmtree(layout.model)
    for refused in (lambda: shelf.obtain(digest), lambda: publish(LOCAL, layout)):
        with pytest.raises(RegistryError, match="other code or requirements") as caught:
            refused()
        assert f"the packed digest {str(named)[:12]}" in str(caught.value)
    with pytest.raises(RegistryError, match="other code or requirements beside the model"):
        copying._vouched(registry.models(), layout, registry._location, registry.name)


def test_where_dvc_has_the_model_it_is_packed_again(
    digest: str, registry: ModelRegistry, layout: Layout, shelf: RegistryShelf
) -> None:
    path = stored_at(layout) / "code/stages/model/filter.py"
    path.write_text(path.read_text() + "\n# more\n")
    registry._client.set_model_version_tag("spamline", "1", PACKED, tree_digest(stored_at(layout)))
    publish(LOCAL, layout)
    assert alias(registry)[PACKED] == Receipt.read(layout).packed
    assert tree_digest(shelf.obtain(digest)) == digest


def test_an_alias_that_somebody_moved_to_other_code_is_moved_back(
    digest: str,
    registry: ModelRegistry,
    layout: Layout,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish(LOCAL, layout)
    other = tmp_path_factory.mktemp("other") / "filter"
    shutil.copytree(stored_at(layout), other)
    (other / "code/stages/model/filter.py").write_text("raise SystemExit")
    registration = registration_of(digest, layout.model, receipt_of(digest))
    registry.register(dataclasses.replace(registration, packed=other))
    registry.set_alias(CHAMPION, digest, {tree_digest(other)})
    assert alias(registry)[PACKED] == tree_digest(other)
    publish(LOCAL, layout)
    assert alias(registry)[PACKED] == Receipt.read(layout).packed
    assert "with other code than git names" in capsys.readouterr().out


def test_without_any_receipt_a_model_is_used_and_never_served(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout, shelf: RegistryShelf
) -> None:
    """As in the image of the scheduled job: it loads the model, and runs its own code."""
    digest = make_model()
    registry.register(registration_of(digest, layout.model, None))
    Pointer("spamline", digest, None).write(layout)
    shutil.rmtree(layout.model)
    assert tree_digest(shelf.obtain(digest)) == digest
    with pytest.raises(RegistryError, match="no receipt in git names the code"):
        publish(LOCAL, layout)


def test_a_receipt_of_an_earlier_commit_names_code_too(
    digest: str, layout: Layout, shelf: RegistryShelf
) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", *identity, *words], cwd=layout.root, check=True, capture_output=True)

    named = Receipt.read(layout).packed
    git("init", "--quiet")
    git("add", "--force", "data/register/receipt.json")
    git("commit", "--quiet", "--message", "one")
    receipt_of("e" * 64).write(layout)
    assert shelf.vouched(digest) == {named}


def test_a_version_of_before_packed_digests_is_packed_anew(
    digest: str, registry: ModelRegistry
) -> None:
    registry._client.delete_model_version_tag("spamline", "1", PACKED)
    (identity,) = registry.models()
    assert identity.packed is None
    with registry.stored(identity) as registration:
        assert registration.packed is None
        assert registration.digest == digest
