"""How is a mail sent?

Owns the one request to Amazon SES. It is never repeated here: SES knows no idempotency, and a
request whose answer was lost may have been heard.
"""

from collections.abc import Callable

from chalicelib import runtime
from chalicelib.mailing import Letter


class NotSent(Exception):
    """The service refused the mail; the message says why."""


class Unsure(Exception):
    """No answer came; the mail may have been sent."""


SendMail = Callable[[Letter], str]


def send_mail(letter: Letter) -> str:
    """Send the mail, and return the service's id of it; NotSent or Unsure otherwise."""
    from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError
    from botocore.exceptions import EndpointConnectionError as Unreachable

    try:
        answer = runtime.client("sesv2").send_email(
            FromEmailAddress=letter.sender,
            Destination={"ToAddresses": [letter.to]},
            Content={"Simple": {
                "Subject": {"Data": letter.subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": letter.text, "Charset": "UTF-8"}},
            }},
        )  # fmt: skip
    except ClientError as refused:
        said = refused.response["Error"]
        raise NotSent(f"{said.get('Code')}: {said.get('Message')}"[:500]) from refused
    except (ConnectTimeoutError, Unreachable) as away:
        raise NotSent("the mail service could not be reached") from away
    except BotoCoreError as lost:
        raise Unsure(f"no answer came: {type(lost).__name__}") from lost
    return str(answer["MessageId"])
