"""Small line charts as inline SVG: numbers in, markup out; no script, no font, no library.

Colours are CSS variables of the page, so a chart is readable in light, dark and print.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 76, 12, 18, 34


@dataclass(frozen=True)
class Series:
    """One value a month, None where there is none, with the bounds of an interval if it has any."""

    months: Sequence[date]
    points: Sequence[float | None]
    lows: Sequence[float | None] = ()
    highs: Sequence[float | None] = ()
    lines: Sequence[tuple[str, float]] = field(default=())  # labelled levels, e.g. the hurdle


def svg(series: Series, title: str, *, is_percent: bool) -> str:
    """A chart with at most four labelled months; '' when there is nothing to draw.

    >>> svg(Series([date(2026, 1, 1)], [None]), "nothing", is_percent=True)
    ''
    """
    known = [v for values in (series.points, series.lows, series.highs) for v in values]
    levels = [v for v in known if v is not None]
    if not levels:
        return ""
    low = min([*levels, 0.0, *(level for _, level in series.lines)])
    high = max([*levels, 0.0, *(level for _, level in series.lines)])
    scale = _Scale(low, high if high > low else low + 1, len(series.months))
    parts = [
        *(_level(scale, tick, _text(tick, is_percent), "grid") for tick in scale.ticks()),
        *(_level(scale, level, "", "rule", name) for name, level in series.lines),
        _band(scale, series),
        *_line(scale, series),
        *_months(scale, series.months),
    ]
    body = "".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{_safe(title)}">'
        f"<title>{_safe(title)}</title>{body}</svg>"
    )


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    count: int

    def x(self, k: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (k / (self.count - 1) if self.count > 1 else 0.5)

    def y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """The ends and zero."""
        return sorted({self.low, 0.0, self.high})


def _level(scale: _Scale, value: float, text: str, kind: str, name: str = "") -> str:
    y = scale.y(value)
    line = f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
    label = f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{text}</text>' if text else ""
    if name:
        at = WIDTH - RIGHT
        label += (
            f'<text class="name" x="{at}" y="{y - 5:.1f}" text-anchor="end">{_safe(name)}</text>'
        )
    return line + label


def _band(scale: _Scale, series: Series) -> str:
    """The interval as an area, over the months that have one."""
    bounds = [
        (k, low, high)
        for k, (low, high) in enumerate(zip(series.lows, series.highs, strict=True))
        if low is not None and high is not None
    ]
    if len(bounds) < 2:
        return ""
    upper = [f"{scale.x(k):.1f},{scale.y(high):.1f}" for k, _, high in bounds]
    lower = [f"{scale.x(k):.1f},{scale.y(low):.1f}" for k, low, _ in reversed(bounds)]
    return f'<polygon class="band" points="{" ".join([*upper, *lower])}"/>'


def _line(scale: _Scale, series: Series) -> list[str]:
    known = [(k, value) for k, value in enumerate(series.points) if value is not None]
    places = " ".join(f"{scale.x(k):.1f},{scale.y(value):.1f}" for k, value in known)
    dots = [
        f'<circle class="dot" cx="{scale.x(k):.1f}" cy="{scale.y(value):.1f}" r="3"/>'
        for k, value in known
    ]
    return [f'<polyline class="line" points="{places}"/>', *dots]


def _months(scale: _Scale, months: Sequence[date]) -> list[str]:
    step = max(1, (len(months) + 1) // 3)
    shown = range(len(months) - 1, -1, -step)
    return [
        f'<text x="{scale.x(k):.1f}" y="{HEIGHT - 10}" '
        f'text-anchor="{"end" if k == len(months) - 1 else "middle"}">{months[k]:%b %Y}</text>'
        for k in shown
    ]


def _text(value: float, is_percent: bool) -> str:
    if is_percent:
        return f"{value * 100:+.0f} %" if value else "0"
    size = abs(value)
    if size >= 1e6:
        return f"{value / 1e6:.1f} M"
    return f"{value / 1e3:.0f} k" if size >= 1e4 else f"{value:,.0f}"


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
