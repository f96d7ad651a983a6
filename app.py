"""The entry point of the CDK command line: the chosen stages in, one assembly out."""

import sys
from pathlib import Path

from stacks.errors import ConfigurationError
from stacks.packaged_node import use_packaged_node
from stacks.paths import CONFIG


def main() -> int:
    use_packaged_node()
    from aws_cdk import App  # noqa: PLC0415 - the import starts Node, so Node must have been chosen

    from stacks.assembly import REPRODUCIBLE, build, chosen  # noqa: PLC0415 - it imports aws_cdk

    app = App(context=REPRODUCIBLE)
    given = {key: app.node.try_get_context(key) for key in ("stage", "account", "image_digest")}
    folder = app.node.try_get_context("config")
    try:
        build(app, chosen(given, folder=Path(folder) if folder else CONFIG))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
