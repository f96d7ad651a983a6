"""The assembly that tests/stacks looks at: one synthesis for both, whichever asks first."""

from tests.stacks.conftest import assembly

__all__ = ["assembly"]
