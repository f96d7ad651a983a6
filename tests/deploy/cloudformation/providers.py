"""Every provider, by service."""

from importlib import import_module
from typing import Final

_MODULES: Final = (
    "containers",
    "edge",
    "foundation",
    "identity",
    "load_balancing",
    "network",
    "observability",
)


def load() -> None:
    """Register every provider; importing a module is what registers it."""
    for name in _MODULES:
        import_module(f"tests.deploy.cloudformation.{name}")
