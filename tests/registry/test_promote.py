import dataclasses
from collections.abc import Callable

import pytest

from stages.machine.errors import GateError, RegistryError
from stages.records.pointer import POINTER, Pointer, read_pointer, write_pointer
from stages.records.receipt import Receipt, write_receipt
from stages.registry.mlflow.models import CHAMPION, ModelRegistry
from stages.registry.promotion import move_pointer, promote, vacate
from stages.registry.registration import MODEL, registration_of
from tests.registry.samples import ACHIEVED, LOCAL, receipt_of

MakeModel = Callable[..., str]
ELSEWHERE = "f" * 64


def registered(registry: ModelRegistry, digest: str) -> str:
    registry.register(registration_of(digest, MODEL, receipt_of(digest)))
    return digest


def compared_with(digest: str, champion: str | None) -> Receipt:
    return dataclasses.replace(receipt_of(digest), champion=champion)


def champion(registry: ModelRegistry) -> str:
    named = registry._client.get_model_version_by_alias(registry.name, CHAMPION)
    return str(named.tags["digest"])


def test_accepted_candidate_becomes_production_and_champion(
    registry: ModelRegistry, make_model: MakeModel, capsys: pytest.CaptureFixture[str]
):
    digest = registered(registry, make_model())
    write_receipt(receipt_of(digest))
    promote(LOCAL)
    assert read_pointer() == Pointer("spamline", digest, None, ACHIEVED)
    assert champion(registry) == digest
    assert digest[:12] in capsys.readouterr().out


def test_promoting_twice_keeps_the_model_before(registry: ModelRegistry, make_model: MakeModel):
    first = registered(registry, make_model("first"))
    move_pointer(receipt_of(first), registry)
    second = registered(registry, make_model("second"))
    receipt = compared_with(second, first)
    once = move_pointer(receipt, registry)
    assert move_pointer(receipt, registry) == once
    assert read_pointer() == once == Pointer("spamline", second, first, ACHIEVED)
    assert champion(registry) == second


def test_alias_is_repaired_after_a_crash_between_pointer_and_alias(
    registry: ModelRegistry, make_model: MakeModel
):
    digest = registered(registry, make_model())
    write_pointer(Pointer("spamline", digest, ELSEWHERE))
    receipt = compared_with(digest, ELSEWHERE)
    assert move_pointer(receipt, registry).previous == ELSEWHERE
    assert champion(registry) == digest


def test_refused_candidate_never_moves_the_pointer(registry: ModelRegistry, make_model: MakeModel):
    digest = registered(registry, make_model())
    with pytest.raises(GateError, match="a reason with numbers") as caught:
        move_pointer(receipt_of(digest, accepted=False), registry)
    assert caught.value.exit_status == 3
    assert read_pointer().model is None


def test_unregistered_candidate_never_moves_the_pointer(registry: ModelRegistry):
    with pytest.raises(RegistryError, match="has no model"):
        move_pointer(receipt_of(ELSEWHERE), registry)
    assert read_pointer().model is None


def test_vacated_pointer_makes_the_next_promotion_a_first_one(
    registry: ModelRegistry, make_model: MakeModel
):
    write_pointer(Pointer("spamline", ELSEWHERE, "e" * 64), POINTER)
    vacate()
    digest = registered(registry, make_model())
    assert move_pointer(receipt_of(digest), registry) == Pointer("spamline", digest, None, ACHIEVED)


def test_a_candidate_that_was_compared_with_another_model_is_not_promoted(
    registry: ModelRegistry, make_model: MakeModel
):
    """Two candidates against the same champion: the second must meet the first before it goes."""
    write_pointer(Pointer("spamline", ELSEWHERE, None))
    digest = registered(registry, make_model())
    with pytest.raises(GateError, match=r"compared with no model.*the model ffffffffffff.*repro"):
        move_pointer(receipt_of(digest), registry)
    assert read_pointer().model == ELSEWHERE
