"""Names that sort by time and cannot be guessed."""

import re

from service.identifiers import new_id


def test_an_id_is_a_ulid() -> None:
    assert re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", new_id())


def test_ids_differ_and_share_their_beginning_within_a_moment() -> None:
    ids = {new_id() for _ in range(1_000)}

    assert 1_000 == len(ids)
    assert 1 == len({name[:6] for name in ids})
