"""A number that nobody may read: kept encrypted, bound to whose it is and to what it is."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib import runtime
from chalicelib.errors import Broken, Busy
from chalicelib.hidden import Secret, bound_to
from chalicelib.providers.ciphers import Cipher, cipher
from tests.ciphers import FakeCipher

NUMBER = "00123400567890"
CONTEXT = bound_to("pub_1", Secret.ACCOUNT_NUMBER)


@pytest.fixture
def kms(aws: None) -> Iterator[None]:
    del aws
    client = runtime.client("kms")
    key = client.create_key()["KeyMetadata"]["KeyId"]
    client.create_alias(AliasName=runtime.settings().payees_key_arn, TargetKeyId=key)
    yield


@pytest.fixture(params=["kms", "fake"])
def keeper(request: pytest.FixtureRequest) -> Cipher:
    if request.param == "fake":
        return FakeCipher()
    request.getfixturevalue("kms")
    return cipher()


def test_what_is_kept_holds_nothing_of_the_number_and_leads_back_to_it(keeper: Cipher) -> None:
    first, second = keeper.encrypt(NUMBER, CONTEXT), keeper.encrypt(NUMBER, CONTEXT)
    assert first != second
    assert NUMBER not in first + second
    assert [keeper.decrypt(one, CONTEXT) for one in (first, second)] == [NUMBER, NUMBER]


@pytest.mark.parametrize(
    "context",
    [bound_to("pub_2", Secret.ACCOUNT_NUMBER), bound_to("pub_1", Secret.TIN), {}],
)
def test_what_was_kept_for_one_is_not_read_for_another(
    keeper: Cipher, context: dict[str, str]
) -> None:
    with pytest.raises(Broken, match="not encrypted for this"):
        keeper.decrypt(keeper.encrypt(NUMBER, CONTEXT), context)


@pytest.mark.usefixtures("kms")
@pytest.mark.parametrize("wrong", ["DependencyTimeoutException", "ThrottlingException"])
def test_a_busy_keeper_is_told_apart_from_one_that_refuses(wrong: str) -> None:
    client = runtime.client("kms")

    def refuse(**_kwargs: object) -> None:
        raise ClientError({"Error": {"Code": wrong, "Message": ""}}, "Encrypt")

    client.meta.events.register("before-send.kms", refuse)
    try:
        with pytest.raises(Busy, match=wrong):
            cipher().encrypt(NUMBER, CONTEXT)
    finally:
        client.meta.events.unregister("before-send.kms", refuse)


@pytest.mark.usefixtures("kms")
def test_a_keeper_that_is_away_is_busy() -> None:
    client = runtime.client("kms")

    def lose(**_kwargs: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://kms.example")

    client.meta.events.register("before-send.kms", lose)
    try:
        with pytest.raises(Busy, match="does not answer"):
            cipher().encrypt(NUMBER, CONTEXT)
    finally:
        client.meta.events.unregister("before-send.kms", lose)


@pytest.mark.usefixtures("aws")
def test_without_its_key_nothing_is_kept() -> None:
    with pytest.raises(ClientError, match="NotFound"):
        cipher().encrypt(NUMBER, CONTEXT)
