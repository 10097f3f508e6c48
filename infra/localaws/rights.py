"""On which resource does a request need a right?

The emulator checks a request for parameters by path against every resource, so
that a policy for one path would never do. AWS checks it against that path.
"""

import json
from typing import Any

from ministack.core import iam_actions


def install() -> None:
    """Name the path of GetParametersByPath as the resource that it reads."""
    resource_of = iam_actions.extract_resource_arn

    def extract_resource_arn(*request: Any) -> str:
        *_, headers, body, _query, region, account = request
        if headers.get("x-amz-target") == "AmazonSSM.GetParametersByPath":
            return f"arn:aws:ssm:{region}:{account}:parameter{json.loads(body)['Path']}"
        found: str = resource_of(*request)
        return found

    iam_actions.extract_resource_arn = extract_resource_arn
