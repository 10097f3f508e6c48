"""How is it remembered by whom a call was ended?

Owns the reports of ends beside a call in its row, each under a name of its own: they are written
without reading anything first, in any order, also after the verdict, which they leave alone. What
they say belongs to the core's `hangups`.
"""

from dataclasses import replace

from chalicelib.calls import Call, Signal
from chalicelib.hangups import tells_of_hang_up, who_hung_up
from chalicelib.store import codec
from chalicelib.store.rows import Item, Path

_PREFIX = "end#"


def end_sets(signal: Signal) -> dict[Path, str]:
    """What a signal adds to its call's row; nothing where it reports no end."""
    if not tells_of_hang_up(signal):
        return {}
    return {(_PREFIX + signal.key,): codec.to_json(replace(signal, raw={}))}


def with_hang_up(call: Call, item: Item) -> Call:
    """The call with who ended it, by the reports in its row."""
    ends = (codec.from_json(Signal, item[name]) for name in item if name.startswith(_PREFIX))
    told = who_hung_up(call, ends)
    return replace(call, hung_up_by=told.by, hung_up_why=told.why) if told else call
