"""Threads in which a store may wait, so that the event loop never does."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Worker:
    """A few threads of one store's own; with one of them its calls happen in order."""

    def __init__(self, name: str, *, threads: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)

    async def run[**P, R](self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call it there. A caller that stops waiting does not stop the call; every call here can be repeated."""
        future = self._threads.submit(call, *args, **kwargs)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let running calls finish behind us, and begin no others."""
        self._threads.shutdown(wait=False, cancel_futures=True)
