"""Who signs what a request asks for?"""

from chalicelib.channels.http import Request
from chalicelib.flows.signing import signature
from chalicelib.signatures import Signature


def signed(request: Request) -> Signature:
    """Whoever asks, by their key, now."""
    return signature(request.credential, stores=request.stores, now=request.context.clock())
