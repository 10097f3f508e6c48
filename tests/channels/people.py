"""An API of which two of the operator's people, Ann and Ben, have keys."""

from dataclasses import dataclass, field
from typing import Any

from tests.channels.api import Api, Reply

PEOPLE = ("Ann", "Ben")


@dataclass
class Manned(Api):
    """The API, once its people are hired."""

    secrets_of: dict[str, str] = field(default_factory=dict)

    def hires(self) -> None:
        """Give each of them a key."""
        for name in PEOPLE:
            self.secrets_of[name] = self.created("/operator/keys", name=name)["secret"]

    def signed(self, name: str, path: str, body: Any = None) -> Reply:
        """One of the operator's people posts."""
        return self.send(
            "POST", path, body or {}, headers={"Authorization": f"Bearer {self.secrets_of[name]}"}
        )
