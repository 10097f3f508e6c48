"""Which operations does the API of an Amazon Connect instance have, and what do they answer?

Each takes what was asked and gives the document of its answer; how either is sent belongs to
`connect_api`. Strict where the real API is: an instance of another id is not there, and a flow is
published only when it asks functions that the instance knows. Moments in `contacts` are epoch
seconds, as the protocol writes them.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

from simulator.connect_instance import (
    ClaimedNumber,
    ConnectFault,
    ConnectInstance,
    Json,
    no_such,
    unfit,
)

T = TypeVar("T")
_PREFIX = re.compile(r"\+?\d{1,15}")
_KNOWN_FUNCTION = re.compile(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: the words of its path, its query and its body."""

    words: Sequence[str] = ()
    query: Mapping[str, str]
    body: Json


Operation = Callable[[ConnectInstance, Asked], Json]


def _search(instance: ConnectInstance, asked: Asked) -> Json:
    said = asked.body
    _of(instance, said)
    most = int(said.get("MaxResults", 10))
    prefix = said.get("PhoneNumberPrefix", "+")
    if not 1 <= most <= 10 or not (prefix == "+" or _PREFIX.fullmatch(prefix)):
        raise unfit("MaxResults is 1 to 10, and a prefix has digits")
    if said.get("PhoneNumberCountryCode") != "US":
        raise unfit("only numbers of the United States are offered")
    kind = said.get("PhoneNumberType", "")
    fitting = [e164 for e164 in instance.stock(kind) if e164.startswith(prefix)]
    shown, token = _page(fitting, said.get("NextToken"), most)
    numbers = [
        {"PhoneNumber": e164, "PhoneNumberCountryCode": "US", "PhoneNumberType": kind}
        for e164 in shown
    ]
    return {"AvailableNumbersList": numbers, **token}


def _claim(instance: ConnectInstance, asked: Asked) -> Json:
    said = dict(asked.body)
    _of(instance, said)
    token = said.pop("ClientToken", None) or instance.new_id("token")
    id = instance.claim(said["PhoneNumber"], token, json.dumps(said, sort_keys=True))
    return {"PhoneNumberId": id, "PhoneNumberArn": instance.number_arn(id)}


def _describe_number(instance: ConnectInstance, asked: Asked) -> Json:
    number = instance.number(asked.words[0])
    status = {"Status": number.status, **({"Message": number.failure} if number.failure else {})}
    if number.looks_left:
        number.looks_left -= 1
    return {"ClaimedPhoneNumberSummary": {**_number(instance, number), "PhoneNumberStatus": status}}


def _associate_flow(instance: ConnectInstance, asked: Asked) -> Json:
    _of(instance, asked.body)
    instance.associate(asked.words[0], asked.body["ContactFlowId"])
    return {}


def _release(instance: ConnectInstance, asked: Asked) -> Json:
    instance.release(asked.words[0])
    return {}


def _list_numbers(instance: ConnectInstance, asked: Asked) -> Json:
    said = asked.body
    _of(instance, said)
    prefix = said.get("PhoneNumberPrefix", "")
    fitting = [one for one in instance.numbers.values() if one.e164.startswith(prefix)]
    shown, token = _page(fitting, said.get("NextToken"), int(said.get("MaxResults", 1000)))
    return {"ListPhoneNumbersSummaryList": [_number(instance, one) for one in shown], **token}


def _number(instance: ConnectInstance, number: ClaimedNumber) -> Json:
    return {
        "PhoneNumberId": number.id,
        "PhoneNumberArn": instance.number_arn(number.id),
        "PhoneNumber": number.e164,
        "PhoneNumberCountryCode": "US",
        "PhoneNumberType": number.kind,
        "TargetArn": instance.arn,
        "InstanceId": instance.id,
    }


def _list_flow_associations(instance: ConnectInstance, asked: Asked) -> Json:
    led = [one for one in instance.numbers.values() if one.flow_id]
    if asked.query.get("ResourceType") != "VOICE_PHONE_NUMBER":
        raise unfit("only numbers are associated with flows here")
    shown, token = _listed(led, asked, 1000)
    associations = [
        {
            "ResourceId": instance.number_arn(one.id),
            "FlowId": instance.flow_arn(one.flow_id or ""),
            "ResourceType": "VOICE_PHONE_NUMBER",
        }
        for one in shown
    ]
    return {"FlowAssociationSummaryList": associations, **token}


def _list_flows(instance: ConnectInstance, asked: Asked) -> Json:
    shown, token = _listed(list(instance.flows.values()), asked, 1000)
    flows = [
        {
            "Id": one.id, "Arn": instance.flow_arn(one.id), "Name": one.name,
            "ContactFlowType": one.kind, "ContactFlowState": "ACTIVE",
            "ContactFlowStatus": "PUBLISHED",
        }
        for one in shown
    ]  # fmt: skip
    return {"ContactFlowSummaryList": flows, **token}


def _create_flow(instance: ConnectInstance, asked: Asked) -> Json:
    said = asked.body
    _published(said["Content"], instance)
    made = instance.put_flow(said["Name"], said["Content"], said["Type"])
    return {"ContactFlowId": made.id, "ContactFlowArn": instance.flow_arn(made.id)}


def _describe_flow(instance: ConnectInstance, asked: Asked) -> Json:
    flow = instance.flow(asked.words[1])
    shown = {
        "Id": flow.id, "Arn": instance.flow_arn(flow.id), "Name": flow.name, "Type": flow.kind,
        "State": "ACTIVE", "Status": "PUBLISHED", "Content": flow.content,
    }  # fmt: skip
    return {"ContactFlow": shown}


def _update_flow(instance: ConnectInstance, asked: Asked) -> Json:
    _published(asked.body["Content"], instance)
    instance.flow(asked.words[1]).content = asked.body["Content"]
    return {}


def _published(content: str, instance: ConnectInstance) -> None:
    """A flow may be published when it is one, and asks functions that the instance knows."""
    try:
        actions = json.loads(content)["Actions"]
    except (ValueError, KeyError, TypeError):
        raise ConnectFault(400, "InvalidContactFlowException", "no flow") from None
    asked = {action["Parameters"].get("LambdaFunctionARN") for action in actions} - {None}
    unknown = asked - set(instance.functions)
    if unknown:
        raise ConnectFault(400, "InvalidContactFlowException", f"unknown functions: {unknown}")


def _associate_function(instance: ConnectInstance, asked: Asked) -> Json:
    arn = asked.body["FunctionArn"]
    if not _KNOWN_FUNCTION.fullmatch(arn):
        raise unfit(f"{arn} is no function")
    if arn in instance.functions:
        raise ConnectFault(409, "ResourceConflictException", "the function is associated already")
    instance.functions.append(arn)
    return {}


def _list_functions(instance: ConnectInstance, asked: Asked) -> Json:
    shown, token = _listed(instance.functions, asked, 25)
    return {"LambdaFunctions": shown, **token}


def _list_storage(instance: ConnectInstance, asked: Asked) -> Json:
    shown, token = _listed(instance.storage.get(asked.query["ResourceType"], []), asked, 10)
    return {"StorageConfigs": shown, **token}


def _describe_instance(instance: ConnectInstance, asked: Asked) -> Json:
    del asked
    shown = {
        "Id": instance.id, "Arn": instance.arn, "InstanceAlias": instance.alias,
        "InstanceStatus": "ACTIVE", "IdentityManagementType": "CONNECT_MANAGED",
        "InboundCallsEnabled": True, "OutboundCallsEnabled": True,
    }  # fmt: skip
    return {"Instance": shown}


def _describe_contact(instance: ConnectInstance, asked: Asked) -> Json:
    contact = instance.contacts.get(asked.words[1])
    if contact is None:
        raise no_such(f"the contact {asked.words[1]}")
    return {"Contact": contact}


def _list_associated(instance: ConnectInstance, asked: Asked) -> Json:
    of = asked.query.get("contactId")
    found = [
        one for one in instance.contacts.values() if of in (one["Id"], one.get("InitialContactId"))
    ]
    shown, token = _listed(found, asked, 100)
    names = (
        "ContactId", "ContactArn", "InitiationTimestamp", "DisconnectTimestamp", "InitialContactId",
        "PreviousContactId", "RelatedContactId", "InitiationMethod", "Channel",
    )  # fmt: skip
    summaries = [
        {name: one[name] for name in names if name in one} | {"ContactId": one["Id"]}
        for one in shown
    ]
    return {"ContactSummaryList": summaries, **token}


def _suspend(instance: ConnectInstance, asked: Asked) -> Json:
    return _pause(instance, asked, paused=True)


def _resume(instance: ConnectInstance, asked: Asked) -> Json:
    return _pause(instance, asked, paused=False)


def _pause(instance: ConnectInstance, asked: Asked, *, paused: bool) -> Json:
    _of(instance, asked.body)
    contact_id = asked.body["ContactId"]
    if contact_id not in instance.recorded:
        raise no_such(f"a recording of the contact {contact_id}")
    instance.recorded[contact_id] = paused
    return {}


def _of(instance: ConnectInstance, said: Mapping[str, str]) -> None:
    if said.get("InstanceId", instance.id) != instance.id:
        raise no_such(f"the instance {said['InstanceId']}")


def _listed(found: Sequence[T], asked: Asked, most: int) -> tuple[Sequence[T], Json]:
    wanted = int(asked.query.get("maxResults", most))
    return _page(found, asked.query.get("nextToken"), min(wanted, most))


def _page(found: Sequence[T], token: str | None, most: int) -> tuple[Sequence[T], Json]:
    begin = int(token or 0)
    following = {"NextToken": str(begin + most)} if begin + most < len(found) else {}
    return found[begin : begin + most], following


_OPERATIONS: tuple[tuple[str, str, Operation], ...] = (
    ("POST", "/phone-number/search-available", _search),
    ("POST", "/phone-number/claim", _claim),
    ("POST", "/phone-number/list", _list_numbers),
    ("GET", "/phone-number/([^/]+)", _describe_number),
    ("DELETE", "/phone-number/([^/]+)", _release),
    ("PUT", "/phone-number/([^/]+)/contact-flow", _associate_flow),
    ("GET", "/flow-associations-summary/([^/]+)", _list_flow_associations),
    ("GET", "/contact-flows-summary/([^/]+)", _list_flows),
    ("PUT", "/contact-flows/([^/]+)", _create_flow),
    ("GET", "/contact-flows/([^/]+)/([^/]+)", _describe_flow),
    ("POST", "/contact-flows/([^/]+)/([^/]+)/content", _update_flow),
    ("PUT", "/instance/([^/]+)/lambda-function", _associate_function),
    ("GET", "/instance/([^/]+)/lambda-functions", _list_functions),
    ("GET", "/instance/([^/]+)/storage-configs", _list_storage),
    ("GET", "/instance/([^/]+)", _describe_instance),
    ("GET", "/contacts/([^/]+)/([^/]+)", _describe_contact),
    ("GET", "/contact/associated/([^/]+)", _list_associated),
    ("POST", "/contact/suspend-recording", _suspend),
    ("POST", "/contact/resume-recording", _resume),
)
_OF_NUMBERS = "/phone-number/"


def answered(instance: ConnectInstance, method: str, path: str, asked: Asked) -> Json:
    """What the operation at this path answers; ConnectFault for what it refuses."""
    for of_method, form, operation in _OPERATIONS:
        match = re.fullmatch(form, path)
        if match and method == of_method:
            words = [unquote(word) for word in match.groups()]
            if words and not path.startswith(_OF_NUMBERS) and words[0] != instance.id:
                raise no_such(f"the instance {words[0]}")
            return operation(instance, Asked(words=words, query=asked.query, body=asked.body))
    raise ConnectFault(404, "UnknownOperationException", f"{method} {path}")
