"""Who bills, and who is billed?

Owns what an invoice says of its two sides: legal names, addresses, where the money goes, the tax
that is added, and which characters can be printed. What is billed belongs to `invoices`.
"""

from dataclasses import dataclass

_BASIS_POINTS = 10_000
_PRINTED = (
    (0x20, 0x7E),
    (0xA1, 0xAC),
    (0xAE, 0x2AF),
    (0x370, 0x377),
    (0x37A, 0x37F),
    (0x384, 0x38A),
    (0x38C, 0x38C),
    (0x38E, 0x3A1),
    (0x3A3, 0x482),
    (0x48A, 0x525),
    (0x531, 0x556),
    (0x559, 0x55F),
    (0x561, 0x587),
    (0x10D0, 0x10FC),
    (0x1E00, 0x1EFB),
    (0x2010, 0x2015),
    (0x2018, 0x2022),
    (0x2026, 0x2026),
    (0x2030, 0x203A),
    (0x20A0, 0x20B5),
    (0x2116, 0x2116),
    (0x2122, 0x2122),
)
"""Latin, Greek, Cyrillic, Armenian and Georgian, with punctuation and currencies, first to last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where somebody gets letters; `country` has two letters (ISO 3166)."""

    street: tuple[str, ...]
    city: str
    region: str | None = None
    postal_code: str | None = None
    country: str = "US"

    @property
    def lines(self) -> tuple[str, ...]:
        """As it is written on a letter; the country only abroad."""
        place = " ".join(part for part in (self.region, self.postal_code) if part)
        town = f"{self.city}, {place}" if place else self.city
        return (*self.street, town, *(() if self.country == "US" else (self.country,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BillTo:
    """How an advertiser is billed: whoever owes, and the order that its own books ask for."""

    legal_name: str
    address: Address | None = None
    purchase_order: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """Whose address mails come from, and where the API is that their links lead to, without a
    trailing slash."""

    sender: str
    api_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The operator as its invoices name it; version 0 was never said.

    `tax_basis_points` hundredths of a percent are added to what is billed, and the line is there at
    0 too. `logo_key` names the picture among the documents; another picture has another name.
    Whoever disagrees with a charge tells `dispute_contact` within `dispute_days` of the issue.
    Without `mail` nothing is mailed. A payer's browser goes to `paid_url` from a page that it was
    given to top up on; without it nobody is given one.
    """

    legal_name: str | None = None
    address: Address | None = None
    tax_id: str | None = None
    remit_to: tuple[str, ...] = ()
    dispute_contact: str | None = None
    dispute_days: int = 10
    tax_name: str = "Sales tax"
    tax_basis_points: int = 0
    mail: Mailing | None = None
    paid_url: str | None = None
    logo_key: str | None = None
    version: int = 0

    @property
    def missing(self) -> tuple[str, ...]:
        """What a complete invoice says and this issuer has not been told yet."""
        names = ("legal_name", "address", "remit_to", "dispute_contact")
        return tuple(name for name in names if not getattr(self, name))


def tax_cents(amount_cents: int, basis_points: int) -> int:
    """The tax on a positive amount, to the nearest cent; half a cent is rounded up."""
    return (amount_cents * basis_points + _BASIS_POINTS // 2) // _BASIS_POINTS


def unprintable(text: str) -> str:
    """The characters of the text that an invoice has no letters for, each once, in order."""
    return "".join(dict.fromkeys(one for one in text if not _is_printed(ord(one))))


def legible(name: str) -> str:
    """A name that was never meant for paper, with ? where there are no letters for it."""
    return "".join(one if _is_printed(ord(one)) else "?" for one in name)


def _is_printed(point: int) -> bool:
    return any(first <= point <= last for first, last in _PRINTED)
