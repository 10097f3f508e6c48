"""Of what does a record of the calls stream tell?

Owns reading the stream's records, whoever hands them over: Lambda, or the stream itself. What
follows from them belongs to the channels and flows.
"""

from typing import Any

from chalicelib.recording import ReportStatus

StreamRecord = dict[str, Any]
_REPORT = "REPORT#"
_TELLING = ("SIGNAL#", "DISPOSITION#", "POSTBACK#", "REVIEW#")


def told_call(record: StreamRecord) -> str | None:
    """The call of which a new signal, disposition, postback or review tells; KeyError for a record
    without its keys."""
    pk, sk = _new_row(record)
    return pk.removeprefix("CALL#") if sk.startswith(_TELLING) else None


def finished_recording(record: StreamRecord) -> tuple[str, str] | None:
    """The call and the recording of which a new report says that it has media; KeyError for a
    record without its keys."""
    pk, sk = _new_row(record)
    if not sk.startswith(_REPORT) or not sk.endswith(f"#{ReportStatus.COMPLETED}"):
        return None
    return pk.removeprefix("CALL#"), sk.split("#")[1]


def _new_row(record: StreamRecord) -> tuple[str, str]:
    """The keys of a row that was not there before; empty for any other change."""
    keys = record["dynamodb"]["Keys"]
    pk, sk = str(keys["pk"]["S"]), str(keys["sk"]["S"])
    return (pk, sk) if record["eventName"] == "INSERT" else ("", "")
