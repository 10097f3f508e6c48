"""What a bank sends back: returns, changes, and files that are not for us."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ach_codes import (
    CHANGES,
    Correction,
    ReturnAction,
    change_reason,
    correction,
    return_reason,
)
from chalicelib.ach_files import lay_out
from chalicelib.ach_returns import AchAnswer, ChangeLine, ReturnLine, read_answers
from chalicelib.bank_details import AccountKind
from chalicelib.errors import Fault, Invalid
from tests.ach import ISSUE, ORIGINATOR, Answered, a_credit, bank_file

TRACE = "121042880000001"
OTHER = "121042880000002"


def read(*answers: Answered) -> tuple[AchAnswer, ...]:
    """What is read of the bank's file of these answers."""
    return read_answers(bank_file(answers), ORIGINATOR)


def faults_of(text: str) -> tuple[Fault, ...]:
    """The faults with which the text is refused."""
    with pytest.raises(Invalid) as refused:
        read_answers(text, ORIGINATOR)
    return refused.value.faults


def test_a_return_tells_trace_cents_and_reason() -> None:
    (line,) = read(Answered(code="R03", trace=TRACE, cents=1234))
    assert isinstance(line, ReturnLine)
    assert (line.line, line.trace, line.cents, line.reason.code) == (4, TRACE, 1234, "R03")
    assert line.reason.action is ReturnAction.NEW_DETAILS


def test_a_change_tells_trace_and_what_is_right() -> None:
    (line,) = read(Answered(code="C03", trace=TRACE, said="021000021   99887766"))
    assert isinstance(line, ChangeLine)
    assert line.trace == TRACE
    assert line.correction == Correction(routing="021000021", number="99887766")
    assert "99887766" not in repr(line)


def test_a_file_may_hold_returns_and_changes() -> None:
    answers = read(Answered(code="R02", trace=TRACE), Answered(code="C05", trace=OTHER, said="32"))
    assert [type(answer) for answer in answers] == [ReturnLine, ChangeLine]


def test_a_file_without_line_ends_or_with_those_of_windows_reads_the_same() -> None:
    text = bank_file([Answered(code="R02", trace=TRACE)])
    known = read_answers(text, ORIGINATOR)
    assert read_answers(text.replace("\n", ""), ORIGINATOR) == known
    assert read_answers(text.replace("\n", "\r\n"), ORIGINATOR) == known
    unpadded = "\n".join(line for line in text.splitlines() if line != "9" * 94)
    assert read_answers(unpadded, ORIGINATOR) == known


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("R02", ReturnAction.NEW_DETAILS),
        ("R03", ReturnAction.NEW_DETAILS),
        ("R04", ReturnAction.NEW_DETAILS),
        ("R12", ReturnAction.NEW_DETAILS),
        ("R13", ReturnAction.NEW_DETAILS),
        ("R20", ReturnAction.NEW_DETAILS),
        ("R16", ReturnAction.COMPLIANCE),
        ("R15", ReturnAction.COMPLIANCE),
        ("R23", ReturnAction.CONTACT),
        ("R17", ReturnAction.CONTACT),
        ("R06", ReturnAction.CONTACT),
        ("R24", ReturnAction.OUR_FILE),
        ("R01", ReturnAction.ASK_BANK),
        ("R85", ReturnAction.ASK_BANK),
    ],
)
def test_each_code_of_a_return_has_its_action(code: str, action: ReturnAction) -> None:
    reason = return_reason(code)
    assert reason is not None
    assert reason.action is action


@pytest.mark.parametrize("code", ["", "R1", "R123", "C01", "X02", "r02"])
def test_what_is_no_code_has_no_reason(code: str) -> None:
    assert return_reason(code) is None


@pytest.mark.parametrize(
    ("code", "said", "right"),
    [
        ("C01", "12-3456", Correction(number="12-3456")),
        ("C01", "12345678901234567", Correction(number="12345678901234567")),
        ("C02", "021000021", Correction(routing="021000021")),
        ("C03", "021000021   1234", Correction(routing="021000021", number="1234")),
        ("C04", "Acme Media LLC", Correction(name="Acme Media LLC")),
        ("C05", "32", Correction(kind=AccountKind.SAVINGS)),
        ("C05", "22", Correction(kind=AccountKind.CHECKING)),
        ("C06", "1234567             32", Correction(number="1234567", kind=AccountKind.SAVINGS)),
        ("C06", "12345678901234567   22",
         Correction(number="12345678901234567", kind=AccountKind.CHECKING)),
        ("C07", "0210000211234567890123456722",
         Correction(routing="021000021", number="12345678901234567", kind=AccountKind.CHECKING)),
        ("C07", "0210000211242415          32",
         Correction(routing="021000021", number="1242415", kind=AccountKind.SAVINGS)),
        ("C09", "whatever they say", Correction()),
        ("C13", "", Correction()),
        ("C01", "", None),
        ("C01", "123456789012345678", None),
        ("C02", "02100002", None),
        ("C03", "021000021", None),
        ("C04", "", None),
        ("C05", "99", None),
        ("C05", "", None),
        ("C06", "1234567", None),
        ("C07", "021000021", None),
    ],
)  # fmt: skip
def test_a_change_corrects_what_its_code_names(
    code: str, said: str, right: Correction | None
) -> None:
    reason = change_reason(code)
    assert reason is not None
    assert correction(reason, said.ljust(29)) == right


def test_the_codes_of_changes_are_those_of_credits() -> None:
    assert list(CHANGES) == ["C01", "C02", "C03", "C04", "C05", "C06", "C07", "C09", "C13"]


@pytest.mark.parametrize(
    ("answer", "field", "rule"),
    [
        (Answered(code="R02", trace="021000020000001"), "lines.4.original_trace", "other_bank"),
        (Answered(code="R02", trace=TRACE, company_id="9999999999"),
         "lines.2.company_id", "other_company"),
        (Answered(code="R2 ", trace=TRACE), "lines.4.code", "code"),
        (Answered(code="C08", trace=TRACE), "lines.4.code", "code"),
        (Answered(code="C02", trace=TRACE, said="12"), "lines.4.corrected", "format"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_for_us_is_refused_with_its_line(
    answer: Answered, field: str, rule: str
) -> None:
    (fault,) = faults_of(bank_file([answer]))
    assert (fault.field, fault.rule) == (field, rule)


def test_an_entry_is_answered_once() -> None:
    twice = [Answered(code="R02", trace=TRACE), Answered(code="R03", trace=TRACE)]
    (fault,) = faults_of(bank_file(twice))
    assert (fault.field, fault.rule) == ("lines.8", "repeated")


@given(st.integers(0, 13))
def test_a_file_cut_short_is_refused_wherever_it_ends(kept: int) -> None:
    text = bank_file([Answered(code="R02", trace=TRACE), Answered(code="C05", trace=OTHER)])
    lines = text.splitlines()[:kept]
    control = [line for line in lines if line[0] == "9"]
    if not control:
        assert faults_of("\n".join(lines))


def test_a_file_whose_sum_was_changed_is_refused() -> None:
    lines = bank_file([Answered(code="R02", trace=TRACE)]).splitlines()
    lines[2] = lines[2][:38] + "1" + lines[2][39:]
    assert {fault.field for fault in faults_of("\n".join(lines))} == {
        "lines.5.credit_cents", "lines.6.credit_cents",
    }  # fmt: skip


def test_our_own_file_is_no_answer() -> None:
    ours = lay_out([a_credit()], ORIGINATOR, ISSUE).text
    assert [fault.rule for fault in faults_of(ours)] == ["addenda"]


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "a,b,c\n1,2,3\n", "101" + "é" * 91])
def test_what_is_no_ach_file_is_refused(text: str) -> None:
    assert faults_of(text)


def test_a_company_with_a_short_id_is_known_by_it() -> None:
    short = replace(ORIGINATOR, company_id="12345")
    text = bank_file([Answered(code="R02", trace=TRACE, company_id="12345")])
    assert len(read_answers(text, short)) == 1
