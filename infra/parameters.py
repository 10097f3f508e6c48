"""Which secrets does a stage hold, and where do they come from?

Owns the SSM parameters under the stage's path, which functions read through
`chalicelib.runtime`. Existing secrets are never changed unasked.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from infra.connect_setup import INSTANCE_ID, instance_id
from infra.stage import Stage, Stopped

ACCOUNT_SID = "twilio/account-sid"
AUTH_TOKEN = "twilio/auth-token"
PREVIOUS_AUTH_TOKEN = "twilio/previous-auth-token"
OPERATOR_KEY_HASH = "operator-key-sha256"
CALLER_HASH_KEY = "caller-hash-key"
VISIT_KEY = "visit-key"
VOICE_URL = "voice-url"
DNI_URL = "dni-url"
PAYPAL_API_URL = "paypal/api-url"
CONNECT_INSTANCE_ID = "connect/instance-id"
CONNECT_FLOW_ID = "connect/flow-id"

_FROM_ENVIRONMENT = {
    ACCOUNT_SID: "RINGLEDGER_TWILIO_ACCOUNT_SID",
    AUTH_TOKEN: "RINGLEDGER_TWILIO_AUTH_TOKEN",
}
# A stage that pays nobody by PayPal has none of these.
_MAY_BE_GIVEN = {
    "paypal/client-id": "RINGLEDGER_PAYPAL_CLIENT_ID",
    "paypal/client-secret": "RINGLEDGER_PAYPAL_CLIENT_SECRET",
    "paypal/webhook-id": "RINGLEDGER_PAYPAL_WEBHOOK_ID",
    PAYPAL_API_URL: "RINGLEDGER_PAYPAL_API_URL",
}


def read(ssm: Any, stage: Stage) -> dict[str, str]:
    """Every parameter of the stage by its name under the stage's path, decrypted."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(
        Path=stage.parameter_path, Recursive=True, WithDecryption=True
    )
    start = len(stage.parameter_path) + 1
    return {p["Name"][start:]: p["Value"] for page in pages for p in page["Parameters"]}


def require_carrier(known: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """Raise `Stopped` unless Twilio's credentials are stored or given in `environment`, or there is
    an instance of Amazon Connect to do without Twilio."""
    missing = [
        variable
        for name, variable in _FROM_ENVIRONMENT.items()
        if name not in known and not environment.get(variable)
    ]
    alone = len(missing) == len(_FROM_ENVIRONMENT) and connect_instance_id(known, environment)
    if missing and not alone:
        raise Stopped(
            f"Missing from the environment: {', '.join(missing)}. Twilio's console shows both on "
            "its first page. Set them for this command; later ones read what it stores:\n"
            + "".join(f"  export {variable}=...\n" for variable in missing)
            + "A leading space keeps the line out of most shells' history. With Amazon Connect "
            f"alone, set {INSTANCE_ID} instead."
        )


def connect_instance_id(known: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """The id of the instance that is given, or else was stored; empty for none."""
    given = environment.get(INSTANCE_ID)
    return instance_id(given) if given else known.get(CONNECT_INSTANCE_ID, "")


def ensure(ssm: Any, stage: Stage, environment: Mapping[str, str]) -> str | None:
    """Create what is absent, take over Twilio's and PayPal's credentials from `environment`.

    Returns the operator key if it was made now: the only time that anyone sees it.
    A changed auth token keeps the old one valid beside it, for its rotation.
    """
    known = read(ssm, stage)
    require_carrier(known, environment)
    for name, variable in {**_FROM_ENVIRONMENT, **_MAY_BE_GIVEN}.items():
        given = environment.get(variable)
        if given and given != known.get(name):
            if name == AUTH_TOKEN and name in known:
                put(ssm, stage, PREVIOUS_AUTH_TOKEN, known[name])
            put(ssm, stage, name, given)
    connect = connect_instance_id(known, environment)
    if connect != known.get(CONNECT_INSTANCE_ID, ""):
        put(ssm, stage, CONNECT_INSTANCE_ID, connect)
    for name in (CALLER_HASH_KEY, VISIT_KEY):
        if name not in known:
            put(ssm, stage, name, secrets.token_hex(32))
    return None if OPERATOR_KEY_HASH in known else new_operator_key(ssm, stage)


def new_operator_key(ssm: Any, stage: Stage) -> str:
    """A fresh operator key; from now on the only valid one. Its hash alone is stored."""
    key = "rlo_" + secrets.token_urlsafe(32)
    put(ssm, stage, OPERATOR_KEY_HASH, hashlib.sha256(key.encode()).hexdigest())
    return key


def put(ssm: Any, stage: Stage, name: str, value: str) -> None:
    """Store one parameter; all but the plain facts are encrypted."""
    plain = name in (
        VOICE_URL, DNI_URL, ACCOUNT_SID, OPERATOR_KEY_HASH, PAYPAL_API_URL, CONNECT_INSTANCE_ID,
        CONNECT_FLOW_ID,
    )  # fmt: skip
    ssm.put_parameter(
        Name=f"{stage.parameter_path}/{name}",
        Value=value,
        Type="String" if plain else "SecureString",
        Overwrite=True,
    )
