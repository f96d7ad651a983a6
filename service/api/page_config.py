"""GET /config.json: what the page must know before anybody can sign in. On AWS the same file lies beside the page."""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse


class PageConfig(BaseModel):
    """Where and how to sign in; nothing in it is secret."""

    model_config = ConfigDict(extra="forbid")

    authority: str = Field(description="the issuer; OpenID Connect discovery is below it")
    clientId: str = Field(description="the page's app client")  # noqa: N815 - as on the wire
    domain: str = Field(description="the pool's domain, for /logout and /oauth2/revoke")
    scopes: list[str] = Field(description="scopes to ask for")
    adminGroup: str = Field(  # noqa: N815 - as on the wire
        description="the group whose members are shown the way to the dashboard"
    )


def router(
    *, authority: str, client_id: str, domain: str, scopes: Sequence[str], admin_group: str
) -> APIRouter:
    """GET /config.json; the same answer for as long as the process runs."""
    config = PageConfig(
        authority=authority,
        clientId=client_id,
        domain=domain,
        scopes=list(scopes),
        adminGroup=admin_group,
    )
    routes = APIRouter(tags=["sign-in"])

    @routes.get("/config.json", response_model=PageConfig, summary="How the page signs in")
    async def page_config() -> JSONResponse:
        return JSONResponse(config.model_dump(), headers={"Cache-Control": "no-cache"})

    return routes
