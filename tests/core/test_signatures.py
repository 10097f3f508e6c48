"""Who signed, and whether it is another person."""

import pytest

from chalicelib.errors import Forbidden
from chalicelib.keys import OWN_KEY
from chalicelib.signatures import Signature, confirm_another, confirm_person, is_again
from tests.builders import NOW

ANN = Signature(key_id="key_ann", name="Ann Lee", at=NOW)


def by(key_id: str, name: str) -> Signature:
    return Signature(key_id=key_id, name=name, at=NOW)


@pytest.mark.parametrize(
    ("second", "allowed"),
    [
        (by("key_ben", "Ben"), True),
        (by("key_ann2", "Ann"), True),
        (by("key_ann", "Ann Lee"), False),
        (by("key_ann", "Somebody else"), False),
        (by("key_ann2", "Ann Lee"), False),
        (by("key_ann2", " ANN   lee\t"), False),
    ],
)
def test_another_person_has_another_key_and_another_name(second: Signature, allowed: bool) -> None:
    if allowed:
        confirm_another(ANN, second, "ach_1")
        return
    with pytest.raises(Forbidden, match="ach_1 was approved by Ann Lee") as refused:
        confirm_another(ANN, second, "ach_1")
    assert refused.value.code == "second_operator"


def test_what_nobody_approved_nobody_lets_go() -> None:
    with pytest.raises(Forbidden) as refused:
        confirm_another(None, ANN, "ach_1")
    assert refused.value.code == "second_operator"


def test_the_deployments_own_key_signs_nothing() -> None:
    confirm_person(ANN)
    with pytest.raises(Forbidden) as refused:
        confirm_person(by(OWN_KEY, OWN_KEY))
    assert refused.value.code == "personal_key_needed"


@pytest.mark.parametrize(
    ("before", "again"),
    [(None, False), (ANN, True), (by("key_ben", "Ann Lee"), False)],
)
def test_a_step_is_repeated_with_the_same_key(before: Signature | None, again: bool) -> None:
    assert is_again(before, ANN) is again
