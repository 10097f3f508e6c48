"""Two advertisers, each with a call, who tell over HTTP what their calls came to."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.postback_signatures import Signed, query_content, signature_of
from tests.channels.api import Api, Market, Party, Reply
from tests.world import World

Json = dict[str, Any]
E164 = ("+18005550100", "+18005550101")
CALLERS = ("+14155550100", "+14155550101")
NO_CALL = f"call_{'0' * 26}"


@dataclass
class Buyers:
    """Two markets on one deployment, each with a judged call."""

    api: Api = field(default_factory=Api)
    markets: tuple[Market, ...] = field(init=False)
    calls: list[str] = field(init=False)
    parties: tuple[Party, ...] = field(init=False)
    secrets: tuple[Json, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.markets = tuple(Market(self.api, e164=e164) for e164 in E164)
        self.parties = tuple(Party(self.api, one.advertiser, "advertiser") for one in self.markets)
        for party in self.parties:
            self.api.created(
                "/payments", advertiser_id=party.id, reference=party.id, amount_cents=1_000_000,
                currency="USD",
            )  # fmt: skip
        self.calls = [self.talks(n, f"CA{n}") for n in range(2)]
        self.secrets = tuple(
            self.api.created(f"/advertisers/{party.id}/postback-secrets") for party in self.parties
        )

    @property
    def world(self) -> World:
        """The telephone side of the deployment, now."""
        return World(self.api.rows, now=self.api.now)

    @property
    def advertiser(self) -> Party:
        """The first advertiser."""
        return self.parties[0]

    @property
    def publisher(self) -> Party:
        """The publisher of the first market."""
        return Party(self.api, self.markets[0].publisher, "publisher")

    def talks(self, n: int, carrier_call_id: str) -> str:
        """A caller talks with the n-th advertiser; the call's id."""
        self.world.talks(carrier_call_id, seconds=130, e164=E164[n], caller=CALLERS[n])
        return self.world.call(carrier_call_id).id

    def disposes(self, call_id: str, **body: Any) -> Reply:
        """The first advertiser says what a call came to."""
        return self.advertiser.send("PUT", f"/calls/{call_id}/disposition", body)

    def previews(self, *lines: str, of: int = 0) -> Reply:
        """An advertiser sends a file."""
        raw = "\n".join(lines).encode()
        party = self.parties[of]
        return party.send("POST", "/dispositions/preview", raw, Content_Type="text/csv")

    def applies(self, preview: Json) -> Reply:
        """The first advertiser has the next rows of its file applied."""
        body = {"preview_id": preview["id"]}
        return self.advertiser.send("POST", "/dispositions/apply", body)

    def unmatched(self) -> list[Json]:
        """What the first advertiser told that has no call."""
        listed: list[Json] = self.advertiser.get("/dispositions/unmatched").body["data"]
        return listed

    def said(self, call_id: str) -> Json:
        """All that was said of a call, as the operator reads it."""
        body: Json = self.api.get(f"/calls/{call_id}/dispositions").body
        return body

    def signed(self, method: str, content: bytes, **changed: str) -> Signed:
        """What the first advertiser's own system signs now."""
        bare = Signed(
            method=method,
            advertiser_id=self.advertiser.id,
            timestamp=str(int(self.api.now.timestamp())),
            signature="",
            content=content,
        )
        signature = signature_of(bare, self.secrets[0]["secret"])
        known = {"advertiser_id": bare.advertiser_id, "timestamp": bare.timestamp}
        return Signed(
            method=method, content=content, **{**known, "signature": signature, **changed}
        )

    def posts_back(self, body: bytes, **changed: str) -> Reply:
        """The first advertiser's own system posts back, with some of it changed after signing."""
        signed = self.signed("POST", body, **changed)
        headers = {
            "Authorization": "",
            "RingLedger-Timestamp": signed.timestamp,
            "RingLedger-Signature": signed.signature,
        }
        path = f"/postbacks?advertiser_id={signed.advertiser_id}"
        return self.api.send("POST", path, body, headers=headers)

    def gets_back(self, **said: str) -> Reply:
        """The first advertiser's own system calls a URL."""
        signed = self.signed("GET", query_content(said))
        return self.api.get(
            "/postbacks", advertiser_id=signed.advertiser_id, timestamp=signed.timestamp,
            signature=signed.signature, **said,
        )  # fmt: skip
