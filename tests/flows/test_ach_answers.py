"""What the bank sends back is read whole, and done once."""

from dataclasses import replace

import pytest

from chalicelib.ach_answers import AnswerLine, Answers, AnswersState, Outcome
from chalicelib.bank_details import AccountKind
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.flows import ach_answers as flow
from chalicelib.flows import ach_files
from chalicelib.hidden import Secret, bound_to
from chalicelib.offers import Publisher
from chalicelib.payees import Detail
from chalicelib.payout_files import PayoutFile
from chalicelib.payouts import PayoutState
from chalicelib.store.ach_answers import lines_of
from chalicelib.store.holding import holds_on
from chalicelib.store.payees import page_of_events
from tests.ach import Answered, bank_file
from tests.fakes import Crash, FakeRows
from tests.flows.aching import ADA, BOB, CY, SETTINGS, AchDesk, every_death, ready


def trace_of(desk: AchDesk, publisher: Publisher = ADA) -> str:
    """The trace under which the publisher was paid last."""
    return desk.entries(desk.files[-1])[publisher.id].trace


def read(desk: AchDesk, *answers: Answered) -> Answers:
    """The bank's file comes."""
    raw = bank_file(answers).encode()
    return flow.preview(raw, by=desk.signs("ann"), cipher=desk.cipher, stores=desk.office.stores)


def apply(desk: AchDesk, made: Answers, **said: object) -> Answers:
    """Somebody says yes."""
    return flow.apply(made.id, by=desk.signs("ben"), desk=desk.desk, **said)  # type: ignore[arg-type]


def lines(desk: AchDesk, made: Answers) -> tuple[AnswerLine, ...]:
    return lines_of(desk.office.rows, flow.known_answers(made.id, desk.office.stores), 0, 1000)


def outcomes(desk: AchDesk, made: Answers) -> list[Outcome | None]:
    return [one.outcome for one in lines(desk, made)]


def sent(*publishers: Publisher) -> AchDesk:
    """A file of a payout of each lies at the bank."""
    desk = ready(*publishers)
    desk.sends()
    return desk


# --- returns -------------------------------------------------------------------------------------


def test_a_preview_changes_nothing() -> None:
    desk = sent()
    before = desk.office.audits().accounts
    made = read(desk, Answered(code="R03", trace=trace_of(desk)))
    assert (made.lines, made.returns, made.returned_cents) == (1, 1, 1500)
    (line,) = lines(desk, made)
    assert (line.code, line.action, line.outcome) == ("R03", "new_details", None)
    assert line.payout_id == desk.payout_of(ADA).id
    assert desk.payout_of(ADA).state is PayoutState.SUBMITTED
    assert desk.office.audits().accounts == before


def test_a_returned_payout_waits_for_new_details() -> None:
    desk = sent()
    done = apply(desk, read(desk, Answered(code="R03", trace=trace_of(desk))))
    assert (done.state, done.done) == (AnswersState.APPLIED, 1)
    assert done.applied is not None and done.applied.name == "Ben"
    payout = desk.payout_of(ADA)
    assert (payout.state, payout.reason) == (PayoutState.RETURNED, "R03")
    assert desk.payee(ADA).bank.refused == "R03"  # type: ignore[union-attr]
    assert desk.payout_of(BOB).state is PayoutState.SUBMITTED
    assert desk.office.audits().accounts["pub:pub_ada:held"] == -1500
    assert desk.office.audits().clean
    desk.settles()
    assert desk.payout_of(ADA).state is PayoutState.RETURNED
    assert desk.payout_of(BOB).state is PayoutState.SETTLED


def test_what_came_back_is_paid_once_its_publisher_has_said_another_account() -> None:
    desk = sent(ADA)
    apply(desk, read(desk, Answered(code="R02", trace=trace_of(desk))))
    desk.settles()
    desk.office.releases(desk.payout_of(ADA).id)
    desk.payday()
    desk.says_account(ADA, "55555555")
    desk.office.later(days=10)
    desk.payday()
    file = desk.sends()
    (entry,) = desk.told(file).values()
    assert entry.detail.fields["account"].strip() == "55555555"
    desk.settles()
    assert desk.office.audits().accounts["cash:bank"] == 5_000_000 - 1500
    assert desk.office.audits().clean


@pytest.mark.parametrize(
    ("code", "refused", "held"),
    [("R02", True, False), ("R16", False, True), ("R23", False, False), ("R29", False, False)],
)
def test_each_code_has_its_action(code: str, refused: bool, held: bool) -> None:
    desk = sent(ADA)
    apply(desk, read(desk, Answered(code=code, trace=trace_of(desk))))
    bank = desk.payee(ADA).bank
    assert bank is not None
    assert (bank.refused == code, bool(holds_on(desk.office.rows, ADA.id))) == (refused, held)
    assert desk.payout_of(ADA).state is PayoutState.RETURNED


def test_a_return_after_the_settlement_still_counts() -> None:
    desk = sent(ADA)
    desk.settles()
    made = read(desk, Answered(code="R06", trace=trace_of(desk)))
    apply(desk, made)
    assert desk.payout_of(ADA).state is PayoutState.RETURNED
    assert desk.office.audits().accounts["cash:bank"] == 5_000_000
    assert desk.office.audits().clean


def test_an_account_that_was_said_since_is_not_refused() -> None:
    desk = sent(ADA)
    desk.says_account(ADA, "55555555")
    apply(desk, read(desk, Answered(code="R03", trace=trace_of(desk))))
    assert desk.payee(ADA).bank.refused is None  # type: ignore[union-attr]


def test_what_was_reported_by_hand_is_not_returned_twice() -> None:
    desk = sent(ADA)
    desk.settles()
    desk.office.comes_back(desk.payout_of(ADA).id, "R06")
    made = read(desk, Answered(code="R03", trace=trace_of(desk)))
    apply(desk, made)
    assert outcomes(desk, made) == [Outcome.ENDED]
    assert desk.payout_of(ADA).reason == "R06"
    assert desk.office.audits().clean


def test_a_returned_prenote_refuses_its_account() -> None:
    desk = ready(ADA, settings=replace(SETTINGS, prenotes=True))
    file = desk.sends()
    (trace,) = desk.told(file)
    made = read(desk, Answered(code="R03", trace=trace, cents=0))
    apply(desk, made)
    assert outcomes(desk, made) == [Outcome.REFUSED]
    desk.office.later(days=10)
    assert [one.code for one in desk.drafts().waiting] == ["details_refused"]


# --- changes -------------------------------------------------------------------------------------

CHANGES = [
    ("C01", "1918171614", {"number": "1918171614"}),
    ("C02", "011401533", {"routing": "011401533"}),
    ("C03", "011401533      1918171614", {"routing": "011401533", "number": "1918171614"}),
    ("C04", "BRIGHT MEDIA LLC", {"name": "BRIGHT MEDIA LLC"}),
    ("C05", "32", {"kind": AccountKind.SAVINGS}),
    ("C06", "1918171614        32", {"number": "1918171614", "kind": AccountKind.SAVINGS}),
]


def account_of(desk: AchDesk, publisher: Publisher = ADA) -> dict[str, object]:
    bank = desk.payee(publisher).bank
    assert bank is not None
    bound = bound_to(publisher.id, Secret.ACCOUNT_NUMBER)
    return {
        "number": desk.cipher.decrypt(bank.account.ciphertext, bound),
        "routing": bank.routing_number, "kind": bank.kind, "name": bank.holder_name,
    }  # fmt: skip


@pytest.mark.parametrize(("code", "said", "right"), CHANGES)
def test_the_bank_corrects_an_account_once_somebody_says_yes(
    code: str, said: str, right: dict[str, object]
) -> None:
    desk = sent(ADA)
    before = account_of(desk)
    made = read(desk, Answered(code=code, trace=trace_of(desk), said=said))
    assert account_of(desk) == before
    apply(desk, made)
    assert account_of(desk) == before | right
    assert outcomes(desk, made) == [Outcome.CORRECTED]
    assert desk.payout_of(ADA).state is PayoutState.SUBMITTED
    desk.earns(ADA).payday()
    entry = desk.told(desk.sends())[trace_of(desk)].detail
    assert entry.fields["account"].strip() == account_of(desk)["number"]


def test_a_corrected_account_cools_down_unless_somebody_says_why_not() -> None:
    for exempts in (False, True):
        desk = sent(ADA)
        stood = desk.payee(ADA).bank.since  # type: ignore[union-attr]
        made = read(desk, Answered(code="C01", trace=trace_of(desk), said="1918171614"))
        apply(desk, made, exempts=exempts, reason="The bank says so" if exempts else None)
        since = desk.payee(ADA).bank.since  # type: ignore[union-attr]
        assert since == (stood if exempts else desk.office.now)
        page = page_of_events(desk.office.rows, ADA.id, limit=50, after=None)
        (change, *_) = [one for one in page.items if one.what is Detail.BANK_DETAILS]
        said = "The bank says so" if exempts else "C01: the bank corrects the account number"
        assert change.reason == said


def test_a_corrected_number_is_kept_hidden() -> None:
    desk = sent(ADA)
    apply(desk, read(desk, Answered(code="C01", trace=trace_of(desk), said="1918171614")))
    assert "1918171614" not in repr(desk.office.picture())


def test_the_payees_own_word_is_worth_more_than_the_banks() -> None:
    desk = sent(ADA)
    desk.says_account(ADA, "55555555")
    made = read(desk, Answered(code="C01", trace=trace_of(desk), said="1918171614"))
    apply(desk, made)
    assert outcomes(desk, made) == [Outcome.CHANGED_SINCE]
    assert account_of(desk)["number"] == "55555555"


def test_a_correction_of_nothing_that_is_kept_does_nothing() -> None:
    desk = sent(ADA)
    made = read(desk, Answered(code="C09", trace=trace_of(desk), said="X"))
    apply(desk, made)
    assert outcomes(desk, made) == [Outcome.NOTHING]


def test_a_file_that_was_approved_does_not_pay_into_the_old_account() -> None:
    desk = sent(ADA)
    trace = trace_of(desk)
    desk.earns(ADA, BOB).payday()
    file = desk.lets_go()
    made = read(desk, Answered(code="C01", trace=trace, said="1918171614"))
    apply(desk, made, exempts=True, reason="The bank says so")
    desk.runs()
    assert [one.reason for one in desk.file(file.id).left_out] == ["details_changed"]


# --- refused whole -------------------------------------------------------------------------------


def faults_of(desk: AchDesk, *answers: Answered) -> set[tuple[str, str]]:
    before = desk.office.picture()
    with pytest.raises(Invalid) as wrong:
        read(desk, *answers)
    assert desk.office.picture() == before
    return {(one.field, one.rule) for one in wrong.value.faults}


def test_a_file_with_one_unknown_trace_is_refused_whole() -> None:
    desk = sent()
    good = Answered(code="R03", trace=trace_of(desk))
    stranger = Answered(code="R03", trace="121042889999999")
    assert faults_of(desk, good, stranger) == {("lines.8", "unknown_trace")}
    assert desk.payout_of(ADA).state is PayoutState.SUBMITTED


def test_a_file_of_another_bank_or_company_is_refused() -> None:
    desk = sent()
    other_bank = Answered(code="R03", trace="021000020000001")
    assert {rule for _, rule in faults_of(desk, other_bank)} == {"other_bank"}
    other = Answered(code="R03", trace=trace_of(desk), company_id="9999999999")
    assert {rule for _, rule in faults_of(desk, other)} == {"other_company"}


@pytest.mark.parametrize("kept", range(1, 6))
def test_a_file_that_was_cut_short_is_refused(kept: int) -> None:
    desk = sent()
    whole = bank_file([Answered(code="R03", trace=trace_of(desk))]).splitlines()
    for part in ("\n".join(whole[:kept]), "\n".join(whole[:kept])[:-1]):
        with pytest.raises(Invalid):
            flow.preview(
                part.encode(), by=desk.signs("ann"), cipher=desk.cipher,
                stores=desk.office.stores,
            )  # fmt: skip
    assert desk.payout_of(ADA).state is PayoutState.SUBMITTED


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"a,b\n1,2\n", b"9" * 94, "ü".encode() * 94])
def test_what_is_no_file_of_a_bank_is_refused(raw: bytes) -> None:
    desk = sent()
    with pytest.raises(Invalid):
        flow.preview(raw, by=desk.signs("ann"), cipher=desk.cipher, stores=desk.office.stores)


def test_another_amount_is_refused() -> None:
    desk = sent()
    said = Answered(code="R03", trace=trace_of(desk), cents=1499)
    assert faults_of(desk, said) == {("lines.4", "amount")}


def test_what_the_bank_was_never_sent_does_not_come_back() -> None:
    desk = ready(ADA, BOB)
    file = desk.lets_go()
    said = Answered(code="R03", trace=desk.entries(file)[ADA.id].trace)
    assert faults_of(desk, said) == {("lines.4", "not_sent")}
    desk.office.settles(desk.payout_of(ADA).id)
    desk.runs()
    assert faults_of(desk, said) == {("lines.4", "not_sent")}


def refused(desk: AchDesk) -> PayoutFile:
    return ach_files.refuse(
        desk.files[-1].id, by=desk.signs("ann"), note="None taken", stores=desk.office.stores
    )


def test_what_the_bank_refused_as_a_whole_does_not_come_back() -> None:
    desk = sent(ADA)
    refused(desk)
    said = Answered(code="R03", trace=trace_of(desk))
    assert faults_of(desk, said) == {("lines.4", "not_sent")}


@pytest.mark.parametrize(
    ("code", "said", "field"),
    [("C02", "011401534", "routing_number"), ("C01", "12-", "account_number")],
)
def test_a_correction_that_no_bank_can_have_is_refused(code: str, said: str, field: str) -> None:
    desk = sent()
    answer = Answered(code=code, trace=trace_of(desk), said=said)
    assert {name for name, _ in faults_of(desk, answer)} <= {
        f"lines.4.{field}", "lines.4.corrected",
    }  # fmt: skip


# --- twice, and interrupted ----------------------------------------------------------------------


def test_the_same_file_comes_once() -> None:
    desk = sent()
    answer = Answered(code="R03", trace=trace_of(desk))
    made = read(desk, answer)
    done = apply(desk, made)
    once = desk.office.picture()
    assert read(desk, answer) == done
    assert apply(desk, made) == done
    assert desk.office.picture() == once


def test_a_file_is_applied_as_it_was_begun() -> None:
    desk = sent()
    made = read(desk, *(Answered(code="R06", trace=trace_of(desk, one)) for one in (ADA, BOB)))
    assert isinstance(desk.office.rows, FakeRows)
    desk.office.rows.crash_after_write(1)
    with pytest.raises(Crash):
        apply(desk, made)
    with pytest.raises(Conflict) as other:
        apply(desk, made, exempts=True, reason="In a hurry")
    assert other.value.code == "answers_differ"
    assert apply(desk, made).state is AnswersState.APPLIED


def test_an_unknown_file_is_not_found() -> None:
    desk = sent()
    with pytest.raises(NotFound):
        flow.apply("aca_none", by=desk.signs("ann"), desk=desk.desk)


def everything(desk: AchDesk) -> Answers:
    """A return, a return that holds, and a correction."""
    return read(
        desk,
        Answered(code="R03", trace=trace_of(desk, ADA)),
        Answered(code="R16", trace=trace_of(desk, BOB)),
        Answered(code="C01", trace=trace_of(desk, CY), said="1918171614"),
    )


@pytest.mark.parametrize("exempts", [False, True])
def test_an_application_that_died_anywhere_is_completed_by_the_same_request(exempts: bool) -> None:
    said = {"exempts": exempts, "reason": "The bank says so" if exempts else None}

    def prepared() -> AchDesk:
        desk = sent()
        everything(desk)
        return desk

    def applied(desk: AchDesk) -> Answers:
        return apply(desk, everything(desk), **said)

    whole = prepared()
    applied(whole)
    assert outcomes(whole, everything(whole)) == [
        Outcome.RETURNED, Outcome.RETURNED, Outcome.CORRECTED,
    ]  # fmt: skip
    died = every_death(prepared, applied)
    assert len(died) > 8
    for desk in died:
        assert desk.office.audits().clean
        assert applied(desk).state is AnswersState.APPLIED
        assert outcomes(desk, everything(desk)) == outcomes(whole, everything(whole))
        assert [one.state for one in desk.office.payouts] == [
            one.state for one in whole.office.payouts
        ]
        assert account_of(desk, CY) == account_of(whole, CY)
        assert desk.office.audits().clean


def test_two_who_apply_at_once_do_it_once() -> None:
    desk = sent()
    made = everything(desk)
    assert isinstance(desk.office.rows, FakeRows)
    desk.office.rows.before_write(lambda: apply(desk, made), 3)
    assert apply(desk, made).state is AnswersState.APPLIED
    assert outcomes(desk, made) == [Outcome.RETURNED, Outcome.RETURNED, Outcome.CORRECTED]
    assert desk.office.audits().clean
