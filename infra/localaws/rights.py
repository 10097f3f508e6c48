"""On which resource does a request need a right?

The emulator checks a request for parameters by path, or for records of a stream,
against every resource, so that a policy for one of them would never do. AWS checks
it against that path or stream.
"""

import base64
import json
from typing import Any

from ministack.core import iam_actions


def install() -> None:
    """Name the path or the stream that such a request reads as its resource."""
    resource_of = iam_actions.extract_resource_arn

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

    iam_actions.extract_resource_arn = extract_resource_arn


def _stream_of(iterator: str) -> str:
    """The stream that the emulator noted in a shard iterator; what is none reads no stream."""
    try:
        return str(json.loads(base64.urlsafe_b64decode(iterator))["arn"])
    except (LookupError, TypeError, ValueError):
        return "*"
