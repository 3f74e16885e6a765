"""Geometry of the trend: where the lines, marks and labels of the SVG go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.wording import MONTHS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from reports.model import TrendPoint

WIDTH, HEIGHT = 460, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 350, 14, 162
LABEL_HEIGHT = 16
DAY_LABELS = 5


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis, in SVG units."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One policy item's line: ``points`` in SVG units, the last value, and where its label goes."""

    item: str
    points: tuple[tuple[float, float], ...]
    last: int
    label_at: float

    @property
    def path(self) -> str:
        """The points as a ``points`` attribute."""
        return " ".join(f"{x},{y}" for x, y in self.points)


@dataclass(frozen=True, slots=True)
class TrendChart:
    """Everything the template needs to draw the trend."""

    lines: tuple[Line, ...]
    values: tuple[Tick, ...]
    weeks: tuple[Tick, ...]
    description: str


def draw_trend(trend: Sequence[TrendPoint]) -> TrendChart | None:
    """Lay out the open findings per week; None when there are fewer than two weeks."""
    if len(trend) < 2:
        return None
    top = _round_up(max(max(point.item_8, point.item_10) for point in trend))
    across = [round(LEFT + (RIGHT - LEFT) * i / (len(trend) - 1), 1) for i in range(len(trend))]
    series = (("8", [p.item_8 for p in trend]), ("10", [p.item_10 for p in trend]))
    ends = _spread([_height(values[-1], top) for _, values in series])
    lines = tuple(
        Line(
            item,
            tuple((x, _height(v, top)) for x, v in zip(across, values, strict=True)),
            values[-1],
            end,
        )
        for (item, values), end in zip(series, ends, strict=True)
    )
    ticks = tuple(Tick(_height(value, top), str(value)) for value in (0, top // 2, top))
    return TrendChart(lines, ticks, _week_ticks([p.week for p in trend], across), _describe(trend))


def _height(value: int, top: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)


def _round_up(value: int) -> int:
    """Return the next even round number, so that half of it is whole too."""
    step = 2
    while step * 5 < value:
        step *= 5 if str(step)[0] == "2" else 2
    return max(step * -(-value // step), 2)


def _spread(ends: list[float]) -> list[float]:
    """Push two labels apart that would cover each other."""
    first, second = ends
    overlap = LABEL_HEIGHT - abs(first - second)
    if overlap <= 0:
        return ends
    shift = overlap / 2 if first > second else -overlap / 2
    return [round(first + shift, 1), round(second - shift, 1)]


def _week_ticks(weeks: list[date], across: list[float]) -> tuple[Tick, ...]:
    step = -(-(len(weeks) - 1) // (DAY_LABELS - 1))
    shown = list(range(len(weeks) - 1, -1, -step))[::-1]
    return tuple(Tick(across[i], f"{MONTHS[weeks[i].month - 1]} {weeks[i].day}") for i in shown)


def _describe(trend: Sequence[TrendPoint]) -> str:
    first, last = trend[0], trend[-1]
    return (
        f"Open findings at the end of each of {len(trend)} weeks. "
        f"Item 8 went from {first.item_8} to {last.item_8}, "
        f"item 10 from {first.item_10} to {last.item_10}."
    )
