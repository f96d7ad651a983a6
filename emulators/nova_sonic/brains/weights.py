"""Model files that came inside packages, and the checksums they must have.

The packages are young and small: what runs is exactly the files that were measured (docs/speech-engine.md), or
nothing.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_REMEDY: Final = (
    "Install the pinned packages again: "
    "python -m pip install --force-reinstall --require-hashes -r requirements/emulators.txt"
)


class SpeechUnavailableError(Exception):
    """The speech engine cannot start; the text is one sentence for the user that ends in the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One model file, where its package keeps it, and the only content we accept."""

    package: str
    file: str
    sha256: str

    @property
    def installed(self) -> bool:
        """Whether the package is there at all; its content is judged by `verified`."""
        return importlib.util.find_spec(self.package) is not None

    def verified(self) -> Path:
        """Return the path of the file; `SpeechUnavailableError` unless it is there and as expected."""
        # find_spec does not run the package, so nothing of it is loaded before it is verified.
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            raise SpeechUnavailableError(f"The package {self.package} is not installed. {_REMEDY}")
        path = Path(spec.origin).parent / self.file
        try:
            with path.open("rb") as weights:
                found = hashlib.file_digest(weights, "sha256").hexdigest()
        except OSError as error:
            raise SpeechUnavailableError(
                f"The model file {path} cannot be read ({error.strerror}). {_REMEDY}"
            ) from error
        if found != self.sha256:
            raise SpeechUnavailableError(
                f"The model file {path} has sha256 {found}, expected {self.sha256}. {_REMEDY}"
            )
        return path


def unavailable(package: str, error: Exception) -> SpeechUnavailableError:
    """Turn a failed import or a failed load into the sentence the user reads."""
    return SpeechUnavailableError(f"{package} could not be loaded: {error}. {_REMEDY}")
