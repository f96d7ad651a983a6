"""The entry point of the CDK command line: the chosen stages in, one assembly out."""

import sys

from aws_cdk import App

from stacks.assembly import build, chosen
from stacks.errors import ConfigurationError


def main() -> int:
    app = App()
    try:
        build(app, chosen({key: app.node.try_get_context(key) for key in ("stage", "account", "image_digest")}))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
