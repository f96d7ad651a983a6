from hypothesis import given
from hypothesis import strategies as st

from service.policies.history import Message, replayable


def message(role: str, text: str) -> Message:
    return Message(role="USER" if role == "USER" else "ASSISTANT", text=text)


MESSAGES = st.lists(
    st.builds(message, st.sampled_from(["USER", "ASSISTANT"]), st.text(max_size=60)), max_size=30
)


@given(MESSAGES, st.integers(1, 400))
def test_any_history_fits_alternates_and_begins_with_the_user(
    messages: list[Message], limit_bytes: int
) -> None:
    kept = replayable(messages, limit_bytes=limit_bytes)

    assert sum(len(kept_message.text.encode()) for kept_message in kept) <= limit_bytes
    assert ["USER", "ASSISTANT"] * (len(kept) // 2) + ["USER"] * (len(kept) % 2) == [m.role for m in kept]
    assert all(kept_message.text for kept_message in kept)


def test_neighbours_of_one_role_become_one_message() -> None:
    kept = replayable([message("USER", "a"), message("USER", "b"), message("ASSISTANT", "c")], limit_bytes=99)

    assert [("USER", "a\nb"), ("ASSISTANT", "c")] == [(m.role, m.text) for m in kept]


def test_the_oldest_goes_first() -> None:
    messages = [message("USER", "x" * 50), message("ASSISTANT", "y"), message("USER", "z")]

    assert ["z"] == [kept.text for kept in replayable(messages, limit_bytes=10)]


def test_one_message_that_is_too_long_keeps_its_end_within_whole_characters() -> None:
    (kept,) = replayable([message("USER", "a" + "😀" * 10)], limit_bytes=10)

    assert "😀😀" == kept.text


def test_five_thousand_turns_are_trimmed_to_the_limit() -> None:
    messages = [message(("USER", "ASSISTANT")[i % 2], "word " * 20) for i in range(5_000)]
    kept = replayable(messages, limit_bytes=40_000)

    assert 39_000 < sum(len(m.text.encode()) for m in kept) <= 40_000


def test_what_is_empty_is_left_out_and_nothing_with_it() -> None:
    messages = [
        message("USER", "a"),
        message("ASSISTANT", " "),
        message("USER", "b"),
        message("ASSISTANT", "c"),
    ]
    kept = replayable(messages, limit_bytes=99)

    assert [("USER", "a\nb"), ("ASSISTANT", "c")] == [(m.role, m.text) for m in kept]


def test_what_fits_to_the_byte_is_kept() -> None:
    messages = [message("USER", "abc"), message("ASSISTANT", "de")]

    assert [["abc", "de"], []] == [[m.text for m in replayable(messages, limit_bytes=n)] for n in (5, 4)]
