"""A loudspeaker without sound: when each piece of a reply would have been heard, and how much of it.

Pure: `now` is an argument, in seconds on the caller's clock.
"""

from dataclasses import dataclass, field

_SAMPLE_BYTES = 2


@dataclass(slots=True, kw_only=True)
class Playback:
    """Plays reply audio one piece after the other, each at once if nothing is playing."""

    rate_hz: int
    _pieces: list[tuple[float, int, bytes]] = field(default_factory=list)
    """When it starts to be heard, of which reply, what."""

    @property
    def ends_at(self) -> float | None:
        """When everything received so far has been heard; None if nothing was received."""
        if not self._pieces:
            return None
        starts_at, _, pcm = self._pieces[-1]
        return starts_at + self._length_s(pcm)

    def receive(self, pcm: bytes, *, response_id: int, now: float) -> None:
        self._pieces.append((max(now, self.ends_at or now), response_id, pcm))

    def interrupt(self, response_id: int, *, now: float) -> None:
        """Drop what of this reply has not been heard yet."""
        kept = []
        for starts_at, of, pcm in self._pieces:
            heard_bytes = int(max(0.0, now - starts_at) * self.rate_hz) * _SAMPLE_BYTES
            cut = pcm[:heard_bytes] if of == response_id else pcm
            if cut:
                kept.append((starts_at, of, cut))
        self._pieces = kept

    def heard_ms(self, response_id: int, *, now: float) -> int:
        """How much of a reply has been heard by now."""
        heard_s = sum(
            min(self._length_s(pcm), max(0.0, now - starts_at))
            for starts_at, of, pcm in self._pieces
            if of == response_id
        )
        return round(heard_s * 1000)

    def joined(self) -> bytes:
        """Everything that was heard, without the pauses between."""
        return b"".join(pcm for _, _, pcm in self._pieces)

    def placed(self, *, since: float) -> bytes:
        """Everything that was heard, where it was heard, with silence between; from the instant `since` on."""
        track = bytearray()
        for starts_at, _, pcm in self._pieces:
            at_bytes = round((starts_at - since) * self.rate_hz) * _SAMPLE_BYTES
            track.extend(bytes(max(0, at_bytes - len(track))))
            track.extend(pcm)
        return bytes(track)

    def _length_s(self, pcm: bytes) -> float:
        return len(pcm) / _SAMPLE_BYTES / self.rate_hz
