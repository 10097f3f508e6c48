"""Do the books of a stage agree with themselves?

Runs the platform's audit from the operator's machine: on the local AWS, or on the stage named on
the command line. It reads and changes nothing, and tells how far it has come. Exits 1 with the
first differences, if any.
"""

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from infra.cloud import Cloud, operators_cloud
from infra.local import own_stack
from infra.stage import Stage, Stopped

if TYPE_CHECKING:
    from chalicelib.auditing import Difference
    from chalicelib.flows.audit import AuditReport

LOCAL = "local"
_CLEARED = "\r\033[K"
_A_LINE_EVERY = 10_000


def cloud_of(arguments: list[str]) -> tuple[Cloud, Stage]:
    """The stage that the command line names, and where it is; without a name, the local one."""
    if len(arguments) > 1:
        raise Stopped("Name at most one stage, such as: STAGE=prod")
    if arguments and arguments[0] != LOCAL:
        return operators_cloud(), Stage(arguments[0])
    stack = own_stack()
    if not stack.running():
        raise Stopped("Local AWS does not run. Start it with make up, or name a stage.")
    return stack.cloud, Stage(LOCAL)


def run(cloud: Cloud, stage: Stage) -> int:
    """Print what was recomputed; 1 when something differs."""
    os.environ.update(cloud.environ())
    os.environ["RINGLEDGER_STAGE"] = stage.name
    os.environ["RINGLEDGER_TABLE_PREFIX"] = stage.prefix

    # The platform takes its table names from the environment when it is first imported.
    from chalicelib import runtime
    from chalicelib.flows.audit import audit
    from chalicelib.store.stores import stores

    report = audit(stores(), runtime.now(), progress=tell)
    if sys.stderr.isatty():
        print(_CLEARED, end="", file=sys.stderr, flush=True)
    return show(report)


def show(report: "AuditReport") -> int:
    """Print every balance, what was compared and what differs, the first law's first; 1 when
    something does."""
    print(table(report.accounts.items()))
    print("compared: " + ", ".join(f"{n} {what}" for what, n in report.counted.items()))
    if report.seal:
        print(f"sealed up to {report.seal.day}: {report.seal.head}")
    if report.clean:
        print("The books agree with their entries.")
        return 0
    print(f"The first difference:\n  {told(report.differences[0])}")
    for difference in report.differences[1:]:
        print(f"  {told(difference)}")
    print("Next: look at the entries of the first one with GET /v1/ledger/entries?account=...")
    return 1


def told(difference: "Difference") -> str:
    """One line: the law, what breaks it, and how."""
    return (
        f"{difference.law} {difference.subject}:"
        f" expected {difference.expected}, found {difference.found}"
    )


def tell(what: str, count: int) -> None:
    """How far the audit has come: a line that is written over, or in a file a line now and then."""
    if sys.stderr.isatty():
        print(f"{_CLEARED}{count:,} {what} ...", end="", file=sys.stderr, flush=True)
    elif count % _A_LINE_EVERY == 0:
        print(f"{count:,} {what} ...", file=sys.stderr, flush=True)


def table(accounts: Iterable[tuple[str, int]]) -> str:
    """Each account that is not at zero, with its balance, and the sum of all."""
    balances = list(accounts)
    moved = [(name, cents) for name, cents in balances if cents]
    width = max((len(name) for name, _ in moved), default=0)
    total = sum(cents for _, cents in balances)
    rows = [f"{name:<{width}}  {_dollars(cents):>16}" for name, cents in moved]
    return "\n".join([*rows, f"{'sum':<{width}}  {_dollars(total):>16}"])


def _dollars(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def main(arguments: list[str]) -> int:
    """Audit what the command line names; 1 with a plain message if it cannot be reached."""
    try:
        return run(*cloud_of(arguments))
    except Stopped as stopped:
        print(f"\n{stopped}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
