"""The settings of sign-in; a part of `service.settings`, which is where they are read."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

_KEYS_PATH: Final = "/.well-known/jwks.json"
_USER_INFO_PATH: Final = "/oauth2/userInfo"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_origin(text: str) -> bool:
    """Whether a text is scheme, host and port of a web address and nothing more."""
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not parts.path and not parts.query


class SignInSettings(BaseSettings):
    """Who may talk: the user pool, its app clients, and what their tokens must say."""

    auth: Literal["cognito"] = Field(
        default="cognito",
        description="How users sign in: `cognito`, with the access tokens of one Amazon Cognito user pool.",
    )
    auth_issuer: str = Field(
        default="",
        description="The pool's issuer, as in its tokens: `https://cognito-idp.REGION.amazonaws.com/POOL`; required.",
    )
    auth_client_ids: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="App clients whose tokens are taken, separated by commas; the first is the page's; required.",
    )
    auth_domain: str = Field(
        default="",
        description="The pool's domain, for managed login and for asking whether a token was revoked; required.",
    )
    auth_scopes: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("openid",),
        description="Scopes that a token must have, separated by commas; without `openid` revocation cannot be seen.",
    )
    auth_admin_group: str = Field(
        default="admins",
        min_length=1,
        max_length=128,
        description="Group of the pool whose members see figures and recordings.",
    )
    auth_jwks_url: str = Field(
        default="", description="Where the pool's public keys are; empty: below the issuer."
    )

    @field_validator("auth_client_ids", "auth_scopes", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("auth_issuer", "auth_jwks_url")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        parts = urlsplit(value)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if value and (not is_safe or not parts.netloc or parts.query or parts.fragment or value[-1] == "/"):
            raise ValueError(f"{value!r} is not possible; it must be https (http on this machine only)")
        return value

    @field_validator("auth_domain")
    @classmethod
    def _is_safe_origin(cls, value: str) -> str:
        if value and not is_origin(cls._is_safe(value)):
            raise ValueError(
                f"{value!r} is no origin; write it as https://DOMAIN.auth.REGION.amazoncognito.com"
            )
        return value

    @field_validator("auth_scopes")
    @classmethod
    def _has_openid(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("openid must be one of them; without it nobody can see that a token was revoked")
        return value

    def missing_for_sign_in(self) -> str | None:
        """The first setting that sign-in cannot do without and does not have."""
        required = {
            "VOICE_AUTH_ISSUER": self.auth_issuer,
            "VOICE_AUTH_CLIENT_IDS": self.auth_client_ids,
            "VOICE_AUTH_DOMAIN": self.auth_domain,
        }
        return next((name for name, value in required.items() if not value), None)

    @property
    def jwks_url(self) -> str:
        """Where the keys are."""
        return self.auth_jwks_url or self.auth_issuer + _KEYS_PATH

    @property
    def user_info_url(self) -> str:
        """Where a token's standing is asked for."""
        return self.auth_domain + _USER_INFO_PATH
