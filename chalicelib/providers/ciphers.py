"""How is a number kept that nobody may read?

Owns encrypting and decrypting with the deployment's key in AWS KMS. What a number is bound to
belongs to `hidden`; which function may decrypt, to the policies.
"""

import base64
from collections.abc import Mapping
from typing import Any, Protocol

from chalicelib import runtime
from chalicelib.errors import Broken, Busy


class Cipher(Protocol):
    """A key that never leaves its keeper. `context` is what a text is bound to."""

    def encrypt(self, text: str, context: Mapping[str, str]) -> str:
        """The text as it may be kept; another one every time."""
        ...

    def decrypt(self, kept: str, context: Mapping[str, str]) -> str:
        """The text; Broken when it was encrypted under another context, or is none."""
        ...


class KmsCipher:
    """The deployment's key in KMS."""

    def encrypt(self, text: str, context: Mapping[str, str]) -> str:
        """The text encrypted; Busy when KMS does not answer."""
        answer = _ask("encrypt", Plaintext=text.encode(), EncryptionContext=dict(context))
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def decrypt(self, kept: str, context: Mapping[str, str]) -> str:
        """The text; Broken when the context is another, Busy when KMS does not answer."""
        answer = _ask(
            "decrypt", CiphertextBlob=base64.b64decode(kept), EncryptionContext=dict(context)
        )
        text: bytes = answer["Plaintext"]
        return text.decode()


def _ask(operation: str, **request: Any) -> Any:
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

    try:
        ask = getattr(runtime.client("kms"), operation)
        return ask(KeyId=runtime.settings().payees_key_arn, **request)
    except ClientError as refused:
        code = refused.response["Error"]["Code"]
        if code == "InvalidCiphertextException":
            raise Broken("what is kept was not encrypted for this, or not at all") from refused
        if code in {"ThrottlingException", "KMSInternalException", "DependencyTimeoutException"}:
            raise Busy(f"KMS cannot {operation} now: {code}") from refused
        raise
    except (ConnectionError, HTTPClientError) as away:
        raise Busy(f"KMS does not answer {operation} in time") from away


def cipher() -> Cipher:
    """The deployment's cipher."""
    return KmsCipher()
