"""A small telephone network that speaks the carrier's side against the platform's voice URLs.

The other side of the contract: it shares no code with the platform, signs its own webhooks,
and judges what it is answered.
"""

from simulator.carrier import Carrier
from simulator.connect_contact import Tells
from simulator.connect_flow import FlowRefused
from simulator.connect_network import ConnectNetwork
from simulator.courier import Exchange
from simulator.faults import Faults
from simulator.judging import Violation
from simulator.network import CallResult, LegResult, Network
from simulator.profiles import BUILTIN, Dialled, Profile
from simulator.scripts import ANONYMOUS, Behaviour, Caller, CallScript, Outcome, Side
from simulator.traffic import plan, run, traffic
from simulator.twiml import TwimlRefused

__all__ = [
    "ANONYMOUS",
    "BUILTIN",
    "Behaviour",
    "CallResult",
    "CallScript",
    "Caller",
    "Carrier",
    "ConnectNetwork",
    "Dialled",
    "Exchange",
    "Faults",
    "FlowRefused",
    "LegResult",
    "Network",
    "Outcome",
    "Profile",
    "Side",
    "Tells",
    "TwimlRefused",
    "Violation",
    "plan",
    "run",
    "traffic",
]
