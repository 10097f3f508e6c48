"""What is everything called in one stage?

Owns the names of functions, stacks and resources, and the environment that
functions are given. It creates nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

APP_NAME = "ringledger"
API_STAGE = "api"
API_FUNCTION = "api_handler"
FUNCTIONS = (
    API_FUNCTION, "voice", "dni", "validate", "settle", "recordings", "sweep", "bill", "reconcile",
    "paypal", "ach", "tax", "seal", "close", "closing", "connect", "contacts",
)  # fmt: skip
TWILIO_API_URL = "https://api.twilio.com"

_STAGE_NAME = re.compile(r"[a-z][a-z0-9]{0,19}")


class Stopped(Exception):
    """Infrastructure work cannot go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment of RingLedger; raises `Stopped` for a name AWS would refuse."""

    name: str

    def __post_init__(self) -> None:
        if not _STAGE_NAME.fullmatch(self.name):
            raise Stopped(
                f"'{self.name}' cannot name a stage: use 1 to 20 lower-case letters and "
                "digits, a letter first. For example: make deploy STAGE=prod"
            )

    @property
    def prefix(self) -> str:
        return f"{APP_NAME}-{self.name}-"

    @property
    def state_stack(self) -> str:
        return f"{APP_NAME}-{self.name}-state"

    @property
    def app_stack(self) -> str:
        return f"{APP_NAME}-{self.name}-app"

    @property
    def parameter_path(self) -> str:
        return f"/{APP_NAME}/{self.name}"

    def function(self, name: str) -> str:
        """The Lambda name that Chalice gives the function `name`; the API has the stage's own."""
        return self.prefix[:-1] if name == API_FUNCTION else self.prefix + name


def environment(
    stage: Stage, outputs: Mapping[str, str], *, twilio_api_url: str = TWILIO_API_URL
) -> dict[str, str]:
    """The environment of every function, from the outputs of the state stack."""
    return {
        "RINGLEDGER_STAGE": stage.name,
        "RINGLEDGER_TABLE_PREFIX": stage.prefix,
        "RINGLEDGER_DOCUMENTS_BUCKET": outputs["DocumentsBucket"],
        "RINGLEDGER_RECORDINGS_BUCKET": outputs["RecordingsBucket"],
        "RINGLEDGER_SETTLE_QUEUE_URL": outputs["SettleQueueUrl"],
        "RINGLEDGER_RECORDINGS_QUEUE_URL": outputs["RecordingsQueueUrl"],
        "RINGLEDGER_CLOSING_QUEUE_URL": outputs["ClosingQueueUrl"],
        "RINGLEDGER_VALIDATE_FAILED_QUEUE_URL": outputs["ValidateFailedQueueUrl"],
        "RINGLEDGER_SETTLE_DEAD_QUEUE_URL": outputs["SettleDeadQueueUrl"],
        "RINGLEDGER_RECORDINGS_DEAD_QUEUE_URL": outputs["RecordingsDeadQueueUrl"],
        "RINGLEDGER_CLOSING_DEAD_QUEUE_URL": outputs["ClosingDeadQueueUrl"],
        "RINGLEDGER_CALLS_STREAM_ARN": outputs["CallsStreamArn"],
        "RINGLEDGER_PAYEES_KEY_ARN": outputs["PayeesKeyArn"],
        "RINGLEDGER_PARAMETER_PATH": stage.parameter_path,
        "RINGLEDGER_TWILIO_API_URL": twilio_api_url,
    }
