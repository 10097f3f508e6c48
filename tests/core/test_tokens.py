"""A token comes back as it was sealed, and no other text is one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.offers import Slot
from chalicelib.tokens import Grant, InvalidToken, Token, address_hash, opened, sealed

KEY = "a-key"
SLOTS = st.builds(Slot, pool_id=st.text(), area=st.text(max_size=2), number=st.integers(0, 99_999))
GRANTS = st.builds(
    Grant, find=st.text(), number=st.none() | st.text(), slot=st.none() | SLOTS,
    since=st.integers(), hold=st.integers(), ends=st.integers(), waits_for=st.none() | st.text(),
)  # fmt: skip
TOKENS = st.builds(
    Token, visit_id=st.text(), site_id=st.text(), publisher_id=st.text(),
    site_version=st.integers(), read_at=st.integers(), origin=st.text(), began_at=st.integers(),
    seen_at=st.integers(), forgotten_at=st.integers(), facts=st.text(),
    grants=st.lists(GRANTS, max_size=3).map(tuple),
)  # fmt: skip


@given(token=TOKENS)
def test_a_token_comes_back_as_it_was_sealed(token: Token) -> None:
    text = sealed(token, KEY)
    assert opened(text, KEY) == token
    assert text.isascii() and "=" not in text
    with pytest.raises(InvalidToken):
        opened(text, "another")


@given(token=TOKENS, data=st.data())
def test_no_changed_text_is_a_token(token: Token, data: Any) -> None:
    text = sealed(token, KEY)
    place = data.draw(st.integers(0, len(text) - 2))
    letter = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda one: one != text[place]))
    with pytest.raises(InvalidToken):
        opened(text[:place] + letter + text[place + 1 :], KEY)


@given(text=st.text(max_size=80))
def test_no_text_that_comes_from_elsewhere_is_a_token(text: str) -> None:
    with pytest.raises(InvalidToken):
        opened(text, KEY)


def test_what_stands_for_an_address_is_another_on_each_site_and_in_each_minute() -> None:
    hashes = {
        address_hash(address, site, minute, key)
        for address in ("203.0.113.9", "203.0.113.10")
        for site in ("site_1", "site_2")
        for minute in (1, 2)
        for key in ("a", "b")
    }
    assert len(hashes) == 16 and all(len(one) == 32 for one in hashes)
