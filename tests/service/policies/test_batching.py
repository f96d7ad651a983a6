"""Two frames become one, in order, and nothing is kept back from anything else."""

from service.policies.batching import Batch
from service.wire.sonic_input import AudioBlock, AudioInput

BLOCK = AudioBlock(prompt="p", content="a")
OTHER = AudioBlock(prompt="p", content="b")


def frame(pcm: bytes, block: AudioBlock = BLOCK) -> AudioInput:
    return AudioInput(block=block, pcm=pcm)


def test_the_first_frame_waits_for_the_second() -> None:
    batch = Batch()

    assert batch.joins(1, frame(b"ab"))
    assert None is batch.add(1, frame(b"ab"))
    assert batch
    assert batch.joins(1, frame(b"cd"))
    assert frame(b"abcd") == batch.add(1, frame(b"cd"))
    assert not batch


def test_what_waits_can_be_taken_before_something_else() -> None:
    batch = Batch()
    batch.add(7, frame(b"ab"))

    assert (7, frame(b"ab")) == batch.take()
    assert None is batch.take()


def test_another_stream_or_block_is_not_joined() -> None:
    batch = Batch()
    batch.add(1, frame(b"ab"))

    assert not batch.joins(2, frame(b"cd"))
    assert not batch.joins(1, frame(b"cd", OTHER))


def test_long_frames_are_not_made_longer() -> None:
    batch = Batch()

    assert not batch.joins(1, frame(bytes(2_050)))
    batch.add(1, frame(bytes(1_024)))
    assert not batch.joins(1, frame(bytes(3_074)))


def test_two_frames_of_the_longest_that_fit_are_joined() -> None:
    """Three quarters of a kilobyte more than two frames at 24 kHz."""
    batch = Batch()

    assert batch.joins(1, frame(bytes(2_048)))
    batch.add(1, frame(bytes(2_048)))
    assert batch.joins(1, frame(bytes(2_048)))
    assert not batch.joins(1, frame(bytes(2_050)))
