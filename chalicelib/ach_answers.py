"""What does a line of the bank's file mean for what we have paid?

Owns the bank's file as the platform keeps it between its preview and its last line, and what is
wrong with a line that answers none of our entries. How the file is read belongs to `ach_returns`,
what is done about a line to the flow.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.ach_codes import Correction, ReturnAction
from chalicelib.ach_returns import AchAnswer, ReturnLine
from chalicelib.bank_details import ACCOUNT_NUMBER, AccountKind, BankDetails, routing_fault
from chalicelib.errors import Conflict, Fault
from chalicelib.hidden import Hidden
from chalicelib.ids import derived
from chalicelib.payout_files import FileEntry, FileState, PayoutFile
from chalicelib.signatures import Signature, confirm_person


class AnswersState(StrEnum):
    """Whether anything of the bank's file is applied, or all."""

    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"


class Outcome(StrEnum):
    """What a line came to when it was applied: its payout was returned, or had ended otherwise; its
    account is refused, or corrected; the payee has said another account since; or nothing."""

    RETURNED = "returned"
    ENDED = "ended"
    REFUSED = "refused"
    CORRECTED = "corrected"
    CHANGED_SINCE = "changed_since"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """Account data as the bank says they are, with the number hidden; None where it says
    nothing."""

    routing_number: str | None = None
    account: Hidden | None = None
    kind: AccountKind | None = None
    holder_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """One line: the entry that it answers by its trace, the bank's `code` with its `meaning`. A
    return has an `action`, a change says what is `corrected`."""

    line: int
    trace: str
    file_id: str
    publisher_id: str
    payout_id: str | None
    cents: int
    code: str
    meaning: str
    action: ReturnAction | None = None
    corrected: Corrected | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A file of the bank's, of which the first `done` lines are applied.

    Corrected accounts begin the cool-down, unless whoever applied the file `exempts` them, with the
    `reason`.
    """

    id: str
    lines: int
    returns: int
    changes: int
    returned_cents: int
    received_at: datetime
    received_by: Signature
    state: AnswersState = AnswersState.PREVIEWED
    applied: Signature | None = None
    exempts: bool = False
    reason: str | None = None
    done: int = 0
    ended_at: datetime | None = None
    version: int = 1


def answers_id(sha256: str) -> str:
    """The id of a file by the hash of its text: the same file comes once."""
    return derived("aca", sha256)


def begun(answers: Answers, by: Signature, *, exempts: bool, reason: str | None) -> Answers:
    """The file as somebody begins to apply it; one that was begun goes on as it was.

    Conflict when it is to go on in another way than it was begun. Forbidden for the deployment's
    own key where corrected accounts are to be paid without a cool-down.
    """
    if exempts:
        confirm_person(by)
    if answers.state is AnswersState.PREVIEWED:
        return replace(
            answers,
            state=AnswersState.APPLYING,
            applied=by,
            exempts=exempts,
            reason=reason,
            version=answers.version + 1,
        )
    if answers.state is AnswersState.APPLYING and answers.exempts != exempts:
        detail = f"{answers.id} was begun with exempts {str(answers.exempts).lower()}"
        raise Conflict(detail, code="answers_differ")
    return answers


def advanced(answers: Answers, count: int, now: datetime) -> Answers:
    """The file with so many lines more applied."""
    done = answers.done + count
    whole = done == answers.lines
    return replace(
        answers,
        state=AnswersState.APPLIED if whole else AnswersState.APPLYING,
        done=done,
        ended_at=now if whole else None,
        version=answers.version + 1,
    )


def line_of(answer: AchAnswer, entry: FileEntry, hidden: Hidden | None) -> AnswerLine:
    """The line as it is kept, with the corrected number `hidden`."""
    line = AnswerLine(
        line=answer.line,
        trace=answer.trace,
        file_id=entry.file_id,
        publisher_id=entry.publisher_id,
        payout_id=entry.payout_id,
        cents=entry.cents,
        code=answer.reason.code,
        meaning=answer.reason.meaning,
    )
    if isinstance(answer, ReturnLine):
        return replace(line, action=answer.reason.action)
    said = answer.correction
    corrected = Corrected(
        routing_number=said.routing, account=hidden, kind=said.kind, holder_name=said.name
    )
    return replace(line, corrected=corrected)


def line_faults(
    answer: AchAnswer, entry: FileEntry | None, file: PayoutFile | None
) -> Iterator[Fault]:
    """What is wrong with a line that answers the entry of the file; None is not known."""
    place = f"lines.{answer.line}"
    if entry is None or file is None:
        reason = f"answers the trace {answer.trace}, which no file of yours has"
        yield Fault(field=place, rule="unknown_trace", reason=reason)
        return
    sent = file.state in (FileState.WRITTEN, FileState.SETTLED)
    if not sent or any(one.trace == entry.trace for one in file.left_out):
        reason = f"answers the trace {answer.trace}, which the bank was never sent"
        yield Fault(field=place, rule="not_sent", reason=reason)
    if isinstance(answer, ReturnLine):
        if answer.cents != entry.cents:
            reason = f"returns {answer.cents} cents of an entry of {entry.cents}"
            yield Fault(field=place, rule="amount", reason=reason)
    else:
        yield from _correction_faults(answer.correction, place)


def may_be_corrected(bank: BankDetails, entry: FileEntry, corrected: Corrected) -> Outcome | None:
    """What a correction comes to without changing the account that stands; None when it is to be
    changed. The payee's own word since the entry was drafted is worth more than the bank's."""
    if corrected == Corrected():
        return Outcome.NOTHING
    if corrected_bank(bank, corrected, bank.since) == bank:
        return Outcome.CORRECTED
    return None if is_same(bank, entry) else Outcome.CHANGED_SINCE


def is_same(bank: BankDetails, entry: FileEntry) -> bool:
    """Whether the account that stands is the one that the entry went to."""
    seen = (entry.since, entry.routing_number, entry.account, entry.kind)
    return seen == (bank.since, bank.routing_number, bank.account, bank.kind)


def corrected_bank(bank: BankDetails, corrected: Corrected, since: datetime) -> BankDetails:
    """The account as the bank says it is."""
    return replace(
        bank,
        routing_number=corrected.routing_number or bank.routing_number,
        account=corrected.account or bank.account,
        kind=corrected.kind or bank.kind,
        holder_name=corrected.holder_name or bank.holder_name,
        since=since,
    )


def _correction_faults(said: Correction, place: str) -> Iterator[Fault]:
    wrong = routing_fault(said.routing) if said.routing else None
    if wrong:
        yield Fault(field=f"{place}.routing_number", rule="routing_number", reason=wrong)
    if said.number and not ACCOUNT_NUMBER.fullmatch(plain_number(said.number)):
        reason = "must be 4 to 17 letters, digits and hyphens"
        yield Fault(field=f"{place}.account_number", rule="format", reason=reason)


def plain_number(said: str) -> str:
    """An account number without the blanks that a bank may have in it."""
    return said.replace(" ", "")
