"""What happens by the clock?

Owns the schedules: every minute the sweep for calls that nobody spoke of any more, for recordings
that were lost on their way, and for what advertisers told and is not done with; every minute too
the billing of those who have reached their threshold, and links for those whose balance is low;
every quarter of an hour what is paid by PayPal and by ACH files; every five minutes the forms for
the tax office that were asked for; every hour the comparison of numbers with the carrier, and each
pool's step up or down; every day the sealing of the ledger, and asking for the closing of what has
ended. What they do belongs to the flows.

The functions are registered without being replaced by Chalice's wrapper, which takes whole
EventBridge events alone: so an operator can invoke one with nothing but its own arguments.
"""

from typing import Any

from chalice import Blueprint, Cron, Rate

from chalicelib import runtime, times
from chalicelib.errors import Broken
from chalicelib.store.codec import to_plain
from chalicelib.store.stores import stores

blueprint = Blueprint(__name__)


def sweep_calls(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Settle calls whose end went unheard, look for recordings that nobody reported or fetched and
    for calls that feedback waits for, and go on with files of dispositions and of banks;
    answers how many; Broken when some failed."""
    from chalicelib.flows import bank_files, disposition_files, feedback, recordings_due
    from chalicelib.flows.settlement import sweep
    from chalicelib.providers.carriers import ask_about, carrier_named
    from chalicelib.providers.queue import fetch_recording

    swept = sweep(stores=stores(), now=runtime.now(), ask_carrier=ask_about)
    looked = recordings_due.look(
        stores=stores(), now=runtime.now(), ask=fetch_recording, carrier=carrier_named
    )
    told = feedback.look(stores=stores(), now=runtime.now())
    files, files_failed = disposition_files.go_on(stores=stores(), now=runtime.now())
    statements, statements_failed = bank_files.go_on(stores=stores(), now=runtime.now())
    failed = len(swept.failed) + told.failed + files_failed + statements_failed
    counts = {
        "settled": len(swept.settled), "live": len(swept.live),
        "waiting": len(swept.waiting), "failed": failed,
        "recordings_asked": looked.asked, "recordings_found": looked.found,
        "feedback_matched": told.matched, "feedback_waiting": told.waiting, "files": files,
        "bank_files": statements,
    }  # fmt: skip
    runtime.logger().info("swept", extra=counts)
    if failed:
        raise Broken(f"{failed} calls, feedback or files could not be swept; the log says why")
    return counts


def bill_early(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Bill the advertisers whose unbilled calls have reached their threshold, and give those whose
    balance is low a page to top up on, and tell them; answers how many invoices, links and mails
    that made; Broken when some failed."""
    from chalicelib.flows import thresholds
    from chalicelib.flows.closing import deployed_desk
    from chalicelib.flows.pacing import until_the_last_minute
    from chalicelib.flows.top_ups import NO_TOP_UPS, ask_for_top_ups
    from chalicelib.providers.stripe import checkout

    desk = deployed_desk(until_the_last_minute(context))
    report = thresholds.bill_early(desk)
    asked = NO_TOP_UPS
    if runtime.secret_values().stripe_api_key:
        asked = ask_for_top_ups(
            stores=desk.stores, checkout=checkout, post=desk.post, now=desk.now,
            in_time=desk.in_time,
        )  # fmt: skip
    failed = (*report.failed, *report.unprinted, *asked.failed)
    if failed:
        raise Broken(f"{len(failed)} advertisers or documents failed; the log says why")
    return {
        "issued": len(report.issued), "left": len(report.left), "links": asked.made,
        "mailed": asked.mailed,
    }  # fmt: skip


def reconcile_numbers(_event: dict[str, Any], _context: Any) -> Any:
    """Compare each carrier's numbers with the platform's, then have pools grow and shrink; answers
    how many numbers there are of each kind, and how many pools changed; Broken when a carrier
    could not be compared with, or some pools failed. One carrier that is away keeps neither the
    others nor the pools from their turn."""
    from chalicelib.flows.growing import grow_all
    from chalicelib.flows.numbers import reconcile_all
    from chalicelib.providers.carriers import carrier_named, set_up

    now = runtime.now()
    compared = reconcile_all(set_up(), stores=stores(), carrier=carrier_named, now=now)
    grown = grow_all(stores=stores(), carrier=carrier_named, now=now)
    if compared.failed or grown.failed:
        what = f"{compared.failed} carriers could not be compared with, {grown.failed} pools failed"
        raise Broken(f"{what}; the log says why")
    return to_plain({**compared.counted, "pools": grown.pools, "pools_changed": grown.changed})


def seal_days(_event: dict[str, Any], _context: Any) -> Any:
    """Seal the days of the ledger that are over; answers how many, and up to which day."""
    from chalicelib.flows.sealing import seal

    return to_plain(seal(stores=stores(), now=runtime.now()))


def close_periods(event: dict[str, Any], _context: Any) -> Any:
    """Ask for the closing of what has ended at the event's `as_of` (RFC 3339), or by now when it
    names none, and finish the documents that earlier runs have left; answers the run."""
    from chalicelib.flows.closing import deployed_desk, finish_papers
    from chalicelib.flows.closing_runs import ask
    from chalicelib.providers.queue import close_party

    as_of, desk = event.get("as_of"), deployed_desk()
    run = ask(
        times.read(as_of) if as_of else desk.now,
        stores=desk.stores, send=close_party, now=desk.now,
    )  # fmt: skip
    unprinted = len(finish_papers(desk))
    if unprinted:
        raise Broken(f"{unprinted} invoices or credit notes could not be printed; see the log")
    return to_plain(run)


def pay_by_paypal(_event: dict[str, Any], _context: Any) -> Any:
    """Gather payouts for PayPal, send what was released, and ask about what PayPal has; answers how
    many. Broken when a batch could not go on, or payouts wait and there is no account."""
    from chalicelib.flows.paypal_batches import Errand
    from chalicelib.flows.paypal_run import is_waiting, run
    from chalicelib.providers.documents import bucket
    from chalicelib.providers.paypal import NotSetUp, paypal

    now = runtime.now()
    try:
        account = paypal()
    except NotSetUp as absent:
        if is_waiting(stores=stores(), now=now):
            raise Broken("payouts wait for PayPal, and there is no account with it") from absent
        return {}
    done = run(Errand(paypal=account, stores=stores(), documents=bucket(), now=now))
    counts: dict[str, Any] = to_plain(done)
    runtime.logger().info("paid by PayPal", extra=counts)
    if done.failed:
        raise Broken(f"{done.failed} batches for PayPal could not go on; the log says why")
    return counts


def write_taxes(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Write the forms for the tax office that were asked for; answers how many exports. It alone
    reads tax numbers in full."""
    from chalicelib.flows.tax_exports import Writer, write_exports
    from chalicelib.providers.ciphers import cipher
    from chalicelib.providers.documents import bucket

    writer = Writer(stores=stores(), documents=bucket(), cipher=cipher(), now=runtime.now())
    counts = {"exports": write_exports(writer)}
    runtime.logger().info("wrote forms for the tax office", extra=counts)
    return counts


def pay_by_ach(_event: dict[str, Any], _context: Any) -> Any:
    """Write the ACH file that was released, settle what did not come back, and draft the next;
    answers which files. Broken when one of these failed."""
    from chalicelib.flows.ach_run import run
    from chalicelib.flows.ach_writing import Scribe
    from chalicelib.flows.screening import Lookout
    from chalicelib.providers.ciphers import cipher
    from chalicelib.providers.documents import bucket

    lookout = Lookout(stores=stores(), documents=bucket(), now=runtime.now())
    scribe = Scribe(lookout=lookout, cipher=cipher())
    done = run(scribe, lambda: runtime.new_id("ach"))
    report: dict[str, Any] = to_plain(done)
    runtime.logger().info("paid by ACH", extra=report)
    if done.failed:
        raise Broken(f"{done.failed} parts of what is paid by ACH failed; the log says why")
    return report


blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")(sweep_calls)
blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="bill")(bill_early)
blueprint.schedule(Rate(1, unit=Rate.HOURS), name="reconcile")(reconcile_numbers)
blueprint.schedule(Rate(15, unit=Rate.MINUTES), name="paypal")(pay_by_paypal)
blueprint.schedule(Rate(5, unit=Rate.MINUTES), name="tax")(write_taxes)
blueprint.schedule(Rate(15, unit=Rate.MINUTES), name="ach")(pay_by_ach)
blueprint.schedule(Cron(20, 2, "*", "*", "?", "*"), name="seal")(seal_days)
blueprint.schedule(Cron(10, 6, "*", "*", "?", "*"), name="close")(close_periods)
