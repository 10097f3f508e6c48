"""What do the slices of a back-test come to, and how is it shown to a person?

Owns adding up what the API tells slice by slice, the table on the screen, and the line of a call
that changes. Asking the API belongs to `backtest`.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_ADDED = ("approved", "denied", "pending", "cents", "most_cents")
_LEFT_OUT = {
    "not_judged": "calls are not judged yet, and in no sum.",
    "facts_not_kept": "calls were judged by an earlier release, and are in no sum.",
    "earlier_calls": "earlier calls of repeated callers were too many to judge again.",
    "blocks_unknown": "calls count as not blocked, because nobody looked when they were judged.",
}


@dataclass(slots=True)
class Total:
    """What the slices so far come to together: `sums` by name, ladder, moment and count, where a
    name is a publisher's, or empty for all."""

    calls: int = 0
    changed: int = 0
    through: str = ""
    sums: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    rules: dict[tuple[str, str, str, str], list[int]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, told: Json) -> None:
        """Take in one slice."""
        self.calls += told["calls"]
        self.changed += told["changed"]
        self.through = told["through"] or self.through
        self.left_out.update(told["left_out"])
        self._add("", told)
        for one in told["publishers"]:
            self._add(publisher_of(one), one)
        for one in told["rules"]:
            key = (one["ladder"], one["standing"], one["rule"], one["step"] or "")
            counts = self.rules.setdefault(key, [0, 0])
            counts[0] += one["before"]
            counts[1] += one["after"]

    def _add(self, name: str, told: Json) -> None:
        for ladder in _ladders(told):
            for moment in ("before", "after"):
                for count in _ADDED:
                    self.sums[name, ladder, moment, count] += told[ladder][moment][count]

    @property
    def ladders(self) -> list[str]:
        """Whose sides were told: an advertiser's has no earning."""
        return sorted({ladder for _, ladder, _, _ in self.sums})

    def pair(self, name: str, ladder: str, count: str) -> tuple[int, int]:
        """Before and after."""
        return self.sums[name, ladder, "before", count], self.sums[name, ladder, "after", count]


def table(total: Total) -> str:
    """The totals, then each publisher's, then what each rule decided."""
    rows = [("", "before", "after", "change")]
    for ladder in total.ladders:
        rows += [
            _counted(f"{ladder}s {count}", *total.pair("", ladder, count))
            for count in ("approved", "denied", "pending")
        ]
        rows.append(_paid(f"{ladder}s", *total.pair("", ladder, "cents")))
        most = total.pair("", ladder, "most_cents")
        if most != total.pair("", ladder, "cents"):
            rows.append(_paid(f"{ladder}s, at most", *most))
    for name in sorted({name for name, *_ in total.sums if name}):
        rows += [
            _paid(f"{ladder}s, {name}", *total.pair(name, ladder, "cents"))
            for ladder in total.ladders
        ]
    for (ladder, standing, rule, step), counts in sorted(total.rules.items()):
        by = f"{rule} {step}".strip()
        rows.append(_counted(f"{ladder}s {standing} by {by}", counts[0], counts[1]))
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}" + "".join(f"  {row[at]:>{widths[at]}}" for at in (1, 2, 3))
        for row in rows
    )


def closing(total: Total) -> str:
    """How many calls change, and which were left out."""
    told = [f"{total.changed:,} of {total.calls:,} calls come to something else."]
    told += [f"{count:,} {_LEFT_OUT[name]}" for name, count in total.left_out.items() if count]
    return "\n".join(told)


def change_line(change: Json) -> Json:
    """A changed call as a line of the table; codes alone, no text that anybody wrote."""
    line = {name: change[name] for name in ("call_id", "arrived_at", "target_id")}
    line["publisher"] = publisher_of(change)
    for ladder in _ladders(change):
        for moment in ("before", "after"):
            side = change[ladder][moment]
            why = dict.fromkeys(one["denial"] or one["rule"] for one in side["by"])
            line[f"{ladder}_{moment}"] = side["standing"]
            line[f"{ladder}_cents_{moment}"] = side["cents"]
            line[f"{ladder}_by_{moment}"] = " ".join(why)
    return line


def _ladders(told: Json) -> list[str]:
    return [ladder for ladder in ("charge", "earning") if ladder in told]


def publisher_of(told: Json) -> str:
    """The publisher's id, or the advertiser's alias for it."""
    return str(told.get("publisher_id") or told.get("publisher"))


def _counted(name: str, before: int, after: int) -> tuple[str, str, str, str]:
    return name, f"{before:,}", f"{after:,}", f"{after - before:+,}"


def _paid(name: str, before: int, after: int) -> tuple[str, str, str, str]:
    sign = "+" if after >= before else "-"
    return name, _money(before), _money(after), sign + _money(abs(after - before))


def _money(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d}"
