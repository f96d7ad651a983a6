"""Whoever asks the REST side for something in their own name."""

from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

# Documents the header in OpenAPI; what is in it is judged elsewhere, with the same answer for every mistake.
_BEARER: Final = HTTPBearer(auto_error=False, description="An access token of the user pool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What decides who somebody is, and whether the page they come from may ask."""

    authorization: str | None = field(repr=False)
    host: str
    origin: str | None


# Not a plain function: that would be called in a thread, for each request.
async def _visitor(request: Request, _: Annotated[object, Depends(_BEARER)]) -> Visitor:
    headers = request.headers
    return Visitor(
        authorization=headers.get("authorization"), host=headers.get("host", ""), origin=headers.get("origin")
    )


AnyVisitor = Annotated[Visitor, Depends(_visitor)]
"""The parameter of a route that wants to know who asks."""
