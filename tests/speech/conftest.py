import os
from collections.abc import Sequence

import pytest

from tests.speech.corpus import OFFLINE, Clip, CorpusUnavailableError, human_clips


@pytest.fixture(scope="session")
def people() -> Sequence[Clip]:
    """The human clips; without them the run fails, unless it was said to be offline."""
    try:
        return human_clips()
    except CorpusUnavailableError as error:
        if os.environ.get(OFFLINE) == "1":
            pytest.skip(str(error))
        pytest.fail(str(error), pytrace=False)
