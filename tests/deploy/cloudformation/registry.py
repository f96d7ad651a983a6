"""What a provider is: three functions a type, each in terms of the service's own API on the same server.

Because every property becomes an argument of the real API, botocore judges names and types, and moto's own model of
the service stores them, richer than its CloudFormation model does. A property that no argument takes is an error.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore import xform_name

type Properties = dict[str, Any]


class UnknownTypeError(Exception):
    """Raised for a type without a provider: nothing is skipped in silence."""


class UnsentPropertyError(Exception):
    """Raised for a property that the API call would have dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A resource that exists: what `Ref` gives, and what `Fn::GetAtt` gives."""

    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The services of one account and region; endpoint None means that calls are intercepted in this process."""

    account: str
    region: str
    endpoint: str | None

    def client(self, service: str) -> Any:
        # The stubs know services by literal names; here the name is data.
        client: Callable[..., Any] = boto3.client
        return client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def send(
        self, service: str, operation: str, properties: Mapping[str, Any], *, unsent: tuple[str, ...] = ()
    ) -> Any:
        """Call an operation with CloudFormation's properties. `unsent` are those that have no argument on purpose."""
        client = self.client(service)
        model = client.meta.service_model
        shape = next(
            model.operation_model(name).input_shape
            for name in model.operation_names
            if xform_name(name) == operation
        )
        given = {key: value for key, value in properties.items() if key not in unsent}
        if unknown := sorted(set(given) - set(shape.members)):
            raise UnsentPropertyError(f"{operation} takes no {', '.join(unknown)}")
        return getattr(client, operation)(
            **{key: fitted(shape.members[key], value) for key, value in given.items()}
        )


def fitted(shape: Any, value: Any) -> Any:
    """A value as the API wants it: CloudFormation takes "5" for 5 and "true" for true, and text for everything."""
    match shape.type_name, value:
        case "structure", Mapping():
            if unknown := sorted(set(value) - set(shape.members)):
                raise UnsentPropertyError(f"{shape.name} has no {', '.join(unknown)}")
            fits: Any = {key: fitted(shape.members[key], inner) for key, inner in value.items()}
        case "list", list():
            fits = [fitted(shape.member, inner) for inner in value]
        case "map", Mapping():
            fits = {key: fitted(shape.value, inner) for key, inner in value.items()}
        case _:
            fits = _SCALARS.get(shape.type_name, lambda scalar: scalar)(value)
    return fits


def _text(value: object) -> object:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case Mapping() | list():
            return json.dumps(value)
        case _:
            return value


_SCALARS: Final[dict[str, Callable[[Any], Any]]] = {
    "integer": int,
    "long": int,
    "double": float,
    "float": float,
    "boolean": lambda value: value.lower() == "true" if isinstance(value, str) else value,
    "string": _text,
}


type Create = Callable[[Api, str, Properties], Made]
type Update = Callable[[Api, Made, Properties, Properties], Made]
type Delete = Callable[[Api, Made, Properties], None]


@dataclass(slots=True, kw_only=True)
class Provider:
    """The functions of one type. Without `update`, a change makes a new resource and deletes the old one."""

    create: Create
    update: Update | None = None
    delete: Delete | None = None


PROVIDERS: Final[dict[str, Provider]] = {}


def creates(kind: str) -> Callable[[Create], Create]:
    def register(function: Create) -> Create:
        PROVIDERS[kind] = Provider(create=function)
        return function

    return register


def updates(*kinds: str) -> Callable[[Update], Update]:
    def register(function: Update) -> Update:
        for kind in kinds:
            PROVIDERS[kind].update = function
        return function

    return register


def deletes(*kinds: str) -> Callable[[Delete], Delete]:
    def register(function: Delete) -> Delete:
        for kind in kinds:
            PROVIDERS[kind].delete = function
        return function

    return register


def provider(kind: str) -> Provider:
    """The provider of a type, complete or not at all."""
    found = PROVIDERS.get(kind)
    if found is None or found.delete is None:
        raise UnknownTypeError(
            f"no provider creates and deletes {kind}: write one in tests/deploy/cloudformation"
        )
    return found


def lower_first(value: Any) -> Any:
    """CloudFormation's PascalCase as the camelCase of some APIs. Keys that are data (log options) must not pass here."""
    match value:
        case Mapping():
            return {key[:1].lower() + key[1:]: lower_first(inner) for key, inner in value.items()}
        case list():
            return [lower_first(inner) for inner in value]
        case _:
            return value
