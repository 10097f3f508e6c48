"""Accounts, tax numbers and forms: what can exist, what is shown, what a mail says."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.us import ein, itin, rtn, ssn

from chalicelib.bank_details import (
    ACCOUNT_NUMBER,
    AccountKind,
    BankDetails,
    HolderKind,
    is_routing_number,
    routing_fault,
)
from chalicelib.hidden import Hidden, Secret, bound_to, shown_part
from chalicelib.issuer import Address, Issuer, Mailing
from chalicelib.payee_notices import letter
from chalicelib.payees import (
    Detail,
    Notice,
    NoticeState,
    Payee,
    PayeeEvent,
    PayPalReceiver,
    addressees,
    changed,
    held_until,
    shown,
)
from chalicelib.store.codec import from_json, to_json
from chalicelib.tax_forms import (
    BNotice,
    FormKind,
    TaxForm,
    TinType,
    Withholding,
    form_faults,
    is_tin,
    last_valid_day,
    withheld_cents,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NINE = st.from_regex(r"[0-9]{9}", fullmatch=True)
ACCOUNT = Hidden(ciphertext="x", last="6789")
BANK = BankDetails(
    routing_number="021000021", account=ACCOUNT, kind=AccountKind.CHECKING, since=NOW,
    holder_name="Bright Media", holder_kind=HolderKind.BUSINESS,
)  # fmt: skip
W9 = TaxForm(
    kind=FormKind.W9, legal_name="Bright Media", address=Address(street=("1 Elm St",), city="X"),
    signed_by="Ada", received_on="2026-11-02", tin=Hidden(ciphertext="y", last="6789"),
    tin_type=TinType.EIN,
)  # fmt: skip
MAIL = Mailing(sender="pay@ring.example", api_url="https://api.ring.example")


@given(NINE)
def test_a_routing_number_is_one_where_the_library_says_so(digits: str) -> None:
    assert is_routing_number(digits) == rtn.is_valid(digits)


@given(st.from_regex(r"[0-9]{8}", fullmatch=True))
def test_every_eight_digits_have_one_check_digit(digits: str) -> None:
    good = [digits + str(n) for n in range(10) if is_routing_number(digits + str(n))]
    assert good == [digits + rtn.calc_check_digit(digits)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("021000021", None), ("322271627", None), ("021000022", "one of these is wrong"),
        ("000000000", "none begins"), ("500000005", "none begins"), ("02100002", "nine digits"),
        ("०२१००००२१", "nine digits"), ("", "nine digits"),
    ],
)  # fmt: skip
def test_a_routing_number_that_no_bank_has_is_told_why(text: str, fault: str | None) -> None:
    found = routing_fault(text)
    assert found is None if fault is None else fault in (found or "")


@pytest.mark.parametrize(
    ("text", "fits"),
    [("1234", True), ("12345678901234567", True), ("AB-1234", True), ("123", False),
     ("123456789012345678", False), ("-1234", False), ("12 34", False), ("١٢٣٤", False)],
)  # fmt: skip
def test_an_account_number_fits_the_field_of_an_entry(text: str, fits: bool) -> None:
    assert (ACCOUNT_NUMBER.fullmatch(text) is not None) is fits


@given(NINE)
def test_a_tax_number_can_exist_where_the_library_says_so(digits: str) -> None:
    assert is_tin(digits, TinType.SSN) == ssn.is_valid(digits)
    assert is_tin(digits, TinType.EIN) == ein.is_valid(digits)


@pytest.mark.parametrize("prefix", range(100))
def test_an_employers_number_begins_as_the_library_says(prefix: int) -> None:
    digits = f"{prefix:02d}3456789"
    assert is_tin(digits, TinType.EIN) == ein.is_valid(digits)


@pytest.mark.parametrize("group", range(100))
def test_a_number_of_those_without_a_social_one_has_an_issued_group(group: int) -> None:
    digits = f"912{group:02d}3456"
    since = 50 <= group <= 65  # Issued since 2011, which the library does not know yet.
    assert is_tin(digits, TinType.ITIN) == (itin.is_valid(digits) or since)
    assert not is_tin("8" + digits[1:], TinType.ITIN)


@pytest.mark.parametrize(
    "digits", ["078051120", "219099999", "457555462", "000123456", "666123456", "123004567"]
)
def test_a_number_of_samples_and_advertisements_is_nobodys(digits: str) -> None:
    assert not is_tin(digits, TinType.SSN)
    assert not ssn.is_valid(digits)


@given(st.text("0123456789", min_size=4, max_size=17))
def test_never_more_than_half_of_a_number_and_four_characters_are_shown(number: str) -> None:
    part = shown_part(number)
    assert number.endswith(part)
    assert len(part) <= 4
    assert 2 * len(part) <= len(number)
    assert len(part) == 4 or len(number) < 8


def test_a_number_is_bound_to_its_publisher_and_to_what_it_is() -> None:
    contexts = [bound_to(one, secret) for one in ("pub_1", "pub_2") for secret in Secret]
    assert len({tuple(sorted(context.items())) for context in contexts}) == 4


@pytest.mark.parametrize(
    ("cents", "withheld"), [(1, 0), (2, 0), (3, 1), (100, 24), (10_003, 2_401), (10_002, 2_400)]
)
def test_backup_withholding_takes_24_percent_and_rounds_half_a_cent_up(
    cents: int, withheld: int
) -> None:
    assert withheld_cents(cents) == withheld


@given(st.integers(1, 10**11))
def test_what_is_withheld_is_within_half_a_cent_of_24_percent(cents: int) -> None:
    assert -50 <= cents * 24 - withheld_cents(cents) * 100 < 50 + 1
    assert 0 <= withheld_cents(cents) < cents


def test_a_w8_holds_up_to_the_end_of_the_third_year_after_it_came() -> None:
    assert last_valid_day(date(2026, 1, 1)) == date(2029, 12, 31)
    form = TaxForm(
        kind=FormKind.W8, legal_name="X", address=Address(street=("1",), city="Y", country="PL"),
        signed_by="Z", received_on="2026-01-01", expires_on="2029-12-31",
    )  # fmt: skip
    assert form.holds_on(date(2029, 12, 31))
    assert not form.holds_on(date(2030, 1, 1))
    assert W9.holds_on(date(2099, 1, 1))


def test_every_fault_of_a_form_is_named() -> None:
    address = Address(street=("1",), city="Y")
    bare = TaxForm(kind=FormKind.W9, legal_name="X", address=address, signed_by="Z",
                   received_on="2026-01-01")  # fmt: skip
    assert {(one.field, one.rule) for one in form_faults(bare, None)} == {
        ("tin", "required"), ("tin_type", "required")
    }  # fmt: skip
    assert [one.rule for one in form_faults(W9, "078051120")] == ["tin"]
    assert form_faults(W9, "123456789") == ()
    at_home = TaxForm(kind=FormKind.W8, legal_name="X", address=address, signed_by="Z",
                      received_on="2026-01-01", tin_type=TinType.SSN)  # fmt: skip
    assert {(one.field, one.rule) for one in form_faults(at_home, "123456789")} == {
        ("tin", "not_on_w8"), ("tin_type", "not_on_w8"), ("address.country", "abroad")
    }  # fmt: skip


def test_a_payee_is_read_as_it_was_kept_and_one_without_new_fields_too() -> None:
    payee = Payee(
        publisher_id="pub_1", email="a@b.example", bank=BANK, tax_form=W9, version=3,
        paypal=PayPalReceiver(email="p@b.example", since=NOW),
        withholding=Withholding(on=True, b_notice=BNotice.SECOND),
    )  # fmt: skip
    assert from_json(Payee, to_json(payee)) == payee
    assert from_json(Payee, '{"publisher_id":"pub_1"}') == Payee(publisher_id="pub_1")


def test_what_people_see_of_a_change_holds_the_last_characters_alone() -> None:
    before, after = Payee(publisher_id="pub_1"), Payee(publisher_id="pub_1", bank=BANK, version=1)
    event = changed(before, after, Detail.BANK_DETAILS, at=NOW, by="key_1")
    assert (event.before, event.after) == (None, "checking …6789 at 021000021")
    again = changed(before, after, Detail.BANK_DETAILS, at=NOW + timedelta(hours=1), by="key_2")
    assert event.id == again.id
    assert shown(Payee(publisher_id="p", tax_form=W9), Detail.TAX_FORM) == (
        "w9 ein …6789 received 2026-11-02"
    )
    assert shown(before, Detail.WITHHOLDING) == "off, B notice none"
    assert shown(before, Detail.TAX_FORM) is None


def test_the_address_before_is_told_of_a_new_one_and_nobody_twice() -> None:
    old, new = Payee(publisher_id="p", email="old@x.example"), Payee(publisher_id="p", email="n@x")
    assert [one.to for one in addressees(old, new, "ops@x")] == ["old@x.example", "n@x", "ops@x"]
    assert [one.to for one in addressees(old, old, "old@x.example")] == ["old@x.example"]
    assert [one.to for one in addressees(Payee(publisher_id="p"), new, "o@x")] == ["n@x", "o@x"]


def test_only_an_account_that_was_said_begins_the_cool_down() -> None:
    event = PayeeEvent(id="e", publisher_id="p", what=Detail.PAYPAL, at=NOW, by="operator")
    assert held_until(event, 7) is None
    said = PayeeEvent(
        id="e", publisher_id="p", what=Detail.PAYPAL, at=NOW, by="operator", after="a@b.example"
    )
    assert held_until(said, 7) == datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def test_a_mail_says_what_changed_by_whom_and_until_when_nothing_is_paid() -> None:
    event = PayeeEvent(
        id="e", publisher_id="p", what=Detail.BANK_DETAILS, at=NOW, by="key_1",
        before="checking …1111 at 021000021", after="savings …2222 at 021000021",
        notices=(Notice(to="a@b.example"),),
    )  # fmt: skip
    assert event.untold
    issuer = Issuer(legal_name="Ring Leads", mail=MAIL, dispute_contact="help@ring.example")
    told = letter(event, "a@b.example", name="Bright", issuer=issuer, held=NOW + timedelta(days=7))
    assert told is not None
    assert (told.sender, told.to) == ("pay@ring.example", "a@b.example")
    assert told.subject == "Changed: the bank account of Bright"
    for part in ("Whoever has a key", "Ring Leads", "2026-11-23 12:00", "…1111", "…2222",
                 "before 2026-11-30 12:00", "help@ring.example"):  # fmt: skip
        assert part in told.text
    assert letter(event, "a@b.example", name="Bright", issuer=Issuer(), held=None) is None


def test_an_event_is_told_once_no_notice_waits() -> None:
    sent = Notice(to="a", state=NoticeState.SENT)
    failed = Notice(to="b", state=NoticeState.FAILED)
    event = PayeeEvent(id="e", publisher_id="p", what=Detail.EMAIL, at=NOW, by="operator")
    assert not event.untold
    assert not PayeeEvent(
        id="e", publisher_id="p", what=Detail.EMAIL, at=NOW, by="x", notices=(sent, failed)
    ).untold
