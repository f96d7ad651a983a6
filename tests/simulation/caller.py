"""A caller: somebody who talks, and says it again when it was not answered."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.simulation.line import Line
from tests.simulation.promises import BrokenPromiseError, Said
from tests.simulation.speech import FRAME_MS, SILENCE, Heard, speech

_STUCK_AFTER_S: Final = 90.0


@dataclass(slots=True, kw_only=True)
class Habits:
    """What the caller is like."""

    turns: int = 3
    speaks: float = 0.3
    """Share of turns that are spoken, not typed."""
    pause_s: tuple[float, float] = (0.1, 3.0)
    barges_in: float = 0.0
    keeps: bool = True
    """Whether a turn counts only when it is saved."""
    open_microphone: bool = False
    """Whether silence is sent while nobody speaks."""


class Caller(Line):
    """One user on a host of their own, with one conversation."""

    def __init__(
        self,
        name: str,
        *,
        dice: Random,
        pick: Callable[[Random], tuple[str, int]],
        habits: Habits,
        bearer: str | None = None,
    ) -> None:
        super().__init__(name, dice=dice, pick=pick, bearer=bearer)
        self._habits = habits
        self._utterances = 0
        self.has_enough = False
        """Hangs up after the next answer."""

    async def converse(self) -> None:
        """Ask so many questions that each is answered, then hang up."""
        connection = asyncio.create_task(self._stay_connected())
        tasks = {connection}
        if self._habits.open_microphone:
            tasks.add(asyncio.create_task(self._hold_microphone()))
        try:
            for number in itertools.count():
                if number >= self._habits.turns or self.has_enough:
                    break
                await self._until_answered(number, connection)
                await asyncio.sleep(self._dice.uniform(*self._habits.pause_s))
            self._is_leaving = True
            self._send({"type": "end"})
            await asyncio.sleep(0.5)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if self._wire is not None:
                self._wire.abort()

    def hang_up(self) -> None:
        """Soon: after the next answer."""
        self.has_enough = True

    async def _hold_microphone(self) -> None:
        while True:
            if self._is_ready:
                self._send_audio(SILENCE, is_last=False)
            await asyncio.sleep(FRAME_MS / 1_000)

    async def _until_answered(self, number: int, connection: asyncio.Task[None]) -> None:
        for attempt in range(40):
            await self._until(
                lambda: self._is_ready and self._state == "listening", connection, "a state to speak in"
            )
            attachment = self._attachments
            text = await self._ask(f"{self.name} asks {number}.{attempt}")
            self.asked.append(text)
            if await self._answered(text, attachment, connection):
                return
        raise BrokenPromiseError(f"{self.name}: question {number} was never answered")

    async def _ask(self, typed: str) -> str:
        if self._dice.random() >= self._habits.speaks:
            self._typed = typed
            self._send({"type": "text", "text": typed})
            return typed
        self._utterances += 1
        frames = speech(self._utterances, self._dice.randrange(4, 16))
        for place, pcm in enumerate(frames, 1):
            self._send_audio(pcm, is_last=place == len(frames))
            await asyncio.sleep(FRAME_MS / 1_000)
        return str(Heard(self._utterances, 1, len(frames)))

    async def _answered(self, text: str, attachment: int, connection: asyncio.Task[None]) -> bool:
        """Whether it was, and saved; False when the user has to say it again."""

        before = max(self.turns, default=0)

        def is_settled() -> bool:
            turn = self._turn_of(text)
            if turn is None:
                later = (other for number, other in self.turns.items() if number > before)
                if any(other.outcome is not None and other.text is None for other in later):
                    # The model did not say what it heard, if it heard anything.
                    return True
                # A session that knows nothing of it went on elsewhere.
                return self._is_ready and self._attachments != attachment
            return turn.outcome is not None and (
                turn.is_saved or not self._habits.keeps or turn.outcome == "failed"
            )

        if self._dice.random() < self._habits.barges_in:
            await self._until(lambda: is_settled() or self._state == "speaking", connection, "an answer")
            await asyncio.sleep(self._dice.uniform(0.0, 0.6))
            return True
        await self._until(is_settled, connection, f"an answer to {text!r}")
        turn = self._turn_of(text)
        return turn is not None and turn.outcome == "completed"

    def _turn_of(self, text: str) -> Said | None:
        """The turn of these words, or of the last of them."""
        whole = Heard.read(text)
        for turn in self.turns.values():
            heard = Heard.read(turn.text or "")
            is_end = (
                whole is not None
                and heard is not None
                and (whole.utterance, whole.last) == (heard.utterance, heard.last)
            )
            if turn.text == text or is_end:
                return turn
        return None

    async def _until(self, holds: Callable[[], bool], connection: asyncio.Task[None], what: str) -> None:
        since = self._loop.time()
        while not holds():
            if connection.done():
                await connection
            waited_s = self._loop.time() - max(since, self._came_back_at)
            if self._is_ready and waited_s > _STUCK_AFTER_S:
                raise BrokenPromiseError(
                    f"{self.name} waits for {what} since {waited_s:.0f} s; state {self._state}, turns {self.turns},"
                    f" errors {dict(self.errors)}, closes {dict(self.closes)}"
                )
            self._changed.clear()
            try:
                async with asyncio.timeout(5.0):
                    await self._changed.wait()
            except TimeoutError:
                continue
