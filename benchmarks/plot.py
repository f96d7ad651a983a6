"""Bars as SVG, light and dark, from numbers alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 720
_BAR: Final = 22
_GAP: Final = 10
_LABEL: Final = 250
_TOP: Final = 44
_STYLE: Final = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .bar { fill: #6e7781 } .ours { fill: #0969da }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #8b949e } .ours { fill: #58a6ff } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar; `ours` stands out."""

    label: str
    value: float
    shown: str
    ours: bool = False


def bars(title: str, values: Sequence[Bar]) -> str:
    """A chart of horizontal bars from zero."""
    height = _TOP + len(values) * (_BAR + _GAP)
    longest = max((bar.value for bar in values), default=0.0) or 1.0
    room = _WIDTH - _LABEL - 90
    described = escape(f"{title}: " + ", ".join(f"{bar.label} {bar.shown}" for bar in values), quote=True)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{described}">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="0" y="20">{escape(title)}</text>',
    ]
    for number, bar in enumerate(values):
        top = _TOP + number * (_BAR + _GAP)
        length = max(1.0, bar.value / longest * room)
        kind = "bar ours" if bar.ours else "bar"
        lines += [
            f'<text x="{_LABEL - 10}" y="{top + 16}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{kind}" x="{_LABEL}" y="{top}" width="{length:.1f}" height="{_BAR}" rx="3"/>',
            f'<text x="{_LABEL + length + 8:.1f}" y="{top + 16}">{escape(bar.shown)}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
