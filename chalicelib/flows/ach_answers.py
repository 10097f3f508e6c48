"""What happens to what the bank sends back?

A file is read whole or not at all: a line that answers none of our entries refuses it. Once
somebody says yes its lines are applied part by part, each of them as often as need be: whoever dies
in between leaves a part in which every line finds what it did before.
"""

from dataclasses import replace
from hashlib import sha256

from chalicelib import ach_answers as core
from chalicelib.ach_answers import AnswerLine, Answers, AnswersState, Outcome
from chalicelib.ach_codes import ReturnAction
from chalicelib.ach_returns import AchAnswer, ChangeLine, read_answers
from chalicelib.ach_settings import originator
from chalicelib.errors import Broken, Busy, Conflict, Fault, Invalid, NotFound
from chalicelib.flows.holding import keep_held
from chalicelib.flows.payees import Desk, change_payee, hide
from chalicelib.flows.payouts import return_payout
from chalicelib.hidden import Hidden, Secret
from chalicelib.payees import Detail, Payee
from chalicelib.payout_files import FileEntry
from chalicelib.providers.ciphers import Cipher
from chalicelib.signatures import Signature
from chalicelib.store import ach_answers as store
from chalicelib.store.payees import find_payee
from chalicelib.store.payout_files import entries_by_trace, find_ach, find_file
from chalicelib.store.stores import Stores

COMPLIANCE = "A payment came back, and the operator is looking into it."

_PARTS_AT_ONCE = 2
_FAULTS_SHOWN = 200


def preview(raw: bytes, *, by: Signature, cipher: Cipher, stores: Stores) -> Answers:
    """Read a file of the bank's and keep what it says, with numbers hidden; nothing is done yet.

    The same file comes once: again, it is answered as it stands. Invalid with every fault of a file
    that is cut short, of another bank or company, or answers what we never sent.
    """
    id = core.answers_id(sha256(raw).hexdigest())
    known = store.find_answers(stores.rows, id)
    if known:
        return known
    read = read_answers(_text(raw), originator(find_ach(stores.rows)))
    entries = _entries(read, stores)
    lines = [_line(one, entries[one.trace], cipher) for one in read]
    returned = [one for one in lines if one.action]
    made = Answers(
        id=id,
        lines=len(lines),
        returns=len(returned),
        changes=len(lines) - len(returned),
        returned_cents=sum(one.cents for one in returned),
        received_at=by.at,
        received_by=by,
    )
    return made if store.keep_answers(stores.rows, made, lines) else known_answers(id, stores)


def known_answers(id: str, stores: Stores) -> Answers:
    """The bank's file; NotFound when there is none."""
    found = store.find_answers(stores.rows, id)
    if found is None:
        raise NotFound(f"there is no file of the bank's {id}")
    return found


def apply(
    id: str, *, by: Signature, exempts: bool = False, reason: str | None = None, desk: Desk
) -> Answers:
    """Apply the next lines of the file, and say how far it is; repeat it until all are applied.

    With `exempts` corrected accounts are paid without a cool-down. Conflict when the file was begun
    in the other way; an applied file stays as it is.
    """
    rows = desk.stores.rows
    answers = known_answers(id, desk.stores)
    begun = core.begun(answers, by, exempts=exempts, reason=reason)
    if begun is not answers and not store.move(rows, answers, begun):
        raise Busy(f"{id} is being applied by others")
    for _ in range(_PARTS_AT_ONCE):
        if begun.state is AnswersState.APPLIED:
            break
        begun = _part_applied(begun, desk)
    return begun


def _part_applied(answers: Answers, desk: Desk) -> Answers:
    rows = desk.stores.rows
    lines = store.lines_of(rows, answers, answers.done, store.LINES_A_PART)
    entries = entries_by_trace(rows, [one.trace for one in lines])
    done = [replace(one, outcome=_applied(one, entries, answers, desk)) for one in lines]
    after = core.advanced(answers, len(done), desk.now)
    if store.move(rows, answers, after, done):
        return after
    return known_answers(answers.id, desk.stores)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError as wrong:
        reason = f"holds a character that no ACH file has, at byte {wrong.start + 1}"
        fault = Fault(field="file", rule="characters", reason=reason)
        raise Invalid((fault,)) from wrong


def _entries(read: tuple[AchAnswer, ...], stores: Stores) -> dict[str, FileEntry]:
    """The entries that the lines answer; Invalid when one answers none."""
    entries = entries_by_trace(stores.rows, [one.trace for one in read])
    ids = {one.file_id for one in entries.values()}
    files = {id: find_file(stores.rows, id) for id in ids}
    wrong: list[Fault] = []
    for answer in read:
        entry = entries.get(answer.trace)
        wrong += core.line_faults(answer, entry, files[entry.file_id] if entry else None)
    if wrong:
        raise Invalid(tuple(wrong[:_FAULTS_SHOWN]))
    return entries


def _line(answer: AchAnswer, entry: FileEntry, cipher: Cipher) -> AnswerLine:
    hidden: Hidden | None = None
    if isinstance(answer, ChangeLine) and answer.correction.number:
        number = core.plain_number(answer.correction.number)
        hidden = hide(number, entry.publisher_id, Secret.ACCOUNT_NUMBER, cipher)
    return core.line_of(answer, entry, hidden)


def _applied(
    line: AnswerLine, entries: dict[str, FileEntry], answers: Answers, desk: Desk
) -> Outcome:
    entry = entries.get(line.trace)
    if entry is None or entry.file_id != line.file_id:
        raise Broken(f"the trace {line.trace} was given to another entry since {answers.id} came")
    if line.action:
        return _returned(line, line.action, entry, desk)
    return _corrected(line, entry, answers, desk)


def _returned(line: AnswerLine, action: ReturnAction, entry: FileEntry, desk: Desk) -> Outcome:
    """Post what came back, and do what its code asks for."""
    stores, now = desk.stores, desk.now
    if action is ReturnAction.NEW_DETAILS:
        _refuse(line, entry, desk)
    if action is ReturnAction.COMPLIANCE:
        keep_held(line.publisher_id, reason=COMPLIANCE, cause=line.trace, stores=stores, now=now)
    if line.payout_id is None:
        return Outcome.REFUSED if action is ReturnAction.NEW_DETAILS else Outcome.NOTHING
    try:
        return_payout(line.payout_id, reason=line.code, stores=stores, now=now)
    except Conflict:
        # It was reported before, with another code, or never left.
        return Outcome.ENDED
    return Outcome.RETURNED


def _refuse(line: AnswerLine, entry: FileEntry, desk: Desk) -> None:
    """Pay no more into the account that the entry went to; another, said since, is not meant."""

    def refused(payee: Payee) -> Payee:
        bank = payee.bank
        if bank is None or not core.is_same(bank, entry):
            return payee
        return replace(payee, bank=replace(bank, refused=line.code))

    change_payee(line.publisher_id, Detail.BANK_DETAILS, refused, desk=desk, reason=line.meaning)


def _corrected(line: AnswerLine, entry: FileEntry, answers: Answers, desk: Desk) -> Outcome:
    """Put what the bank corrects into the account that the entry went to."""
    corrected = line.corrected
    bank = find_payee(desk.stores.rows, line.publisher_id).bank
    if corrected is None or bank is None:
        return Outcome.NOTHING if corrected is None else Outcome.CHANGED_SINCE
    outcome = core.may_be_corrected(bank, entry, corrected)
    if outcome:
        return outcome

    def edited(payee: Payee) -> Payee:
        stands = payee.bank
        if stands is None or core.may_be_corrected(stands, entry, corrected):
            return payee
        since = stands.since if answers.exempts else desk.now
        return replace(payee, bank=core.corrected_bank(stands, corrected, since))

    after = change_payee(
        line.publisher_id,
        Detail.BANK_DETAILS,
        edited,
        desk=desk,
        reason=answers.reason or f"{line.code}: the bank corrects {line.meaning}",
    )
    stands = after.bank
    same = stands and core.corrected_bank(stands, corrected, stands.since) == stands
    return Outcome.CORRECTED if same else Outcome.CHANGED_SINCE
