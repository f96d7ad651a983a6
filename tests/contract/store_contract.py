"""What every store of conversations must do, whatever it is made of.

A subclass gives a `stage`: a way to open the store, as often as a test likes, on one state and one clock.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from service.session.keeping import MAX_TEXT_BYTES, Grip, KeptTurn
from service.stores.ports import (
    CannotResumeError,
    ConversationStore,
    ConversationUnknownError,
    Retention,
    SupersededError,
)

RETENTION = Retention(turns_s=1_000.0, empty_s=100.0, pointer_s=500.0)
KEPT = 40_000
C1, C2, C3 = "01JD0000000000000000000001", "01JD0000000000000000000002", "01JD0000000000000000000003"


@dataclass
class Stage:
    """One state, one clock, any number of stores over it."""

    open: Callable[["Stage"], ConversationStore]
    now: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)
    opened: list[ConversationStore] = field(default_factory=list)

    def store(self) -> ConversationStore:
        """A store of its own, as another process would have one."""
        self.opened.append(self.open(self))
        return self.opened[-1]

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def close(self) -> None:
        for store in self.opened:
            await store.aclose()


def turn(number: int, user: str = "hello", assistant: str = "Hi.") -> KeptTurn:
    return KeptTurn(number=number, user=user, assistant=assistant, outcome="completed")


def grip(session_id: str, token_hash: str | None = None, window_s: float = 120.0) -> Grip:
    return Grip(session_id=session_id, token_hash=token_hash, window_s=window_s)


class StoreContract:
    """Subclass it, and give it a fixture `stage`."""

    async def test_a_turn_is_there_once_it_was_written_for_every_process(self, stage: Stage) -> None:
        store = stage.store()
        begun = await store.begin("ann", C1, grip("s1"))
        await store.save_turn("ann", C1, begun.epoch, turn(1, "Größe 😀", "Es ist\nsonnig."))
        await store.aclose()
        (saved,) = await stage.store().turns("ann", C1)

        assert (turn(1, "Größe 😀", "Es ist\nsonnig."), stage.now) == (saved.turn, saved.saved_at)

    async def test_the_present_owners_of_many_conversations_are_known_at_once(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))
        await store.attach("ann", C1, grip("s2"), history_bytes=KEPT)
        await store.begin("bob", C2, grip("s3"))
        await store.begin("bob", C3, grip("s4"))
        await store.delete("bob", C3)
        asked = [("ann", C1), ("bob", C2), ("bob", C3), ("bob", C1)]

        assert {("ann", C1): 2, ("bob", C2): 1} == await stage.store().epochs(asked)
        assert {} == await store.epochs([])

    async def test_more_owners_are_known_than_one_request_can_ask_for(self, stage: Stage) -> None:
        store = stage.store()
        names = [f"01JD{number:022}" for number in range(103)]
        for name in names:
            await store.begin("ann", name, grip(f"s{name}"))

        assert dict.fromkeys((("ann", name) for name in names), 1) == await store.epochs(
            [("ann", name) for name in names]
        )

    async def test_turns_come_in_the_order_of_their_numbers(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))
        for number in (1, 2, 9, 10, 101):
            await store.save_turn("ann", C1, 1, turn(number))

        assert [1, 2, 9, 10, 101] == [saved.turn.number for saved in await store.turns("ann", C1)]

    async def test_a_turn_written_twice_is_there_once_as_it_was_written_first(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))
        await store.save_turn("ann", C1, 1, turn(1, "first"))
        await store.save_turn("ann", C1, 1, turn(1, "second"))

        assert ["first"] == [saved.turn.user for saved in await store.turns("ann", C1)]

    async def test_beginning_twice_is_beginning_once(self, stage: Stage) -> None:
        store = stage.store()
        first = await store.begin("ann", C1, grip("s1"))
        await store.save_turn("ann", C1, 1, turn(1))
        again = await store.begin("ann", C1, grip("s1"))

        assert (1, 1) == (first.epoch, again.epoch)
        assert 1 == len(await store.turns("ann", C1))

    async def test_an_id_that_is_taken_cannot_be_begun(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))

        with pytest.raises(SupersededError):
            await store.begin("ann", C1, grip("s2"))

    async def test_attaching_raises_the_epoch_and_shuts_the_last_owner_out(self, stage: Stage) -> None:
        store, other = stage.store(), stage.store()
        await store.begin("ann", C1, grip("s1"))
        await store.save_turn("ann", C1, 1, turn(1))
        attached = await other.attach("ann", C1, grip("s2"), history_bytes=KEPT)

        assert (2, 1, [1]) == (attached.epoch, attached.last_turn, [s.turn.number for s in attached.turns])
        with pytest.raises(SupersededError):
            await store.save_turn("ann", C1, 1, turn(2, "from the stale owner"))
        with pytest.raises(SupersededError):
            await store.renew("ann", C1, 1, grip("s1"))
        await other.save_turn("ann", C1, 2, turn(2, "from the owner"))
        assert ["hello", "from the owner"] == [s.turn.user for s in await store.turns("ann", C1)]

    async def test_a_stale_owner_cannot_repeat_a_turn_of_the_new_one(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))
        await store.attach("ann", C1, grip("s2"), history_bytes=KEPT)
        await store.save_turn("ann", C1, 2, turn(1, "new"))

        with pytest.raises(SupersededError):
            await store.save_turn("ann", C1, 1, turn(1, "old"))

    async def test_attaching_again_after_a_lost_answer_changes_nothing(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))
        epochs = [(await store.attach("ann", C1, grip("s2"), history_bytes=KEPT)).epoch for _ in range(2)]

        assert [2, 2] == epochs

    async def test_of_two_that_attach_at_once_one_owns_the_conversation(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s0"))
        answers = await asyncio.gather(
            *(store.attach("ann", C1, grip(f"s{i}"), history_bytes=KEPT) for i in range(1, 5)),
            return_exceptions=True,
        )
        epochs = [answer.epoch for answer in answers if not isinstance(answer, BaseException)]

        assert epochs
        assert len(set(epochs)) == len(epochs)

    async def test_attaching_reads_the_newest_turns_within_the_limit(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))
        for number in range(1, 11):
            await store.save_turn("ann", C1, 1, turn(number, "w" * 1_000))
        attached = await store.attach("ann", C1, grip("s2"), history_bytes=3_000)

        assert [8, 9, 10] == [saved.turn.number for saved in attached.turns]
        assert 10 == attached.last_turn

    async def test_conversations_are_listed_newest_first_and_page_by_page(self, stage: Stage) -> None:
        store = stage.store()
        for conversation_id in (C1, C3, C2):
            await store.begin("ann", conversation_id, grip("s"))
            await store.save_turn("ann", conversation_id, 1, turn(1, f"about {conversation_id[-1]}"))
        first = await store.conversations("ann", limit=2)
        rest = await store.conversations("ann", limit=2, before=first[-1].conversation_id)

        assert [C3, C2] == [conversation.conversation_id for conversation in first]
        assert [(C1, "about 1", 1)] == [(c.conversation_id, c.title, c.last_turn) for c in rest]

    async def test_a_conversation_in_which_nothing_was_said_is_not_listed(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))

        assert [] == list(await store.conversations("ann", limit=10))
        assert C1 == (await store.conversation("ann", C1)).conversation_id

    async def test_nothing_of_another_user_can_be_reached(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1", "hash"))
        await store.save_turn("ann", C1, 1, turn(1))

        assert ([], []) == (
            list(await store.conversations("bob", limit=10)),
            list(await store.turns("bob", C1)),
        )
        with pytest.raises(ConversationUnknownError):
            await store.conversation("bob", C1)
        with pytest.raises(ConversationUnknownError):
            await store.attach("bob", C1, grip("s2"), history_bytes=KEPT)
        with pytest.raises(ConversationUnknownError):
            await store.rename("bob", C1, "mine")
        with pytest.raises(ConversationUnknownError):
            await store.delete("bob", C1)
        with pytest.raises(ConversationUnknownError):
            await store.save_turn("bob", C1, 1, turn(2))
        with pytest.raises(CannotResumeError):
            await store.resume("bob", "s1", "hash", grip("s2"), history_bytes=KEPT)
        assert 1 == len(await store.turns("ann", C1))

    async def test_a_title_is_how_the_user_began_until_it_is_changed(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))
        await store.save_turn("ann", C1, 1, turn(1, ""))
        await store.save_turn("ann", C1, 1, turn(2, "  what\n is  it " + "x" * 100))
        began = (await store.conversation("ann", C1)).title
        await store.rename("ann", C1, "Weather")
        await store.save_turn("ann", C1, 1, turn(3, "more"))

        assert ("what is it " + "x" * 68 + "…", "Weather") == (
            began,
            (await store.conversation("ann", C1)).title,
        )

    async def test_deleted_means_gone_for_the_list_and_for_whoever_is_still_writing(
        self, stage: Stage
    ) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))
        await store.save_turn("ann", C1, 1, turn(1))
        await store.delete("ann", C1)

        with pytest.raises(ConversationUnknownError):
            await store.save_turn("ann", C1, 1, turn(2))
        with pytest.raises(ConversationUnknownError):
            await store.conversation("ann", C1)
        with pytest.raises(ConversationUnknownError):
            await store.delete("ann", C1)
        assert [] == list(await store.turns("ann", C1))

    async def test_forgetting_a_user_leaves_nothing_of_him_and_everything_of_others(
        self, stage: Stage
    ) -> None:
        store = stage.store()
        for user, conversation_id in (("ann", C1), ("ann", C2), ("bob", C3)):
            await store.begin(user, conversation_id, grip(f"s-{user}"))
            for number in range(1, 130 if conversation_id == C1 else 2):
                await store.save_turn(user, conversation_id, 1, turn(number))
        await store.forget("ann")

        assert [] == list(await store.conversations("ann", limit=10))
        assert [] == list(await store.turns("ann", C1))
        assert 1 == len(await store.turns("bob", C3))

    async def test_what_has_expired_is_gone_at_once(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1", "hash", 10_000.0))
        await store.save_turn("ann", C1, 1, turn(1))
        await store.begin("ann", C2, grip("s2"))
        stage.later(RETENTION.empty_s + 1)

        with pytest.raises(ConversationUnknownError):
            await store.conversation("ann", C2)
        stage.later(RETENTION.turns_s)
        assert ([], []) == (
            list(await store.conversations("ann", limit=10)),
            list(await store.turns("ann", C1)),
        )
        for use in (
            store.attach("ann", C1, grip("s3"), history_bytes=KEPT),
            store.rename("ann", C1, "late"),
            store.save_turn("ann", C1, 1, turn(2)),
            store.delete("ann", C1),
        ):
            with pytest.raises(ConversationUnknownError):
                await use

    async def test_a_conversation_lives_on_with_every_turn(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))
        for number in (1, 2, 3):
            await store.save_turn("ann", C1, 1, turn(number))
            stage.later(RETENTION.turns_s - 1)

        assert 3 == (await store.conversation("ann", C1)).last_turn

    async def test_a_session_is_taken_up_once_with_its_token(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1", "hash-1"))
        await store.save_turn("ann", C1, 1, turn(1))
        resumed = await store.resume("ann", "s1", "hash-1", grip("s2", "hash-2"), history_bytes=KEPT)

        assert (C1, 2, 1) == (resumed.conversation_id, resumed.epoch, len(resumed.turns))
        with pytest.raises(CannotResumeError):
            await store.resume("ann", "s1", "hash-1", grip("s3"), history_bytes=KEPT)
        again = await store.resume("ann", "s2", "hash-2", grip("s3"), history_bytes=KEPT)
        assert 3 == again.epoch

    @pytest.mark.parametrize(
        ("session_id", "token_hash", "after_s"),
        [("s1", "hash-2", 0.0), ("s9", "hash-1", 0.0), ("s1", "hash-1", 121.0)],
        ids=["another token", "another session", "too late"],
    )
    async def test_a_session_is_not_taken_up_with(
        self, stage: Stage, session_id: str, token_hash: str, after_s: float
    ) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1", "hash-1"))
        await store.save_turn("ann", C1, 1, turn(1))
        stage.later(after_s)

        with pytest.raises(CannotResumeError):
            await store.resume("ann", session_id, token_hash, grip("s2"), history_bytes=KEPT)

    async def test_taking_up_again_after_a_lost_answer_changes_nothing(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1", "hash-1"))
        await store.save_turn("ann", C1, 1, turn(1))
        first = await store.resume("ann", "s1", "hash-1", grip("s2", "hash-2"), history_bytes=KEPT)
        again = await store.resume("ann", "s1", "hash-1", grip("s2", "hash-2"), history_bytes=KEPT)

        assert (2, first) == (again.epoch, again)
        with pytest.raises(CannotResumeError):
            await store.resume("ann", "s1", "hash-1", grip("s3", "hash-3"), history_bytes=KEPT)

    async def test_a_session_without_a_token_cannot_be_taken_up(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))

        for guess in ("", "None", "NULL"):
            with pytest.raises(CannotResumeError):
                await store.resume("ann", "s1", guess, grip("s2"), history_bytes=KEPT)

    async def test_renewing_moves_the_window_and_changes_the_token(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1", "hash-1", 50.0))
        stage.later(40)
        await store.renew("ann", C1, 1, grip("s1", "hash-2", 50.0))
        stage.later(40)

        with pytest.raises(CannotResumeError):
            await store.resume("ann", "s1", "hash-1", grip("s2"), history_bytes=KEPT)
        assert 2 == (await store.resume("ann", "s1", "hash-2", grip("s2"), history_bytes=KEPT)).epoch

    async def test_a_turn_as_large_as_turns_may_be_is_kept(self, stage: Stage) -> None:
        store = stage.store()
        await store.begin("ann", C1, grip("s1"))
        large = turn(1, "ü" * (MAX_TEXT_BYTES // 2), "z" * MAX_TEXT_BYTES)
        await store.save_turn("ann", C1, 1, large)

        assert [large] == [saved.turn for saved in await store.turns("ann", C1)]

    async def test_it_can_be_checked(self, stage: Stage) -> None:
        await stage.store().check()
