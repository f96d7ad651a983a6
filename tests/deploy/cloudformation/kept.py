"""Types whose API moto does not have: judged by botocore like the others, then kept in the stack only."""

import uuid
from collections.abc import Callable

from botocore import xform_name
from botocore.validate import ParamValidator

from tests.deploy.cloudformation.registry import (
    Api,
    Made,
    Properties,
    UnsentPropertyError,
    creates,
    deletes,
    fitted,
)


def keep(
    kind: str, *, service: str, operation: str, attribute: str, wrap: Callable[[Properties], Properties]
) -> None:
    """Register such a type. `wrap` writes the properties as the operation's arguments."""

    @creates(kind)
    def create(api: Api, name: str, p: Properties) -> Made:
        model = api.client(service).meta.service_model
        shape = next(
            model.operation_model(one).input_shape
            for one in model.operation_names
            if xform_name(one) == operation
        )
        report = ParamValidator().validate(fitted(shape, wrap(p)), shape)
        if report.has_errors():
            raise UnsentPropertyError(report.generate_report())
        id_ = uuid.uuid5(uuid.NAMESPACE_URL, name).hex
        return Made(id=id_, attributes={attribute: id_, "Arn": f"arn:aws:{service}::{api.account}:{id_}"})

    @deletes(kind)
    def delete(_api: Api, _made: Made, _p: Properties) -> None:
        """It was nowhere but in the stack."""
