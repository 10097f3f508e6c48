"""Where is the platform, and as whom does the carrier speak to it?

Reads the file that a local deployment leaves behind; every value can be overridden.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit


class Unusable(Exception):
    """What was given cannot be worked with; the message says what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The two URLs of a number, the account, and where the carrier's REST API is expected; for
    Amazon Connect the AWS where the functions are, and where the instance's API is expected.

    `api` is the platform's own API, only for telling a person where to look.
    """

    voice_inbound: str = ""
    voice_status: str = ""
    account_sid: str = ""
    auth_token: str = ""
    twilio_api: str = ""
    api: str = ""
    aws: str = ""
    region: str = ""
    connect_api: str = ""
    connect_instance_id: str = ""
    connect_function: str = ""
    contacts_function: str = ""

    @property
    def rest_address(self) -> tuple[str, int] | None:
        """Host and port of the REST side; `None` when nobody expects one."""
        return _address(self.twilio_api)

    @property
    def connect_address(self) -> tuple[str, int] | None:
        """Host and port of the instance's API; `None` when nobody expects one."""
        return _address(self.connect_api)


_NAMES = {
    "account_sid": "twilio_account_sid",
    "auth_token": "twilio_auth_token",
}
"""What the file calls by another name."""

_REQUIRED = {
    "voice_inbound": "--inbound",
    "voice_status": "--status",
    "account_sid": "--account-sid",
    "auth_token": "--auth-token",
}
_CONNECTS = ("aws", "region", "connect_instance_id", "connect_function", "contacts_function")


def load(path: Path, overrides: Mapping[str, str | None], *, on_connect: bool = False) -> Endpoints:
    """The endpoints of a file, flags going before it; raises `Unusable`, naming what lacks for
    calls by Twilio, or else on Amazon Connect."""
    given = {key: value for key, value in overrides.items() if value is not None}
    row = _read(path, needed=on_connect or not given.keys() >= _REQUIRED.keys())
    names = (field.name for field in fields(Endpoints))
    found = {name: row.get(_NAMES.get(name, name), "") for name in names} | given
    if on_connect and (missing := [name for name in _CONNECTS if not found[name]]):
        raise Unusable(f"{path} does not say {', '.join(missing)}: start the platform (make up)")
    missing = [] if on_connect else [flag for name, flag in _REQUIRED.items() if not found[name]]
    if missing:
        raise Unusable(f"{path} does not say {', '.join(missing)}: give them as flags")
    return Endpoints(**found)


def _address(url: str) -> tuple[str, int] | None:
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.port is None:
        raise Unusable(f"the REST side needs http://HOST:PORT, not {url!r}")
    return parts.hostname, parts.port


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
