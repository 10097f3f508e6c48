"""Where is the platform, and as whom does the carrier speak to it?

Reads the file that a local deployment leaves behind; every value can be overridden.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


class Unusable(Exception):
    """What was given cannot be worked with; the message says what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The two URLs of a number, the account, and where the carrier's REST API is expected.

    `api` is the platform's own API, only for telling a person where to look.
    """

    voice_inbound: str
    voice_status: str
    account_sid: str
    auth_token: str
    twilio_api: str = ""
    api: str = ""

    @property
    def rest_address(self) -> tuple[str, int] | None:
        """Host and port of the REST side; `None` when nobody expects one."""
        if not self.twilio_api:
            return None
        parts = urlsplit(self.twilio_api)
        if parts.scheme != "http" or not parts.hostname or parts.port is None:
            raise Unusable(f"the REST side needs http://HOST:PORT, not {self.twilio_api!r}")
        return parts.hostname, parts.port


_REQUIRED = {
    "voice_inbound": "--inbound",
    "voice_status": "--status",
    "account_sid": "--account-sid",
    "auth_token": "--auth-token",
}


def load(path: Path, overrides: Mapping[str, str | None]) -> Endpoints:
    """The endpoints of a file, flags going before it; raises `Unusable`, naming what lacks."""
    given = {key: value for key, value in overrides.items() if value is not None}
    row = _read(path, needed=not given.keys() >= _REQUIRED.keys())
    found = {
        "voice_inbound": row.get("voice_inbound", ""),
        "voice_status": row.get("voice_status", ""),
        "account_sid": row.get("twilio_account_sid", ""),
        "auth_token": row.get("twilio_auth_token", ""),
        "twilio_api": row.get("twilio_api", ""),
        "api": row.get("api", ""),
    } | given
    missing = [flag for name, flag in _REQUIRED.items() if not found[name]]
    if missing:
        raise Unusable(f"{path} does not say {', '.join(missing)}: give them as flags")
    return Endpoints(**found)


def _read(path: Path, *, needed: bool) -> dict[str, str]:
    if not path.exists():
        if needed:
            flags = ", ".join(_REQUIRED.values())
            raise Unusable(f"there is no {path}: start the platform (make up), or give {flags}")
        return {}
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise Unusable(f"{path} is no JSON: {fault}; start the platform again") from fault
    if not isinstance(row, dict):
        raise Unusable(f"{path} holds no JSON object; start the platform again")
    return {key: value for key, value in row.items() if isinstance(value, str)}
