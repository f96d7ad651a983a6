"""CloudFormation's own logic, in place of moto's: dependency order, updates of what depends, failures with reasons.

Installed over a moto of an exact version (it touches internals, `pyproject.toml` pins it). A stack that fails says
which resource failed and why, in its events and its status, and an update touches only what really changed.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudformation import models, parsing

from tests.deploy.cloudformation import providers
from tests.deploy.cloudformation.registry import Api, Made, Properties, provider

_SUB_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}")


class Resource:
    """One resource of a stack, as moto's parser reads it."""

    def __init__(self, *, logical_id: str, kind: str, made: Made, properties: Properties) -> None:
        self.logical_resource_id, self.cf_resource_type = logical_id, kind
        self.made, self.properties = made, properties
        self.type = kind

    @property
    def physical_resource_id(self) -> str:
        return self.made.id

    @classmethod
    def has_cfn_attr(cls, _name: str) -> bool:
        return True

    def get_cfn_attribute(self, name: str) -> Any:
        if name not in self.made.attributes:
            raise KeyError(f"{self.type} {self.logical_resource_id} has no attribute {name}")
        return self.made.attributes[name]

    def is_created(self) -> bool:
        return True


class ResourceFailedError(Exception):
    """One resource could not be made, changed or deleted."""

    def __init__(self, logical_id: str, kind: str, action: str, cause: Exception) -> None:
        self.logical_id, self.kind, self.action = logical_id, kind, action
        super().__init__(f"{logical_id} ({kind}) could not be {action}: {cause}")


def install(endpoint: str | None) -> None:
    """Put this logic over moto's. `endpoint` is where the providers find the services; None: in this process."""
    providers.load()

    def create(logical_id: str, resource_json: Any, resources: Any, account_id: str, region_name: str) -> Any:
        condition = resource_json.get("Condition")
        if condition and not resources.lazy_condition_map[condition]:
            return None
        kind = resource_json["Type"]
        properties = parsing.clean_json(resource_json.get("Properties", {}), resources)
        api = Api(account=account_id, region=region_name, endpoint=endpoint)
        try:
            made = provider(kind).create(api, _name(resources, logical_id), dict(properties))
        except Exception as cause:
            raise ResourceFailedError(logical_id, kind, "created", cause) from cause
        return Resource(logical_id=logical_id, kind=kind, made=made, properties=properties)

    parsing.parse_and_create_resource = create
    parsing.resource_class_from_type = _known
    parsing.clean_json = _with_stack_outputs(parsing.clean_json)
    parsing.ResourceMap.create = _create
    parsing.ResourceMap.update = lambda self, template, parameters=None: _update(
        self, template, parameters, endpoint
    )
    parsing.ResourceMap.delete = lambda self: _delete(self, endpoint)
    models.Stack.create_resources = _reporting(models.Stack.create_resources, failed="ROLLBACK_COMPLETE")
    models.Stack.update = _reporting(models.Stack.update, failed="UPDATE_ROLLBACK_COMPLETE")
    models.Stack.delete = _reporting(models.Stack.delete, failed="DELETE_FAILED")


def _known(kind: str) -> type[Resource]:
    """What moto asks before it reads outputs; a type without a provider fails here, before anything is made."""
    provider(kind)
    return Resource


def _name(resources: Any, logical_id: str) -> str:
    suffix = hashlib.sha256(f"{resources.stack_id}/{logical_id}".encode()).hexdigest()[:12].upper()
    return f"{resources['AWS::StackName']}-{logical_id}-{suffix}"


def _with_stack_outputs(original: Any) -> Any:
    """Teach moto's parser `Fn::GetStackOutput`, the weak reference between stacks."""

    def clean(value: Any, resources: Any) -> Any:
        if isinstance(value, dict) and "Fn::GetStackOutput" in value:
            wanted = {key: original(inner, resources) for key, inner in value["Fn::GetStackOutput"].items()}
            region = wanted.get("Region") or resources._region_name
            stack = models.cloudformation_backends[resources._account_id][region].get_stack(
                wanted["StackName"]
            )
            for output in stack.outputs or []:
                if output["OutputKey"] == wanted["OutputName"]:
                    return output["OutputValue"]
            raise KeyError(f"stack {wanted['StackName']} has no output {wanted['OutputName']}")
        return original(value, resources)

    return clean


def references(value: Any) -> Iterator[str]:
    """Every logical id that a piece of a template refers to."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(path)}:
            yield path.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from _SUB_REFERENCE.findall(text)
        case {"Fn::Sub": [str(text), bindings]}:
            yield from _SUB_REFERENCE.findall(text)
            yield from references(bindings)
        case Mapping():
            for inner in value.values():
                yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)
        case _:  # a text or a number refers to nothing
            return


def in_order(resources: Mapping[str, Any]) -> list[str]:
    """Logical ids so that each comes after what it refers to or depends on."""
    ordered: list[str] = []
    open_: set[str] = set()

    def visit(id_: str) -> None:
        if id_ in ordered or id_ not in resources:
            return
        if id_ in open_:
            raise ValueError(f"{id_} depends on itself")
        open_.add(id_)
        depends = resources[id_].get("DependsOn", [])
        for other in [
            *references(resources[id_].get("Properties", {})),
            *([depends] if isinstance(depends, str) else depends),
        ]:
            visit(other)
        ordered.append(id_)

    for id_ in resources:
        visit(id_)
    return ordered


def _create(self: Any, template: dict[str, Any]) -> bool:
    self._template, self._resource_json_map = template, template["Resources"]
    for id_ in in_order(self._resource_json_map):
        assert self[id_] is not None or "Condition" in self._resource_json_map[id_]
    return True


def _update(self: Any, template: dict[str, Any], parameters: Any, endpoint: str | None) -> None:
    before = dict(self._resource_json_map)
    self._template = template
    if parameters:
        self.input_parameters = parameters
    self.load_mapping()
    self.load_parameters()
    self.load_conditions()
    self._resource_json_map = template["Resources"]
    self.changes = []
    replaced: list[tuple[Api, Resource]] = []
    api = Api(account=self._account_id, region=self._region_name, endpoint=endpoint)
    for id_ in in_order(self._resource_json_map):
        existing = self._parsed_resources.get(id_)
        if existing is None:
            if self[id_] is not None:
                self.changes.append((id_, self._resource_json_map[id_]["Type"], "CREATE_COMPLETE"))
            continue
        properties = parsing.clean_json(self._resource_json_map[id_].get("Properties", {}), self)
        if properties == existing.properties:
            continue
        self._parsed_resources[id_] = _changed(api, _name(self, id_), existing, properties, replaced)
        self.changes.append((id_, existing.type, "UPDATE_COMPLETE"))
    gone = [id_ for id_ in reversed(in_order(before)) if id_ not in self._resource_json_map]
    for id_ in gone:
        resource = self._parsed_resources.pop(id_, None)
        if resource is not None and before[id_].get("DeletionPolicy") != "Retain":
            _deleted(api, resource)
            self.changes.append((id_, resource.type, "DELETE_COMPLETE"))
    for one, resource in replaced:
        _deleted(one, resource)


def _changed(
    api: Api, name: str, existing: Resource, properties: Properties, replaced: list[tuple[Api, Resource]]
) -> Resource:
    functions = provider(existing.type)
    try:
        if functions.update is not None:
            made = functions.update(api, existing.made, dict(existing.properties), dict(properties))
        else:
            made = functions.create(api, f"{name[:-1]}R", dict(properties))
            replaced.append((api, existing))
    except Exception as cause:
        raise ResourceFailedError(existing.logical_resource_id, existing.type, "updated", cause) from cause
    return Resource(
        logical_id=existing.logical_resource_id, kind=existing.type, made=made, properties=properties
    )


def _delete(self: Any, endpoint: str | None) -> None:
    api = Api(account=self._account_id, region=self._region_name, endpoint=endpoint)
    for id_ in reversed(in_order(self._resource_json_map)):
        resource = self._parsed_resources.pop(id_, None)
        if isinstance(resource, Resource) and self._resource_json_map[id_].get("DeletionPolicy") != "Retain":
            _deleted(api, resource)


def _deleted(api: Api, resource: Resource) -> None:
    delete = provider(resource.type).delete
    assert delete is not None
    try:
        delete(api, resource.made, dict(resource.properties))
    except Exception as cause:
        raise ResourceFailedError(resource.logical_resource_id, resource.type, "deleted", cause) from cause


def _reporting(original: Any, *, failed: str) -> Any:
    """Turn a failure into what CloudFormation would show: the resource's event, and the stack's status with it."""

    def run(stack: Any, *args: Any, **kwargs: Any) -> None:
        stack.outputs_were_there = stack.status not in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}
        try:
            original(stack, *args, **kwargs)
        except ResourceFailedError as error:
            status = {"created": "CREATE_FAILED", "updated": "UPDATE_FAILED", "deleted": "DELETE_FAILED"}[
                error.action
            ]
            _event(stack, error.logical_id, error.kind, status, str(error))
            if error.action == "created" and not stack.outputs_were_there:
                # As CloudFormation does: what a failed creation has made is taken away again.
                stack.output_map = parsing.OutputMap(stack.resource_map, {}, stack.stack_id)
                stack.resource_map._resource_json_map = {
                    id_: one
                    for id_, one in stack.resource_map._resource_json_map.items()
                    if id_ != error.logical_id
                }
                stack.resource_map.delete()
            stack.status = failed
            stack.status_reason = str(error)
            stack._add_stack_event(failed, resource_status_reason=str(error))
            return
        # An update may ask for a parameter's previous value, which moto keeps only if it was given.
        for name, described in stack.template_dict.get("Parameters", {}).items():
            if "Default" in described:
                stack.parameters.setdefault(name, described["Default"])
        for id_, kind, status in getattr(stack.resource_map, "changes", []):
            _event(stack, id_, kind, status, None)
        stack.resource_map.changes = []

    return run


def _event(stack: Any, logical_id: str, kind: str, status: str, reason: str | None) -> None:
    stack.events.append(
        models.Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=logical_id,
            physical_resource_id=logical_id,
            resource_type=kind,
            resource_status=status,
            resource_status_reason=reason,
            resource_properties=None,
        )
    )
