from hypothesis import given
from hypothesis import strategies as st

from service.wire.text import sanitise, split_text


def test_lone_surrogates_and_control_characters_are_taken_out() -> None:
    assert "a\nb\tcü😀" == sanitise("a\n\ud800b\x00\tc\x85\x7fü😀\x1b")


@given(st.text(max_size=400), st.integers(4, 50))
def test_pieces_fit_and_join_to_the_whole(text: str, limit_bytes: int) -> None:
    pieces = list(split_text(text, limit_bytes))

    assert text == "".join(pieces)
    assert all(0 < len(piece.encode()) <= limit_bytes for piece in pieces)
