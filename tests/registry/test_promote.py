import dataclasses
from collections.abc import Callable

import pytest

from stages.machine.errors import GateError, RegistryError
from stages.records.layout import Layout
from stages.records.pointer import Pointer
from stages.records.receipt import Receipt
from stages.registry.mlflow.models import CHAMPION
from stages.registry.promotion import move_pointer, promote, vacate
from stages.registry.shelves import RegistryShelf
from tests.registry.samples import ACHIEVED, LOCAL, receipt_of

MakeModel = Callable[..., str]
ELSEWHERE = "f" * 64


def registered(shelf: RegistryShelf, digest: str) -> str:
    """Register the candidate, and let the checkout's receipt name it."""
    receipt = receipt_of(digest)
    stored = shelf.register(receipt, shelf.layout.model, ())
    dataclasses.replace(receipt, packed=stored.packed).write(shelf.layout)
    return digest


def compared_with(digest: str, champion: str | None) -> Receipt:
    return dataclasses.replace(receipt_of(digest), champion=champion)


def champion(shelf: RegistryShelf) -> str:
    registry = shelf.registry
    named = registry._client.get_model_version_by_alias(registry.name, CHAMPION)
    return str(named.tags["digest"])


def test_accepted_candidate_becomes_production_and_champion(
    shelf: RegistryShelf, make_model: MakeModel, capsys: pytest.CaptureFixture[str], layout: Layout
) -> None:
    digest = registered(shelf, make_model())
    promote(LOCAL, layout)
    assert Pointer.read(layout) == Pointer("spamline", digest, None, ACHIEVED)
    assert champion(shelf) == digest
    assert digest[:12] in capsys.readouterr().out


def test_promoting_twice_keeps_the_model_before(
    shelf: RegistryShelf, make_model: MakeModel, layout: Layout
) -> None:
    first = registered(shelf, make_model("first"))
    move_pointer(receipt_of(first), shelf)
    second = registered(shelf, make_model("second"))
    receipt = compared_with(second, first)
    once = move_pointer(receipt, shelf)
    assert move_pointer(receipt, shelf) == once
    assert Pointer.read(layout) == once == Pointer("spamline", second, first, ACHIEVED)
    assert champion(shelf) == second


def test_alias_is_repaired_after_a_crash_between_pointer_and_alias(
    shelf: RegistryShelf, make_model: MakeModel, layout: Layout
) -> None:
    digest = registered(shelf, make_model())
    Pointer("spamline", digest, ELSEWHERE).write(layout)
    receipt = compared_with(digest, ELSEWHERE)
    assert move_pointer(receipt, shelf).previous == ELSEWHERE
    assert champion(shelf) == digest


def test_refused_candidate_never_moves_the_pointer(
    shelf: RegistryShelf, make_model: MakeModel, layout: Layout
) -> None:
    digest = registered(shelf, make_model())
    with pytest.raises(GateError, match="a reason with numbers") as caught:
        move_pointer(receipt_of(digest, accepted=False), shelf)
    assert caught.value.exit_status == 3
    assert Pointer.read(layout).model is None


def test_unregistered_candidate_never_moves_the_pointer(
    shelf: RegistryShelf, layout: Layout
) -> None:
    with pytest.raises(RegistryError, match="has no model"):
        move_pointer(receipt_of(ELSEWHERE), shelf)
    assert Pointer.read(layout).model is None


def test_vacated_pointer_makes_the_next_promotion_a_first_one(
    shelf: RegistryShelf, make_model: MakeModel, layout: Layout
) -> None:
    Pointer("spamline", ELSEWHERE, "e" * 64).write(layout)
    vacate(layout)
    digest = registered(shelf, make_model())
    assert move_pointer(receipt_of(digest), shelf) == Pointer("spamline", digest, None, ACHIEVED)


def test_a_candidate_that_was_compared_with_another_model_is_not_promoted(
    shelf: RegistryShelf, make_model: MakeModel, layout: Layout
) -> None:
    """Two candidates against the same champion: the second must meet the first before it goes."""
    Pointer("spamline", ELSEWHERE, None).write(layout)
    digest = registered(shelf, make_model())
    with pytest.raises(GateError, match=r"compared with no model.*the model ffffffffffff.*repro"):
        move_pointer(receipt_of(digest), shelf)
    assert Pointer.read(layout).model == ELSEWHERE
