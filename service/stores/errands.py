"""What a session wants written, as calls of a store, within a time each; and after its end, until it is written."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from service.session.events import Owned, StoreFault
from service.session.keeping import (
    AttachConversation,
    BeginConversation,
    RenewGrip,
    ResumeSession,
    SaveTurn,
    Write,
)
from service.stores.ports import (
    Attachment,
    CannotResumeError,
    ConversationStore,
    ConversationUnknownError,
    StoreError,
    StoreUnavailableError,
    SupersededError,
)

_RETRY_S: Final = 0.3
_FAULTS: Final[Mapping[type[StoreError], StoreFault]] = {
    ConversationUnknownError: StoreFault.UNKNOWN,
    SupersededError: StoreFault.SUPERSEDED,
    CannotResumeError: StoreFault.CANNOT_RESUME,
}


class Errands:
    """One session's way to the store."""

    def __init__(self, store: ConversationStore | None, user_id: str, *, timeout_s: float) -> None:
        self._store = store
        self._user_id = user_id
        self._timeout_s = timeout_s

    async def ask(self, write: Write) -> Owned | None:
        """Do it. Raises StoreError; a store that does not answer in time, or fails in its own way, is unavailable."""
        if self._store is None:
            raise StoreUnavailableError("there is no store")
        try:
            async with asyncio.timeout(self._timeout_s):
                return await _carry_out(self._store, self._user_id, write)
        except StoreError:
            raise
        except TimeoutError as error:
            raise StoreUnavailableError(f"no answer within {self._timeout_s:g} s") from error
        except Exception as error:
            raise StoreUnavailableError(f"failed with {type(error).__name__}") from error

    async def finish(self, writes: Sequence[Write]) -> None:
        """What the session left behind, again and again until it is written; whoever waits for it sets the limit.

        Raises StoreError when the rest is not wanted any more.
        """
        for write in writes:
            while True:
                try:
                    await self.ask(write)
                except StoreUnavailableError:
                    await asyncio.sleep(_RETRY_S)
                else:
                    break


async def _carry_out(store: ConversationStore, user_id: str, write: Write) -> Owned | None:
    """Do it; what is owned afterwards where that was the question. Raises StoreError."""
    match write:
        case BeginConversation(conversation_id=conversation_id, grip=grip):
            return _owned(await store.begin(user_id, conversation_id, grip))
        case AttachConversation(conversation_id=conversation_id, grip=grip, history_bytes=history_bytes):
            attached = await store.attach(user_id, conversation_id, grip, history_bytes=history_bytes)
            return _owned(attached)
        case ResumeSession(session_id=session_id, token_hash=token_hash, grip=grip, history_bytes=size):
            return _owned(await store.resume(user_id, session_id, token_hash, grip, history_bytes=size))
        case RenewGrip(conversation_id=conversation_id, epoch=epoch, grip=grip):
            await store.renew(user_id, conversation_id, epoch, grip)
        case SaveTurn(conversation_id=conversation_id, epoch=epoch, turn=turn):
            await store.save_turn(user_id, conversation_id, epoch, turn)
        case _:
            assert_never(write)
    return None


def fault_of(error: StoreError) -> StoreFault:
    """An error as the session is told it."""
    return _FAULTS.get(type(error), StoreFault.UNAVAILABLE)


def _owned(attachment: Attachment) -> Owned:
    return Owned(
        conversation_id=attachment.conversation_id,
        epoch=attachment.epoch,
        last_turn=attachment.last_turn,
        turns=tuple(saved.turn for saved in attachment.turns),
    )
