"""How does a person read the description of the API?

Owns the page of the reference that is made from the OpenAPI document: what holds for every route,
then each route, then each document with its fields.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_INTRO = """# The API

Made from the routes and schemas in `chalicelib/channels/` by `python -m infra.openapi`. The same
description for programs, in OpenAPI 3.1, is `chalicelib/assets/openapi.json`, which a deployment
hands out at `/v1/openapi.json`.

## What holds for every route

**Who asks.** `Authorization: Bearer <key>` on every request but the public ones. Without a key that
is in force nothing is read or written, and the answer is 401. The operator's key opens every route
that does not say otherwise. A key of a publisher or an advertiser opens the routes that name it,
and shows that account's own side: what is another's is not found (404), and a route that does not
name it is refused (403). A paused account may read and change nothing; the keys of an archived one
open nothing.

**Bodies** are JSON objects in UTF-8, each field of exactly its type: `"5"` is no number, `true` is
no number, `5.0` is no whole number. A field that is not listed below is a fault. Money is whole
cents, times are RFC 3339 in UTC, telephone numbers are read in any punctuation with their country
code and answered in E.164.

**Lists** take `limit` (1 to 200, 50 unless said) and `cursor`, and answer
`{"data": [...], "next_cursor": "..."}`; `next_cursor` is null on the last page. A page that a
filter had to search for may be shorter than its limit. A cursor holds for the list and the filters
it was made for.

**Changes** are JSON Merge Patch (RFC 7396): a member that is not named stays, null takes it back to
its default, lists are replaced whole. Every thing has a `version`, which is also its `ETag`. With
`If-Match`, or with `version` in the body, a change is refused when the thing has moved on. A change
that changes nothing keeps the version. PUT replaces a document whole, under `If-Match` alone.

**Archiving** (DELETE) keeps the thing and its history, and answers it; doing it again changes
nothing. PATCH `state` brings it back. A number is also released at the carrier, so that it only
comes back by being bought or imported again, once it has rested. A partnership ends instead:
applied -> approved, approved <-> paused, any of these -> ended, ended -> applied.

**Repetition.** A POST that creates takes an `Idempotency-Key` (1 to 255 visible ASCII characters).
The same key with the same content makes the thing once: the repetition is answered with the thing
as it stands, and `Idempotency-Hit: true`. With other content it is refused. Payments are also made
once by their `reference`. The secret of a key is shown once: a repetition shows the key without it.

**Refusals** are Problem Details (RFC 9457) with a stable `code`. Code `invalid` names every fault
in `invalid_parameters`, each with its `field`, a stable `rule` and a `reason`.

| status | code | meaning |
|---|---|---|
| 400 | `invalid` | the request breaks rules, all named |
| 400 | `malformed_body` | the body is not a JSON object |
| 400 | `invalid_token` | the token of a visit was not made here, or for another site |
| 401 | `unauthenticated` | no key, or none that is in force |
| 401 | `bad_signature` | no secret in force has signed the postback; PayPal did not send it |
| 401 | `expired_signature` | a postback was signed more than 5 minutes ago, or ahead |
| 403 | `forbidden` | the route is not for a key of this kind |
| 403 | `foreign_origin` | the page is on none of the site's domains ([DNI endpoint](dni.md)) |
| 403 | `second_operator` | whoever approved it may not release it too |
| 403 | `personal_key_needed` | the deployment's own key is nobody's: use one of your people's |
| 403 | `account_paused` | the account is paused and may only read |
| 404 | `not_found` | there is no such thing, or it is not yours |
| 404 | `unknown_site` | there is no such site, or it is not active |
| 409 | `version_mismatch` | the thing has moved on from the version named |
| 409 | `number_taken` | the telephone number is a tracking number already |
| 409 | `number_resting` | the telephone number was released, and rests for some days |
| 409 | `number_unavailable` | the carrier does not lend this telephone number |
| 409 | `carrier_not_set_up` | the deployment has no account with the carrier that is named |
| 409 | `partnership_exists` | the publisher is on the offer already |
| 409 | `account_archived` | an archived account gets no key |
| 409 | `block_exists` | the same callers are blocked there already |
| 409 | `payment_reference_reused` | the reference has recorded another payment |
| 409 | `year_not_over` | the forms of a year are written once it is over |
| 409 | `threshold_unknown` | nobody has said from how much on the year is told of |
| 409 | `payer_incomplete` | a form names its payer: say the issuer whole |
| 409 | `export_not_done` | the files are being written |
| 409 | `export_gone` | the files are there for a day: ask for another export |
| 409 | `tax_deposit_differs` | the reference has recorded another deposit |
| 409 | `no_advertiser` | no advertiser has the call of which something is said |
| 409 | `external_id_taken` | the advertiser's own id stands for another call |
| 409 | `event_id_reused` | the event came with other content before |
| 409 | `too_many_secrets` | two secrets are in force: revoke one first |
| 409 | `batch_unsure` | PayPal may have the batch: look there first |
| 409 | `ach_not_set_up` | say first how you pay by ACH |
| 409 | `file_open` | another ACH file is being made: release or discard it first |
| 409 | `file_state` | the ACH file is not in the state for this step |
| 409 | `batch_state` | the batch for PayPal is not in the state for this step |
| 409 | `file_not_fetched` | nobody has brought the ACH file to the bank |
| 409 | `too_many_at_once` | so many payouts wait that the clock drafts their file |
| 409 | `answers_differ` | the bank's file was begun to be applied in the other way |
| 409 | `payout_in_file` | the bank carries the payout: its files tell what becomes of it |
| 409 | `payout_in_batch` | PayPal makes the payout, and tells what becomes of it |
| 409 | `conflict` | what is stored says otherwise |
| 413 | `body_too_large` | a body holds at most 128 KiB |
| 413 | `too_large` | a page's body holds at most 8 KiB ([DNI endpoint](dni.md)) |
| 415 | `unsupported_media_type` | send `application/json` |
| 422 | `idempotency_key_reused` | the key was used with other content |
| 422 | `carrier_refused` | the carrier will not do what this needs; its own words follow |
| 422 | `paypal_refused` | PayPal will not do what this needs; its own words follow |
| 422 | `not_at_paypal` | PayPal has no such batch or item |
| 422 | `paypal_batch_unnamed` | PayPal has taken the batch before, and does not say as which |
| 422 | `paypal_not_set_up` | the stage has no credentials of PayPal |
| 422 | `no_voice_url` | the stage is not wired to its voice URL yet; deploy it |
| 422 | `no_dni_url` | the stage is not wired to its DNI URL yet; deploy it |
| 429 | `rate_limited` | the site began as many visits as it may in a minute: `Retry-After` |
| 500 | `failed` | the platform failed, not you; quote the `instance` to its operator |
| 503 | `busy` | try again in a moment; a creation safely so with its `Idempotency-Key` |
| 503 | `carrier_away` | the carrier gives no answer; send the request again, it goes on |
| 503 | `paypal_away` | PayPal gives no answer; send the request again |

Rules of faults: `required`, `unknown_field`, `type`, `range`, `length`, `format`, `choice`, `e164`,
`sip`, `zone`, `overlap`, `unknown_parameter`, `repeated`, `exclusive`, `cursor`,
`filter`, `unknown_reference`, `archived_reference`, `currency_mismatch`, `currency_of_advertiser`,
`placement_mismatch`, `no_partnership`, `partnership_ended`, `transition`, `fixed`, `prepaid`,
`positive`, `released`, `duplicate_row`, `encoding`, `more`. Of files of
a bank besides: `kind`, `order`, `cut_short`, `characters`, `control`, `addenda`, `code`,
`other_company`, `other_bank`, `unknown_trace`, `not_sent`, `amount`, `routing_number`,
`check_digit`.
"""


def page(document: Json) -> str:
    """The page for an OpenAPI document."""
    parts = [_INTRO, "## Routes\n"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append("\n".join(_route(method.upper(), path, operation)))
    parts.append("## Documents\n")
    parts += [
        "\n".join(_schema(name, schema))
        for name, schema in document["components"]["schemas"].items()
        if not name.endswith("Patch")
    ]
    return "\n".join(parts).rstrip() + "\n"


def _route(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"### `{method} {path}`\n"
    yield f"{operation['summary']}.{_askers(operation)}\n"
    for parameter in operation["parameters"]:
        if parameter["in"] != "path":
            yield f"- {parameter['in']} `{parameter['name']}`: {parameter['description']}"
    if "requestBody" in operation:
        media, content = next(iter(operation["requestBody"]["content"].items()))
        yield f"- body: {_type(content['schema'])} (`{media}`)"
    for status, answer in operation["responses"].items():
        for media, content in answer.get("content", {}).items():
            yield f"- answers {status}: {_type(content['schema'])} (`{media}`)"
    yield ""


def _askers(operation: Json) -> str:
    """Who may ask, where it is not the operator alone."""
    if "security" not in operation:
        return ""
    kinds = [kind for asked in operation["security"] for kind in asked]
    return f" For: {', '.join(kinds)}." if kinds else " No key is asked for."


def _schema(name: str, schema: Json) -> Iterator[str]:
    yield f'### <a id="{name.lower()}"></a>{name}\n'
    if "description" in schema:
        yield " ".join(schema["description"].split()) + "\n"
    if "enum" in schema:
        yield "One of: " + ", ".join(f"`{value}`" for value in schema["enum"]) + ".\n"
    if "properties" not in schema:
        return
    yield "| field | type | unless said | about |"
    yield "|---|---|---|---|"
    required = schema.get("required", ())
    for field, form in schema["properties"].items():
        unless = "required" if field in required else _default(form)
        yield f"| `{field}` | {_type(form)} | {unless} | {_about(form)} |"
    yield ""


def _default(form: Json) -> str:
    if "default" not in form:
        return ""
    value = form["default"]
    if isinstance(value, dict | list):
        return ""
    return f"`{'null' if value is None else value}`"


def _type(form: Json) -> str:
    if "$ref" in form:
        name = form["$ref"].rpartition("/")[2]
        if name.endswith("Patch"):
            name = f"{name.removesuffix('Patch')}Body"
            return f"any members of [{name}](#{name.lower()})"
        return f"[{name}](#{name.lower()})"
    for union in ("anyOf", "allOf"):
        if union in form:
            return " or ".join(_type(one) for one in form[union])
    if form.get("type") == "array":
        return f"list of {_type(form['items'])}"
    if "data" in form.get("properties", {}):
        return f"page of {_type(form['properties']['data']['items'])}"
    kind = form.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _about(form: Json) -> str:
    """Description and bounds, of the field itself or of what it may be besides null."""
    said = [form, *form.get("anyOf", ())]
    words = [" ".join(one["description"].split()) for one in said if "description" in one]
    for one in said:
        low, high = one.get("minimum"), one.get("maximum")
        if low is not None and high is not None:
            words.append(f"{low} to {high}")
        if "maxLength" in one:
            words.append(f"at most {one['maxLength']} characters")
        if "pattern" in one:
            words.append(f"`{one['pattern']}`".replace("|", "\\|"))
    return "; ".join(words)
