"""Do the books of a stage agree with themselves?

Runs the platform's audit from the operator's machine: on the local AWS, or on the stage named on
the command line. It reads and changes nothing. Exits 1 with the first differences, if any.
"""

import os
import sys
from collections.abc import Iterable

from infra.cloud import Cloud, operators_cloud
from infra.local import own_stack
from infra.stage import Stage, Stopped

LOCAL = "local"


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
    from chalicelib.flows.audit import audit
    from chalicelib.store.stores import stores

    report = audit(stores())
    print(table(report.accounts.items()))
    print("compared: " + ", ".join(f"{n} {what}" for what, n in report.counted.items()))
    if report.clean:
        print("The books agree with their entries.")
        return 0
    for difference in report.differences:
        print(
            f"{difference.law} {difference.subject}:"
            f" expected {difference.expected}, found {difference.found}"
        )
    print("Next: look at the entries of the first one with GET /v1/ledger/entries?account=...")
    return 1


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
