"""Keys: the form of a secret, and whom it lets in."""

from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.keys import ANYBODY, OPERATOR, ApiKey, Party, PartyKind
from chalicelib.runtime import new_secret
from chalicelib.store import codec
from tests import builders
from tests.builders import NOW

SECRET = keys.key_secret("a" * 43)
HASH = keys.secret_hash(SECRET)
KEY = ApiKey(
    id=keys.key_id(HASH),
    holder=Party(kind=PartyKind.PUBLISHER, id="pub_1"),
    name="Reports",
    secret_hash=HASH,
    created_at=NOW,
)


def test_a_key_is_opened_by_its_own_secret_until_it_is_revoked() -> None:
    assert KEY.opened_by(HASH)
    assert not KEY.opened_by(keys.secret_hash(SECRET + "b"))
    assert not replace(KEY, revoked_at=NOW).opened_by(HASH)


def test_a_key_is_kept_without_its_secret() -> None:
    text = codec.to_json(KEY)
    assert SECRET not in text
    assert codec.from_json(ApiKey, text) == KEY


@pytest.mark.parametrize(
    "text",
    ["", "rlk_", "a" * 43, "rlk_" + "a" * 42, "rlk_" + "a" * 44, "rlk_" + "a" * 42 + "=",
     "RLK_" + "a" * 43, SECRET + "\n", " " + SECRET, "rlk_" + "ä" * 43, "rlk_" + "\ud800" * 43],
)  # fmt: skip
def test_what_has_not_the_form_of_a_secret_is_none(text: str) -> None:
    assert not keys.is_secret(text)
    assert len(keys.secret_hash(text)) == 64


def test_fresh_randomness_makes_a_secret_and_no_other_text_does() -> None:
    assert keys.is_secret(keys.key_secret(new_secret()))
    with pytest.raises(ValueError, match="43 characters"):
        keys.key_secret("short")


def test_the_same_secret_has_the_same_key_and_another_has_another() -> None:
    assert keys.key_id(HASH) == KEY.id
    assert keys.key_id(keys.secret_hash("rlk_" + "b" * 43)) != KEY.id


@pytest.mark.parametrize(
    ("party", "publishers", "campaigns"),
    [
        (OPERATOR, True, True),
        (ANYBODY, False, False),
        (Party(kind=PartyKind.PUBLISHER, id="pub_1"), True, False),
        (Party(kind=PartyKind.PUBLISHER, id="pub_2"), False, False),
        (Party(kind=PartyKind.ADVERTISER, id="adv_1"), False, True),
        (Party(kind=PartyKind.ADVERTISER, id="adv_2"), False, False),
    ],
)
def test_everything_is_the_operators_and_nobody_has_what_is_anothers(
    party: Party, publishers: bool, campaigns: bool
) -> None:
    assert party.owns(builders.a_partnership()) is publishers
    assert party.owns(builders.a_campaign()) is campaigns
