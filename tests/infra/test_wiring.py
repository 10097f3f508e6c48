"""The alarms: every place of failed work has one, and it names the command that helps."""

import re

import pytest

from chalicelib.parked import Place
from infra.deploy import STATE_TEMPLATE
from infra.stage import Stage
from infra.wiring import alarms

STAGE = Stage("prod")


@pytest.mark.parametrize("place", Place)
def test_a_place_where_failed_work_lies_alarms_with_the_first_message_and_says_what_to_do(
    place: Place,
) -> None:
    (alarm,) = (one for one in alarms(STAGE) if one.name == f"ringledger-prod-{place}")
    assert alarm.dimension == ("QueueName", f"ringledger-prod-{place}")
    assert alarm.limit == 0
    assert alarm.meaning.endswith("mend the cause, then: make replay STAGE=prod")


def test_whatever_is_left_behind_for_good_can_be_taken_up() -> None:
    template = STATE_TEMPLATE.read_text()
    named = dict(re.findall(r"(\w+):\n +Type: AWS::SQS::Queue\n(?:.+\n)*? +QueueName: .*-(\S+-\S+)",
                            template))  # fmt: skip
    left = set(re.findall(r"deadLetterTargetArn: !GetAtt (\w+).Arn", template))
    assert len(left) == 3
    assert {named[name] for name in left} <= set(Place)
