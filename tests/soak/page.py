"""The figures of a soak as a page for people."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.soak.flat import WARM_UP, Trend
from tests.soak.talking import INTERRUPTS, PAUSE_S, Sample, Talk

_ROWS = 12


def page(seen: Talk, judged: Sequence[Trend], *, sessions: int, minutes: float, verdict: str) -> str:
    """Markdown; about a dozen of the samples."""
    step = max(1, len(seen.busy) // _ROWS)
    rows = [_row(seen.before, "nobody has called")]
    rows += [_row(sample, "") for sample in seen.busy[step - 1 :: step]]
    rows.append(_row(seen.after, "everybody has gone"))
    slopes = [
        f"| {found.name} | {found.usual:.1f}{found.unit} | {found.per_hour:+.2f}{found.unit} | {found.rise:+.2f}{found.unit}"
        f" | {found.allowed:.1f}{found.unit} | {'yes' if found.is_flat else 'NO'} |"
        for found in judged
    ]
    where = (
        f"Written by `make soak` on {datetime.now(UTC):%Y-%m-%d} ({platform.machine()}, {os.cpu_count()} cores, shared with"
        f" emulator and callers): {sessions} conversations at a time for {minutes:g} minutes against one process."
    )
    result = (
        f"**Verdict: {verdict}.** {seen.calls} calls, {seen.turns} turns saved, {seen.cpu_s:.0f} s of CPU;"
        f" closed with {_counted(seen.closes)}; told {_counted(seen.errors)}."
    )
    how = (
        "A fifth of the callers stay for twenty minutes, over several streams of the model, the others for 2 to 29 turns;"
        f" they type every {PAUSE_S[0]:g} to {PAUSE_S[1]:g} s over an open, silent microphone, and interrupt"
        f" {INTERRUPTS:.0%} of the replies. Nobody's line is cut: that is the drill. The first {WARM_UP:.0%} are not"
        " judged; the slope is the median of the slopes between all pairs of samples (Theil and Sen). The limits on load"
        " are off: callers and emulator share the machine."
    )
    return "\n".join(
        [
            *("# Soak", "", where, "", result, "", how, ""),
            "| figure | median | slope an hour | over the judged part | allowed | flat |",
            "| --- | --- | --- | --- | --- | --- |",
            *slopes,
            "",
            "| at | memory | tasks | threads | descriptors | sessions | |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _row(sample: Sample, remark: str) -> str:
    return (
        f"| {sample.at_s:.0f} s | {sample.rss_mb:.1f} MB | {sample.tasks} | {sample.threads} | {sample.descriptors}"
        f" | {sample.sessions} | {remark} |"
    )


def _counted(counts: dict[int | None, int] | dict[str, int]) -> str:
    return ", ".join(f"{count} x {what or 'nothing'}" for what, count in counts.items()) or "nothing"
