"""Books of paydays that were touched are found out, and what was touched is named."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from chalicelib.auditing import Law
from chalicelib.payouts import EarningState, PayoutState
from chalicelib.store.rows import BOOKS, LEDGER, Item, Key, Put
from tests.flows.office import CLOSING, PREPAID, Office
from tests.flows.test_adjustments import RESERVING
from tests.flows.test_sealing import OpenedRows

PUBLISHERS = tuple(replace(RESERVING, id=f"pub_{name}") for name in "abcdef")
Touch = Callable[[Office], str]


def paydays() -> Office:
    """The same paydays each time, in books of their own."""
    return _kept_well().fork()


@cache
def _kept_well() -> Office:
    """Payouts in every state, reserves that wait and that came back, a debt that was given up, and
    holds that stand and that were lifted."""
    office = Office(rows=OpenedRows()).opens(publishers=PUBLISHERS)
    office.receives("topup-1", 900_000, PREPAID)
    for publisher in PUBLISHERS:
        for n in range(2):
            call_id = f"call_{publisher.id}_{n}"
            office.later(minutes=1).approves(call_id, PREPAID, publisher, earning=2000)
    office.now = CLOSING
    office.closes()
    of = {payout.publisher_id: payout.id for payout in office.payouts}
    office.submits(of["pub_b"])
    office.settles(of["pub_c"], fee=150)
    office.fails(of["pub_d"])
    office.settles(of["pub_e"])
    office.comes_back(of["pub_e"], fee=200)
    office.settles(of["pub_f"])
    office.comes_back(of["pub_f"])
    office.releases(of["pub_f"])
    office.credits("call_pub_c_0")
    office.gives_up(PUBLISHERS[2])
    for n in range(3):
        office.later(minutes=1).approves(f"call_late_{n}", PREPAID, PUBLISHERS[0])
    standing = office.holds(PUBLISHERS[0])
    office.later(days=92).closes()
    office.lifts(standing.id)
    office.holds_call("call_late_0")
    office.lifts(office.holds_call("call_late_1").id)
    office.approves("call_new", PREPAID, PUBLISHERS[1])
    office.holds_call("call_new")
    return office


def rows_of(office: Office, start: str, kind: str | None = None) -> list[Item]:
    """The rows of the books whose key begins so, in order."""
    assert isinstance(office.rows, OpenedRows)
    found = [
        row
        for row in office.rows.rows_of(BOOKS)
        if row["pk"].startswith(start) and kind in (None, row.get("kind"))
    ]
    return sorted(found, key=lambda row: str(row["pk"]))


def key_of(row: Item, table: str = BOOKS) -> Key:
    return Key(table, row["pk"], row["sk"])


def opened(office: Office) -> OpenedRows:
    assert isinstance(office.rows, OpenedRows)
    return office.rows


def told(office: Office) -> dict[Law, str]:
    """Of whom the differences of each law tell."""
    found: dict[Law, str] = {}
    for one in office.audits().differences:
        found[one.law] = f"{found.get(one.law, '')} {one.subject}"
    return found


def test_paydays_that_were_kept_are_clean_and_have_everything() -> None:
    office = paydays()
    report = office.audits()
    assert report.clean, report.differences
    assert {one.state for one in office.payouts} == set(PayoutState) - {PayoutState.DRAFT}
    assert report.counted["holds"] == 4
    templates = {row["template"] for row in entries(office)}
    assert templates == {
        "payout_create", "payout_settled", "payout_failed", "payout_returned", "payout_released",
        "payout_fee", "reserve", "reserve_released", "publisher_write_off", "hold", "hold_lifted",
    }  # fmt: skip


def entries(office: Office) -> list[Item]:
    """The rows of the entries of paydays, with their template and what they are of."""
    prefixes = ("po:", "wo:", "hold:")
    found = []
    for row in opened(office).rows_of(LEDGER):
        if row["pk"].startswith("ENTRY#"):
            key, template = _said(row)
            if key.startswith(prefixes):
                found.append(row | {"template": template, "of": key.split(":")[1]})
    return sorted(found, key=lambda row: str(row["pk"]))


def _said(row: Item) -> tuple[str, str]:
    plain = json.loads(row["doc"])
    return plain["key"], plain["template"]


def test_every_payout_that_is_gone_is_named() -> None:
    count = len(paydays().payouts)
    assert count > 8
    for at in range(count):
        office = paydays()
        gone = office.payouts[at].id
        opened(office).remove(Key(BOOKS, f"PAYOUT#{gone}"))
        assert gone in told(office)[Law.STEPS]


def test_every_line_that_is_gone_is_named_by_its_payout_or_its_own_id() -> None:
    lines = rows_of(paydays(), "EARNING#", "adjustment")
    assert len(lines) > 8
    for line in lines:
        office = paydays()
        opened(office).remove(key_of(line))
        of = json.loads(line["doc"])["payout_id"] or line["id"]
        assert of in told(office)[Law.KEPT_BACK]


def test_every_hold_on_a_call_that_is_gone_is_named() -> None:
    holds = [row for row in rows_of(paydays(), "HOLD#") if json.loads(row["doc"])["call_id"]]
    assert len(holds) == 3
    for hold in holds:
        office = paydays()
        opened(office).remove(key_of(hold))
        assert hold["id"] in told(office)[Law.HELD]


def test_every_entry_that_is_gone_with_its_legs_is_named_by_what_it_was_of() -> None:
    kept = entries(paydays())
    assert len(kept) > 20
    for entry in kept:
        office = paydays()
        rows, entry_id = opened(office), entry["pk"].removeprefix("ENTRY#")
        for row in rows.rows_of(LEDGER):
            if row.get("entry_id") == entry_id or row["pk"] == entry["pk"]:
                rows.remove(key_of(row, LEDGER))
        found = told(office)
        if entry["template"] == "hold_lifted":
            # What was held may have been credited meanwhile: the account alone tells.
            assert ":held" in found[Law.BALANCE]
            continue
        law = {"payout_fee": Law.KEPT_BACK, "hold": Law.HELD}.get(entry["template"])
        law = law or (Law.STEPS if entry["template"].startswith("payout_") else Law.KEPT_BACK)
        assert entry["of"] in found[law], entry


def changed(office: Office, row: Item, doc: dict[str, object], **values: object) -> None:
    """Somebody writes over what a row says."""
    said = json.loads(row["doc"]) | doc
    opened(office).tamper(key_of(row), doc=json.dumps(said), **values)


def a_payout(office: Office, state: PayoutState) -> Item:
    return next(row for row in rows_of(office, "PAYOUT#po_") if row["state"] == state)


def a_line(office: Office, cents: int) -> Item:
    """The first reserve that is kept back (below zero) or comes back."""
    return next(row for row in rows_of(office, "EARNING#rsv_") if row["amount_cents"] * cents > 0)


@pytest.mark.parametrize("state", [one for one in PayoutState if one is not PayoutState.DRAFT])
@pytest.mark.parametrize(
    ("doc", "values"),
    [
        ({}, {"amount_cents": 1}),
        ({"publisher_id": "pub_b"}, {}),
        ({"withheld_cents": 7}, {}),
        ({"currency": "EUR"}, {}),
    ],
    ids=str,
)
def test_a_payout_that_says_something_else_is_named(
    state: PayoutState, doc: dict[str, object], values: dict[str, object]
) -> None:
    office = paydays()
    row = a_payout(office, state)
    if doc.get("publisher_id") == json.loads(row["doc"])["publisher_id"]:
        doc = {"publisher_id": "pub_a"}
    changed(office, row, doc, **values)
    assert row["id"] in told(office)[Law.STEPS]


@pytest.mark.parametrize("to", [one for one in PayoutState if one is not PayoutState.DRAFT])
@pytest.mark.parametrize("state", [one for one in PayoutState if one is not PayoutState.DRAFT])
def test_a_payout_that_claims_another_state_is_named(state: PayoutState, to: PayoutState) -> None:
    office = paydays()
    row = a_payout(office, state)
    changed(office, row, {}, state=to.value)
    assert (row["id"] in told(office).get(Law.STEPS, "")) is (state is not to)


def a_fee(office: Office) -> str:
    row = a_payout(office, PayoutState.SETTLED)
    changed(office, row, {"fee_cents": 149})
    return str(row["id"])


def a_reserve_kept(office: Office) -> str:
    row = a_line(office, -1)
    changed(office, row, {"amount_cents": -1}, amount_cents=-1)
    return str(json.loads(row["doc"])["payout_id"])


def a_reserve_that_comes_back(office: Office) -> str:
    row = a_line(office, 1)
    changed(office, row, {"amount_cents": 9_999}, amount_cents=9_999)
    return str(json.loads(row["doc"])["payout_id"])


def a_reserve_that_waits_again(office: Office) -> str:
    row = a_line(office, 1)
    changed(office, row, {}, state=EarningState.HELD.value)
    return str(json.loads(row["doc"])["payout_id"])


def a_debt_that_was_given_up(office: Office) -> str:
    (row,) = rows_of(office, "EARNING#wof_")
    changed(office, row, {"amount_cents": 1}, amount_cents=1)
    return str(row["id"])


@pytest.mark.parametrize(
    "touch",
    [a_fee, a_reserve_kept, a_reserve_that_comes_back, a_reserve_that_waits_again,
     a_debt_that_was_given_up],
)  # fmt: skip
def test_what_is_kept_back_or_given_up_and_says_something_else_is_named(touch: Touch) -> None:
    office = paydays()
    assert touch(office) in told(office)[Law.KEPT_BACK]


def a_hold(office: Office, call_id: str) -> Item:
    return next(
        row for row in rows_of(office, "HOLD#") if json.loads(row["doc"])["call_id"] == call_id
    )


@pytest.mark.parametrize("call_id", ["call_late_0", "call_late_1", "call_new"])
@pytest.mark.parametrize(
    "doc",
    [
        {"lifted_at": "2027-03-03T00:00:00.000Z"},
        {"lifted_at": None},
        {"placed_at": "2027-01-01T00:00:00.000Z"},
        {"publisher_id": "pub_f"},
        {"call_id": "call_late_2"},
    ],
    ids=str,
)
def test_a_hold_that_says_something_else_is_named(call_id: str, doc: dict[str, object]) -> None:
    office = paydays()
    row = a_hold(office, call_id)
    same = json.loads(row["doc"]) | doc == json.loads(row["doc"])
    changed(office, row, doc)
    # What is not released yet is held without an entry: when, and whose it is, nothing else tells.
    silent = call_id == "call_new" and not {"lifted_at", "call_id"} & set(doc)
    assert (row["id"] in told(office).get(Law.HELD, "")) is not (same or silent)


def test_what_is_held_by_nothing_is_named() -> None:
    office = paydays()
    row = next(row for row in rows_of(office, "EARNING#call_late_2"))
    opened(office).tamper(key_of(row), state=EarningState.HELD.value)
    assert "call_late_2" in told(office)[Law.HELD]


def test_an_entry_of_a_payout_that_nothing_calls_for_is_named() -> None:
    office = paydays()
    settled = a_payout(office, PayoutState.SETTLED)
    kept = next(
        row for row in entries(office)
        if (row["of"], row["template"]) == (settled["id"], "payout_settled")
    )  # fmt: skip
    plain = json.loads(kept["doc"]) | {"key": f"po:{settled['id']}:settled-again"}
    forged = {name: value for name, value in kept.items() if name not in ("of", "template")}
    forged |= {"pk": "ENTRY#ent_forged", "doc": json.dumps(plain)}
    office.rows.write([Put(LEDGER, forged)])
    assert settled["id"] in told(office)[Law.STEPS]
