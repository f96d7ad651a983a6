"""moto's Cognito judges the shape of our tokens: another reading of AWS, by other people."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.emulators.cognito.browser import ADMIN_EMAIL, ADMIN_PASSWORD, Scene, claims_of, header_of

# Cognito's guide has these in the tokens of a managed-login sign-in; moto leaves them out.
NOT_IN_MOTO = {
    "access": {"event_id", "version"},
    "id": {"at_hash", "event_id", "nonce", "name", "email_verified"},
}


@pytest.fixture(scope="module")
def judged() -> Iterator[Mapping[str, str]]:
    """Tokens of moto's pool, for a user with e-mail and a group."""
    with mock_aws():
        cognito: Any = boto3.client(
            # The only types installed are those of DynamoDB.
            "cognito-idp",
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        pool = cognito.create_user_pool(PoolName="voice", UsernameAttributes=["email"])["UserPool"]["Id"]
        client = cognito.create_user_pool_client(
            UserPoolId=pool, ClientName="page", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        cognito.create_group(GroupName="admins", UserPoolId=pool)
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=ADMIN_EMAIL,
            UserAttributes=[
                {"Name": "email", "Value": ADMIN_EMAIL},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=ADMIN_EMAIL, Password=ADMIN_PASSWORD, Permanent=True
        )
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=ADMIN_EMAIL, GroupName="admins")
        yield cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": ADMIN_EMAIL, "PASSWORD": ADMIN_PASSWORD},
        )["AuthenticationResult"]


def shapes(claims: Mapping[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in claims.items()}


@pytest.mark.parametrize(("kind", "theirs"), [("access", "AccessToken"), ("id", "IdToken")])
def test_our_claims_are_motos_and_of_the_same_types(
    scene: Scene, judged: Mapping[str, str], kind: str, theirs: str
) -> None:
    ours = claims_of(scene.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)[f"{kind}_token"])
    expected = claims_of(judged[theirs])

    assert shapes(expected) == {name: shape for name, shape in shapes(ours).items() if name in expected}
    assert NOT_IN_MOTO[kind] == ours.keys() - expected.keys()


def test_our_headers_are_motos(scene: Scene, judged: Mapping[str, str]) -> None:
    ours, theirs = header_of(scene.sign_in()["access_token"]), header_of(judged["AccessToken"])

    assert {"kid", "alg"} == ours.keys() == theirs.keys() - {"typ"}
    assert "RS256" == ours["alg"] == theirs["alg"]
