import pytest

from tests.emulators.cognito.browser import Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()
