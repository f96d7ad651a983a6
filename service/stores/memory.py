"""Documents of one process, for a service that runs as one."""

from collections.abc import Callable


class MemoryDocuments:
    """A `Documents` that ends with the process."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._documents: dict[str, tuple[int, bytes, float]] = {}

    async def read(self, name: str) -> tuple[int, bytes | None]:
        """See the port."""
        version, body, expires_at = self._documents.get(name, (0, b"", 0.0))
        return (version, body) if expires_at > self._now() else (0, None)

    async def swap(self, name: str, version: int, body: bytes, *, expires_at: float) -> bool:
        """See the port; what has expired goes."""
        now = self._now()
        for old in [known for known, (_, _, until) in self._documents.items() if until <= now]:
            del self._documents[old]
        if self._documents.get(name, (0,))[0] != version:
            return False
        self._documents[name] = (version + 1, body, expires_at)
        return True
