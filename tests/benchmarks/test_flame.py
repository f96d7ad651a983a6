"""A flame graph holds every sample that was busy, each on top of its caller."""

import xml.etree.ElementTree as ET

from benchmarks.flame import drawn, folded, pruned

RAW = [
    "<module> (a.py:1);run (u.py:9);on_data (conn.py:10);decode (wire.py:3) 60",
    "<module> (a.py:1);run (u.py:9);on_data (conn.py:12) 30",
    "<module> (a.py:1);run (u.py:9) 9",
    "<module> (a.py:1);run (u.py:9);rare <&> (x.py:1) 1",
    "_bootstrap (threading.py:1);_worker (concurrent/futures/thread.py:81) 500",
]


def test_lines_of_one_function_are_one_box_and_waiting_threads_are_none() -> None:
    root = folded(iter(RAW))

    assert 100 == root.samples
    assert {
        "on_data (conn.py)": 90,
        "the event loop itself: receive, poll, write, TLS": 9,
        "rare <&> (x.py)": 1,
    } == {name: box.samples for name, box in root.callees.items()}
    assert 60 == root.callees["on_data (conn.py)"].callees["decode (wire.py)"].samples


def test_what_is_too_narrow_to_see_is_left_out() -> None:
    assert "rare <&> (x.py)" not in pruned(folded(iter(RAW)), 2).callees


def test_the_drawing_is_well_formed() -> None:
    svg = ET.fromstring(drawn(folded(iter(RAW)), "a <title>"))  # noqa: S314 - our own
    titles = [title.text for title in svg.iter("{http://www.w3.org/2000/svg}title")]

    assert "decode (wire.py) 60.0%" in titles
    assert "rare <&> (x.py) 1.0%" in titles
