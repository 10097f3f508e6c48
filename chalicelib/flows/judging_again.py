"""What does a judged call come to when it is judged again as it was?

Joins the facts stored with its verdict with the versions of the terms that this names, and has the
same rules judge them at the same moment. Nothing is written. What differs is told by the channel,
for each side what it may see.
"""

from dataclasses import replace

from chalicelib.calls import Attempt, Call
from chalicelib.errors import Refused
from chalicelib.flows.judgement import by_versions
from chalicelib.store import codec
from chalicelib.store.codec import to_plain
from chalicelib.store.stores import Stores
from chalicelib.store.terms import read_versions
from chalicelib.store.verdicts import Judgement
from chalicelib.validation import judge

Document = dict[str, object]


def judge_call_again(call: Call, *, stores: Stores) -> tuple[Document, Document]:
    """The judgement on the call as it is stored, and as it is made again, both as plain documents.

    Terms of which a version was not kept are those of the call. Refused as `not_judged`, or as
    `facts_not_kept` where an earlier release judged.
    """
    stored = stores.calls.verdict(call.id)
    if stored is None:
        raise Refused(f"{call.id} is not judged yet", code="not_judged")
    if "facts" not in stored:
        reason = f"{call.id} was judged by an earlier release, which kept no facts"
        raise Refused(reason, code="facts_not_kept")
    judgement = codec.from_plain(Judgement, stored)
    attempt = _attempt(call, judgement, stores)
    verdict = judge(
        judgement.facts,
        attempt.charge if attempt else None,
        attempt.earning if attempt else None,
        now=judgement.judged_at,
    )
    again = replace(judgement, verdict=verdict, approved=verdict.approved)
    return stored, to_plain(again)


def _attempt(call: Call, judgement: Judgement, stores: Stores) -> Attempt | None:
    """The attempt with its terms as the versions that the judgement names say them."""
    if call.attempt is None or not judgement.terms:
        return call.attempt
    said = read_versions(stores.rows, judgement.terms)
    return by_versions(call.attempt, said) if len(said) == len(judgement.terms) else call.attempt
