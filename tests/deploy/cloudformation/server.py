"""`python -m tests.deploy.cloudformation.server PORT`: a moto server whose CloudFormation makes everything we use."""

import sys

from moto.server import main

from tests.deploy.cloudformation.engine import install


def serve(port: str) -> None:
    install(f"http://127.0.0.1:{port}")
    main(["-H", "127.0.0.1", "-p", port])


if __name__ == "__main__":
    serve(sys.argv[1])
