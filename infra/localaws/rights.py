"""On which resource does a request need a right, and under which conditions?

The emulator checks a request for parameters by path, or for records of a stream,
against every resource, so that a policy for one of them would never do. AWS checks
it against that path or stream. Nor does the emulator tell a policy for what a text
is encrypted, so that one which asks for it would never do either.
"""

import base64
import json
from typing import Any

from ministack.core import iam_actions


def install() -> None:
    """Name the path or the stream that such a request reads as its resource, and tell policies of
    keys for what a text is encrypted."""
    resource_of = iam_actions.extract_resource_arn
    tags_of = iam_actions.request_tag_context

    def extract_resource_arn(*request: Any) -> str:
        *_, headers, body, _query, region, account = request
        target = headers.get("x-amz-target")
        if target == "AmazonSSM.GetParametersByPath":
            return f"arn:aws:ssm:{region}:{account}:parameter{json.loads(body)['Path']}"
        if target == "DynamoDBStreams_20120810.GetShardIterator":
            return str(json.loads(body)["StreamArn"])
        if target == "DynamoDBStreams_20120810.GetRecords":
            return _stream_of(json.loads(body)["ShardIterator"])
        found: str = resource_of(*request)
        return found

    def request_tag_context(service: str, action: str, body: bytes, *more: Any) -> dict[str, Any]:
        tags: dict[str, Any] = tags_of(service, action, body, *more)
        return tags | _encrypted_for(body) if service == "kms" else tags

    iam_actions.extract_resource_arn = extract_resource_arn
    iam_actions.request_tag_context = request_tag_context


def _encrypted_for(body: bytes) -> dict[str, Any]:
    """The condition keys of the encryption context that a request names."""
    said = json.loads(body or b"{}").get("EncryptionContext") or {}
    return {f"kms:EncryptionContext:{name}": value for name, value in said.items()}


def _stream_of(iterator: str) -> str:
    """The stream that the emulator noted in a shard iterator; what is none reads no stream."""
    try:
        return str(json.loads(base64.urlsafe_b64decode(iterator))["arn"])
    except (LookupError, TypeError, ValueError):
        return "*"
