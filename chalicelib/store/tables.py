"""Under which key does a thing lie, and which question does each index answer?

Owns the five tables, their keys, attributes and indexes, and their deployed names. How rows are
read and written belongs to `dynamo`, what they mean to the other modules beside it.

| table | pk | sk | holds |
|---|---|---|---|
| catalog | ADVERTISER#id, PUBLISHER#id, OFFER#id, PLACEMENT#id | META | one thing of the catalog |
| catalog | PLACEMENT#id | COST#cost | what the placement cost over some days |
| catalog | PARTNERSHIP#id | META | a partnership, and what counts for its caps by window |
| catalog | CAMPAIGN#id | META | a campaign, and what it spent by window |
| catalog | PARTNERSHIP#id | TRIALS#campaign | how the partnership's calls on the campaign's targets ended by stretch of 14 days |
| catalog | CAMPAIGN#id | TARGET#id | a target, its leases, its use by window, its latest call, and how its calls ended by stretch of 14 days |
| catalog | TERMS#owner | version | what a campaign, target, offer or partnership said of terms in one version |
| catalog | PUBLISHER#id | PAYEE | how the publisher is paid, with its numbers encrypted |
| catalog | PUBLISHER#id | PAYEE_EVENT#at#id | a change to that, or a reading of a number, and who was told |
| catalog | PUBLISHER#id | SCREENING | what the list of those who may not be paid finds of the publisher, and what the operator decided of it |
| catalog | OPERATOR | SCREENING | which list that is |
| catalog | OPERATOR | ACH | what the operator's bank has agreed with it on ACH files |
| catalog | OPERATOR | SETTINGS | what holds in the whole deployment |
| catalog | OPERATOR | TAX_YEAR#year | from how much on the tax office is told of what was paid in a year |
| catalog | OPERATOR | DUNNING | on which days steps against unpaid invoices come |
| catalog | OPERATOR | ISSUER | who issues the invoices |
| catalog | OPERATOR | RECONCILIATION, RECONCILIATION#carrier | what the latest comparison of each carrier's numbers with the platform's found; Twilio's has no name |
| catalog | OPERATOR | CONNECT | that a number of Amazon Connect was made, the first or the latest one |
| catalog | NUMBER#e164 | META | a tracking number and where it leads |
| catalog | OFFER#id | NUMBER#e164 | every number that ever led to the offer |
| catalog | OFFER#id | GATE | what the offer asks of its callers |
| catalog | KEY#id | META | a key of a publisher, an advertiser or one of the operator's people; its id follows from the hash of its secret |
| catalog | ADVERTISER#id | POSTBACKS | the ids of the secrets that sign an advertiser's postbacks |
| catalog | BLOCK#id | META | an entry of the block list; its id follows from whom it is about and whose it is |
| catalog | BLOCKED#id | META | who blocks the same callers, each until when; the id follows from number, prefix, or none |
| catalog | WHERE#id | META | where a target or a number lies, found by its id |
| catalog | REQUEST#hash | META | what a client's idempotency key made |
| catalog | PARTNER#offer#publisher | META | guards that a publisher has one partnership on an offer |
| calls | CALL#id | META | a call, the reports of ends that came for it, a message that was left on voicemail, what its advertiser says of it last, and how often the operator has reviewed it |
| calls | CALL#id | ASKED | what the caller hears and is asked before anybody is chosen, as it stood when the call came |
| calls | CALL#id | DECISION#n | the trace of routing attempt n |
| calls | CALL#id | SIGNAL#key | one report of the carrier, kept as it came |
| calls | CALL#id | VERDICT | every rule and what it saw, the facts it rests on, the versions of the terms, and how it stood while it waited |
| calls | CALL#id | DISPOSITION#at#id | one disposition of the call; never changed |
| calls | CALL#id | REVIEW#at#id | what the operator decided of the call at one time; never changed |
| calls | CALL#id | POSTBACK#id | one postback for the call; never changed |
| calls | EXTERNAL#advertiser#id | META | which call has this id in an advertiser's own system |
| calls | EVENT#id | META | what became of an advertiser's event when it came first |
| calls | UNMATCHED#advertiser | at#id | feedback that found no call, and the call that it found later; expires |
| calls | PREVIEW#id | META | a file of dispositions that was read, and how far it is applied; expires |
| calls | PREVIEW#id | PART#n | fifty of the file's rows; expires |
| calls | BANKFILE#id | META | a bank's statement that was read, and how far it is booked; expires |
| calls | BANKFILE#id | PART#n | fifty of the statement's lines; expires |
| calls | CALL#id | EXPECTED#n | that attempt n is recorded; expires |
| calls | CALL#id | REPORT#recording#status | one report on a recording, kept as it came; expires |
| calls | CALL#id | RECORDING#recording | what is kept of a recording, and when it was removed |
| calls | RECORDING#id | META | of which call a recording is |
| calls | RECORDING#id | ACCESS#at#id | a link to the recording that was given to somebody |
| calls | FACTS#call | DECISION#n | what routing attempt n looked at, packed; expires |
| calls | CALLER#hash | META | a caller's latest connected and latest approved call on every target, campaign, advertiser and offer |
| calls | TALKED#hash | META | when a caller last talked with which target; expires |
| calls | LINE#hash | META | what the carrier said of a caller's line; expires |
| calls | VELOCITY#offer#hash | META | how often a caller, or a prefix, called by stretch of time; expires |
| books | FUNDS#advertiser | META | what an advertiser may still spend, and what is held of it |
| books | CHARGE#call, EARNING#call | META | the two sides of an approved call |
| books | CREDIT#id | META | what was given back of a call's charge; never changed |
| books | EARNING#credit | META | what a publisher owes of an earning that was in a payout |
| books | REFUND#id, CHARGEBACK#id | META | money that went back to an advertiser, or was taken back |
| books | STRIPE#id | META | what became of an event of Stripe |
| books | EARNING#adjustment, GIVEN_UP#publisher | META | a line of a payout that comes from no call: a reserve, or a debt that was given up; which of a publisher's was the last of these |
| books | INVOICE#id, PAYMENT#id, PAYOUT#id, COUNTER#series | META | documents and their numbers |
| books | TRANSFER#id | META | money that the operator moved between its own accounts; never changed |
| books | PAYPAL_BATCH#id | META | payouts that PayPal is asked to make together, and how far that is |
| books | PAYPAL_ITEM#payout | META | in which batch a payout is, and what PayPal says of it |
| books | TAX_DEPOSIT#id | META | what was withheld and went to the tax office; never changed |
| books | TAX_EXPORT#id | META | that forms of a year were asked for, and who fetched them |
| books | HOLD#id | META | why what a publisher, or one call, has earned is not paid, and since when it is again |
| books | ACH_COUNTER | META | the last trace that was given, and which ACH file is being made |
| books | ACH_FILE#id | META | payouts that the bank is told to make together, and how far that is |
| books | ACH_ENTRY#trace | META | one entry of an ACH file, with the account's number encrypted |
| books | ACH_ANSWERS#id | META | a file that the bank sent back, and how far it is applied |
| books | ACH_ANSWERS#id | PART#n | a hundred of its lines, and what each came to |
| books | PRENOTE#publisher | META | when the account of a publisher was last asked for |
| books | TOPUP#advertiser | META | the last page that the advertiser was given to top up on |
| books | SHORTFALL#advertiser | META | whether the balance of a prepaid advertiser is low, and the mail that told it so |
| books | CUT#advertiser | META | how often a period of the advertiser has ended early at its threshold, and what the last time billed |
| books | PAPER#invoice, PAPER#credit, PAPER#payout#state | META | whether what is printed of an invoice, of a credit note, or of a payout in a state, is kept, and whether it is still to be mailed |
| books | CLOSING#id | META | a run that closes party by party |
| books | CLOSING#id | PARTY#party | what the run has done for an advertiser or a publisher, and what it waits for |
| books | DUNNED#invoice#step | META | that a step was taken against an unpaid invoice |
| books | PAUSED#campaign | META | that a campaign was paused for an invoice, and at which version |
| books | MAIL#invoice#n, MAIL#credit#n, MAIL#payout#n | META | the n-th mail about an invoice, a credit note or the statement of a payout, and what became of it |
| ledger | ENTRY#id | META | an entry with its legs; never changed |
| ledger | ACCOUNT#account#shard | booked_at#entry#n | one leg, for the account's history; never changed |
| ledger | CHECKPOINT#account#shard | day | what a shard of an account comes to at the end of a day, and the hash of its chain; never changed |
| ledger | SEALS | day | all checkpoints of a day in one hash, which holds that of the day before; never changed |
| catalog | POOL#id | META | a pool of numbers |
| catalog | POOL#id | SITE#site | every site that ever showed numbers of the pool |
| catalog | SITE#id | META | a site, with the pools whose numbers it shows |
| visits | VISIT#id | META | a visit; expires |
| visits | VISIT#id | CALL#arrived_at#call | that the call belongs to the visit |
| visits | POOL#id | SIZE | how many slots the pool has in each area, as of which change of its numbers |
| visits | POOL#id | SLOT#area#n | a number of the pool, who has it now, and who had it before |
| visits | POOL#id | LENT#area#n | what is known of the visits that have and had the number |
| visits | POOL#id | PURCHASE#id | which numbers are bought for the pool; expires once they are |
| visits | POOL#id | GROWTH#hour | what was decided in the hour about how many numbers the pool has; expires |
| visits | POOL#id | TALLY#hour#shard | arrivals, overflows and collisions of an hour, over 32 rows; expires |
| visits | POOL#id | TALLY#hour#CALLSshard | calls of an hour that kept a number of the pool, over 16 rows; expires |
| visits | LIMIT#site#shard | MINUTE#n | how many visits began on the site in a minute; expires |
| visits | ADDRESS#hash | META | how many visits of one address began on one site in one minute; expires |

| index | question |
|---|---|
| catalog.by_kind (kind, id) | all things of one kind, in the order of creation; the keys of one account (kind key#account; those of the operator's people key#operator); changes of which somebody is still to be told (kind payee_notice); publishers that a list keeps from being paid (kind screening) |
| catalog.by_offer (offer_id, id) | numbers, partnerships, placements and block entries of an offer |
| calls.by_month (month, started_key) | all calls, newest first |
| calls.by_campaign, calls.by_publisher | the calls of one campaign, of one publisher |
| calls.by_due (due, due_at) | calls that are not judged and are due for a look; recordings that are not done with; feedback that waits for its call; files that are being applied |
| books.by_kind (kind, created_key) | all documents of one kind, and all runs of the closing |
| books.by_open (open, open_key) | what waits: charges to invoice, invoices to be paid, invoices and credit notes to be printed or mailed, void ones with charges to give back, written-off ones with calls to look through, campaigns paused until money comes, earnings to release or pay, held ones and reserves; payouts that are to be made, by method, that came back, or have earnings to give back; batches for PayPal that are due; what holds a publisher's money; ACH files that are to be settled; exports for the tax office that are to be written; the credits of an advertiser |
| books.by_document (document_id, id) | the charges of an invoice, the earnings of a payout, the items of a batch for PayPal |
| ledger.by_month (month, booked_key) | all entries of a month |
| visits.by_site (site_id, id) | the visits of a site, in the order of their beginning |
"""

from typing import Any

from pynamodb.attributes import BinaryAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib import runtime
from chalicelib.store.rows import META


class _Meta:
    """What all tables share."""

    billing_mode = "PAY_PER_REQUEST"


def table_name(table: str) -> str:
    """The deployed name of a table."""
    return runtime.settings().table_prefix + table


def _index(name: str, partition: str, order: str) -> Any:
    """An index over two of a table's attributes; it holds whole rows that have both."""

    class Meta:
        index_name = name
        projection = AllProjection()

    attributes = {
        "Meta": Meta,
        partition: UnicodeAttribute(hash_key=True),
        order: UnicodeAttribute(range_key=True),
    }
    return type(name, (GlobalSecondaryIndex,), attributes)()


class CatalogRow(Model):
    """One thing of the catalog; `leases`, `used` and `spent` move while calls are live."""

    class Meta(_Meta):
        table_name = table_name("catalog")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=META)
    kind = UnicodeAttribute(null=True)
    id = UnicodeAttribute(null=True)
    offer_id = UnicodeAttribute(null=True)
    version = NumberAttribute(null=True)
    doc = UnicodeAttribute()
    leases: MapAttribute[str, Any] = MapAttribute(null=True)
    used: MapAttribute[str, Any] = MapAttribute(null=True)
    spent: MapAttribute[str, Any] = MapAttribute(null=True)
    by_kind = _index("by_kind", "kind", "id")
    by_offer = _index("by_offer", "offer_id", "id")


class CallRow(Model):
    """A call, a decision or its facts, a signal, a verdict, a recording or a report on it, what an
    advertiser says or the operator decides, a caller's last approved call or line, or a tally."""

    class Meta(_Meta):
        table_name = table_name("calls")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=META)
    doc = UnicodeAttribute()
    status = UnicodeAttribute(null=True)
    attempt = NumberAttribute(null=True)
    revision = NumberAttribute(null=True)
    month = UnicodeAttribute(null=True)
    started_key = UnicodeAttribute(null=True)
    campaign_id = UnicodeAttribute(null=True)
    publisher_id = UnicodeAttribute(null=True)
    due = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    voicemail = UnicodeAttribute(null=True)
    credited_cents = NumberAttribute(null=True)
    disposition = UnicodeAttribute(null=True)
    disposition_id = UnicodeAttribute(null=True)
    external_id = UnicodeAttribute(null=True)
    reviews = NumberAttribute(null=True)
    facts = BinaryAttribute(null=True, legacy_encoding=False)
    deleted_at = UnicodeAttribute(null=True)
    carrier_deleted_at = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    by_month = _index("by_month", "month", "started_key")
    by_campaign = _index("by_campaign", "campaign_id", "started_key")
    by_publisher = _index("by_publisher", "publisher_id", "started_key")
    by_due = _index("by_due", "due", "due_at")


class BookRow(Model):
    """Money that may be spent, charges, earnings and documents."""

    class Meta(_Meta):
        table_name = table_name("books")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=META)
    kind = UnicodeAttribute(null=True)
    id = UnicodeAttribute(null=True)
    created_key = UnicodeAttribute(null=True)
    open = UnicodeAttribute(null=True)
    open_key = UnicodeAttribute(null=True)
    document_id = UnicodeAttribute(null=True)
    doc = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    available_cents = NumberAttribute(null=True)
    held_cents = NumberAttribute(null=True)
    amount_cents = NumberAttribute(null=True)
    paid_cents = NumberAttribute(null=True)
    reduced_cents = NumberAttribute(null=True)
    credited_cents = NumberAttribute(null=True)
    credited_tax_cents = NumberAttribute(null=True)
    returned_cents = NumberAttribute(null=True)
    version = NumberAttribute(null=True)
    claimed = NumberAttribute(null=True)
    hold_id = UnicodeAttribute(null=True)
    reserve_kept_cents = NumberAttribute(null=True)
    reserve_back_cents = NumberAttribute(null=True)
    by_kind = _index("by_kind", "kind", "created_key")
    by_open = _index("by_open", "open", "open_key")
    by_document = _index("by_document", "document_id", "id")


class LedgerRow(Model):
    """An entry, one of its legs in an account's history, a checkpoint of that, or the seal of a
    day; written once."""

    class Meta(_Meta):
        table_name = table_name("ledger")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=META)
    month = UnicodeAttribute(null=True)
    booked_key = UnicodeAttribute(null=True)
    doc = UnicodeAttribute(null=True)
    payload_hash = UnicodeAttribute(null=True)
    amount_cents = NumberAttribute(null=True)
    entry_id = UnicodeAttribute(null=True)
    head = UnicodeAttribute(null=True)
    legs = NumberAttribute(null=True)
    checkpoints = NumberAttribute(null=True)
    by_month = _index("by_month", "month", "booked_key")


class VisitRow(Model):
    """A visit, a slot of a pool with what it is lent to, or a count; times are epoch seconds."""

    class Meta(_Meta):
        table_name = table_name("visits")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=META)
    doc = UnicodeAttribute(null=True)
    id = UnicodeAttribute(null=True)
    site_id = UnicodeAttribute(null=True)
    sizes: MapAttribute[str, Any] = MapAttribute(null=True)
    version = NumberAttribute(null=True)
    e164 = UnicodeAttribute(null=True)
    visit_id = UnicodeAttribute(null=True)
    since = NumberAttribute(null=True)
    seen_at = NumberAttribute(null=True)
    until = NumberAttribute(null=True)
    kept_until = NumberAttribute(null=True)
    before_visit_id = UnicodeAttribute(null=True)
    before_since = NumberAttribute(null=True)
    before_seen_at = NumberAttribute(null=True)
    visits: MapAttribute[str, Any] = MapAttribute(null=True)
    leaving_at = NumberAttribute(null=True)
    releases = NumberAttribute(null=True)
    releasing = UnicodeAttribute(null=True)
    call_id = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    by_site = _index("by_site", "site_id", "id")


ALL_TABLES: tuple[type[Model], ...] = (CatalogRow, CallRow, BookRow, LedgerRow, VisitRow)
