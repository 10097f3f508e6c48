"""Which flags does the command line take, and what do their values mean?

Parsing only; doing what was asked is `cli`'s business.
"""

import argparse
import re
from datetime import datetime
from pathlib import Path

from simulator.connect_contact import Tells
from simulator.endpoints import Unusable
from simulator.faults import GROUPS, KINDS, Faults
from simulator.population import caller_at
from simulator.rest_trouble import Trouble
from simulator.scripts import ANONYMOUS, Behaviour, Caller, CallScript, Outcome, Side

CARRIERS = ("twilio", "connect")
UNTOLD = ("legs", "answers", "records", "durations")
_SPEC = "OUTCOME[,after=S][,talk=S][,by=caller|target][,press=DIGITS]"


def parser() -> argparse.ArgumentParser:
    """The command line: `call`, `traffic` and `serve`."""
    top = argparse.ArgumentParser(
        prog="python -m simulator", description="A simulated telephone network."
    )
    commands = top.add_subparsers(dest="command", required=True)
    call = commands.add_parser("call", help="place one call and show what passed")
    _add_call_flags(call)
    traffic = commands.add_parser("traffic", help="place a seeded stream of calls")
    _add_traffic_flags(traffic)
    serve = commands.add_parser("serve", help="answer the platform's REST questions")
    for command in (call, traffic, serve):
        _add_endpoint_flags(command)
    for command in (call, traffic):
        _add_fault_flags(command)
        _add_connect_flags(command)
        command.add_argument("--seed", help="decides ids, callers and chances (random)")
        command.add_argument("--speed", type=float, help="simulated seconds per real one (no wait)")
    return top


def _add_endpoint_flags(command: argparse.ArgumentParser) -> None:
    where = command.add_argument_group("where the platform is")
    where.add_argument("--endpoints", type=Path, default=Path(".local/endpoints.json"))
    where.add_argument("--inbound", metavar="URL", help="the number's voice URL")
    where.add_argument("--status", metavar="URL", help="the number's status callback URL")
    where.add_argument("--account-sid", metavar="AC…")
    where.add_argument("--auth-token", metavar="TOKEN")
    where.add_argument("--rest", metavar="URL", help="where the REST side listens")
    where.add_argument(
        "--rest-trouble", action="append", default=[], metavar="KIND[=N]",
        help=f"what the first N REST requests meet: {', '.join(Trouble)}",
    )  # fmt: skip
    where.add_argument("--journal", type=Path, default=Path(".local/carrier.jsonl"))


def _add_connect_flags(command: argparse.ArgumentParser) -> None:
    connect = command.add_argument_group("on Amazon Connect")
    command.add_argument("--carrier", choices=CARRIERS, default=CARRIERS[0])
    connect.add_argument("--flow", type=Path, default=Path("infra/connect_flow.json"))
    connect.add_argument(
        "--untold", action="append", default=[], choices=UNTOLD,
        help="what the instance does not tell of transfers",
    )  # fmt: skip


def _add_call_flags(call: argparse.ArgumentParser) -> None:
    caller = call.add_argument_group("the caller")
    who = caller.add_mutually_exclusive_group(required=True)
    who.add_argument("--from", dest="from_", metavar="NUMBER")
    who.add_argument("--anonymous", action="store_true")
    for name in ("city", "state", "zip", "country"):
        caller.add_argument(f"--from-{name}", metavar=name.upper())
    caller.add_argument("--verstat", help="the STIR/SHAKEN word, or none")
    caller.add_argument("--hangup-while-ringing", type=float, metavar="S")
    caller.add_argument("--hangup-in-ivr", type=float, metavar="S")
    caller.add_argument("--hangup-at", default="", metavar="BLOCK", help="of the flow")
    caller.add_argument("--digits", action="append", default=[], help="once per Gather")
    target = call.add_argument_group("what the targets do")
    target.add_argument("--to", required=True, metavar="NUMBER", help="the dialled number")
    target.add_argument("--outcome", choices=[*Outcome], default="answer")
    target.add_argument("--answer-after", type=float, default=6.0, metavar="S")
    target.add_argument("--talk", type=float, default=60.0, metavar="S")
    target.add_argument("--hangup-by", choices=("caller", "target"), default="caller")
    target.add_argument("--whisper-digits", default="", metavar="DIGITS")
    target.add_argument("--attempt", action="append", default=[], metavar=_SPEC)
    target.add_argument("--target", action="append", default=[], metavar=f"NUMBER={_SPEC}")
    call.add_argument("--at", metavar="TIME", help="when the call begins, ISO 8601 (now)")


def _add_traffic_flags(traffic: argparse.ArgumentParser) -> None:
    traffic.add_argument("--calls", type=int, default=100)
    traffic.add_argument("--rate", type=float, default=10.0, help="calls a real second")
    traffic.add_argument("--profile", default="builtin", metavar="PATH|builtin")
    traffic.add_argument("--to", action="append", default=[], metavar="NUMBER[=WEIGHT]")
    traffic.add_argument("--demo", type=Path, default=Path(".local/demo.json"))
    traffic.add_argument("--in-flight", type=int, default=64, help="most calls at once")


def _add_fault_flags(command: argparse.ArgumentParser) -> None:
    kinds = ", ".join((*KINDS, *GROUPS))
    faults = command.add_argument_group("unreliable delivery", f"KIND is one of {kinds}")
    for name in ("repeat", "drop", "reorder"):
        faults.add_argument(f"--{name}", action="append", default=[], metavar="KIND")
    faults.add_argument("--delay", action="append", default=[], metavar="KIND[=S]")
    for name in ("repeat", "drop", "delay", "reorder"):
        faults.add_argument(f"--{name}-share", type=float, default=0.0, metavar="SHARE")
    faults.add_argument("--delay-seconds", type=float, default=20.0, metavar="S")


def faults_of(given: argparse.Namespace) -> Faults:
    """The unreliability that the flags ask for; raises `Unusable`."""
    delays: dict[str, float] = {}
    for text in given.delay:
        kind, _, seconds = text.partition("=")
        delays[kind] = _number("--delay", seconds) if seconds else given.delay_seconds
    try:
        return Faults(
            repeat=tuple(given.repeat),
            drop=tuple(given.drop),
            delay=delays,
            reorder=tuple(given.reorder),
            repeat_share=given.repeat_share,
            drop_share=given.drop_share,
            delay_share=given.delay_share,
            reorder_share=given.reorder_share,
            delay_seconds=given.delay_seconds,
        )
    except ValueError as fault:
        raise Unusable(str(fault)) from fault


def troubles_of(given: argparse.Namespace) -> list[tuple[Trouble, int]]:
    """The troubles that the REST side makes, and for how many requests; raises `Unusable`."""
    found = []
    for text in given.rest_trouble:
        kind, _, times = text.partition("=")
        if kind not in [*Trouble] or not re.fullmatch(r"[1-9]\d{0,5}|", times):
            raise Unusable(f"{text!r} does not read KIND[=N], KIND one of {', '.join(Trouble)}")
        found.append((Trouble(kind), int(times or 1)))
    return found


def tells_of(given: argparse.Namespace) -> Tells:
    """What the instance tells of transfers, less what the flags say."""
    return Tells(**dict.fromkeys(given.untold, False))


def script_of(given: argparse.Namespace) -> CallScript:
    """The call that the flags describe; raises `Unusable`."""
    try:
        target = Behaviour(
            outcome=Outcome(given.outcome),
            after=given.answer_after,
            talk=given.talk,
            hangup_by=Side(given.hangup_by),
            whisper_digits=given.whisper_digits,
        )
        return CallScript(
            to=given.to,
            caller=_caller(given),
            target=target,
            targets=_targets(given.target, target),
            attempts=tuple(_behaviour(text, target) for text in given.attempt),
            digits=tuple(given.digits),
            hangup_while_ringing=given.hangup_while_ringing,
            hangup_in_ivr=given.hangup_in_ivr,
            hangup_at=given.hangup_at,
            faults=faults_of(given),
            seed=given.seed,
            started_at=_moment(given.at) if given.at else None,
        )
    except ValueError as fault:
        raise Unusable(str(fault)) from fault


def _caller(given: argparse.Namespace) -> Caller:
    if given.anonymous:
        return ANONYMOUS
    known = caller_at(given.from_) or Caller(number=given.from_)
    verstat = known.verstat if given.verstat is None else given.verstat
    return Caller(
        number=given.from_,
        city=known.city if given.from_city is None else given.from_city,
        state=known.state if given.from_state is None else given.from_state,
        zip_code=known.zip_code if given.from_zip is None else given.from_zip,
        country=known.country if given.from_country is None else given.from_country,
        verstat=None if verstat == "none" else verstat,
    )


def _targets(texts: list[str], default: Behaviour) -> dict[str, tuple[Behaviour, ...]]:
    targets: dict[str, tuple[Behaviour, ...]] = {}
    for text in texts:
        number, _, spec = text.partition("=")
        targets[number] = (*targets.get(number, ()), _behaviour(spec, default))
    return targets


def _behaviour(spec: str, default: Behaviour) -> Behaviour:
    outcome, *choices = spec.split(",")
    given = dict(choice.partition("=")[::2] for choice in choices)
    if outcome not in [*Outcome] or not given.keys() <= {"after", "talk", "by", "press"}:
        raise Unusable(f"{spec!r} does not read {_SPEC}, OUTCOME one of {', '.join(Outcome)}")
    return Behaviour(
        outcome=Outcome(outcome),
        after=_number("after", given["after"]) if "after" in given else default.after,
        talk=_number("talk", given["talk"]) if "talk" in given else default.talk,
        hangup_by=Side(given.get("by", default.hangup_by)),
        whisper_digits=given.get("press", default.whisper_digits),
    )


def _number(name: str, text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise Unusable(f"{name} takes a number of seconds, not {text!r}")
    return float(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise Unusable(f"--at needs a time zone: {text}Z")
    return moment
