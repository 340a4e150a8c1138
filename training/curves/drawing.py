"""The picture of the runs, as SVG: the same figures make the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

Figures = Sequence[Mapping[str, Any]]
WIDTH, HEIGHT = 1000, 520
TOP, BOTTOM = 60.0, 340.0
INK, FAINT = "#444444", "#d8d8d8"
COLOURS = ("#1f4e79", "#c55a11", "#548235", "#7f3f98", "#8a8a8a", "#b8a000")
BARS = ("all", "tier 1", "tier 2", "tier 3")


class Panel:
    """A part of the picture with axes; `x` and `y` are the ranges that it shows."""

    def __init__(
        self, left: float, width: float, x: tuple[float, float], y: tuple[float, float], *, title: str
    ) -> None:
        self._left, self._width, self._x, self._y = left, width, x, y
        self._top, self._height = TOP, BOTTOM - TOP
        self.title = title

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies."""
        across = (x - self._x[0]) / ((self._x[1] - self._x[0]) or 1)
        up = (y - self._y[0]) / ((self._y[1] - self._y[0]) or 1)
        return self._left + across * self._width, self._top + (1 - up) * self._height

    def frame(self, ticks: Sequence[tuple[float, str]], below: str) -> Iterator[str]:
        """Title, axes and what stands at them."""
        yield text(self._left, 36, self.title, size=15)
        for step in range(5):
            value = self._y[0] + (self._y[1] - self._y[0]) * step / 4
            _, y = self.place(self._x[0], value)
            yield line((self._left, y), (self._left + self._width, y), FAINT)
            yield text(self._left - 6, y + 4, f"{value:.2f}", anchor="end")
        bottom = self._top + self._height
        for value, label in ticks:
            yield text(self.place(value, self._y[0])[0], bottom + 18, label, anchor="middle")
        yield text(self._left + self._width / 2, bottom + 38, below, anchor="middle")

    def curve(self, points: Sequence[tuple[float, float]], colour: str) -> Iterator[str]:
        """A line through points, each marked."""
        places = [self.place(*point) for point in points]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)


def picture(figures: Figures) -> str:
    """The whole picture: along the steps, over the families, and what each thing is good for."""
    whole = next(each for each in figures if each["group"] == "whole")
    everything = [value for each in figures for value in (*each["seen"][1:], *each["tiers"].values())]
    bounds = (0.0, max(everything, default=1.0) * 1.05)
    parts = [
        *_steps(figures, bounds),
        *_families(figures, whole, bounds),
        *_ablations(figures, whole, bounds),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    return "\n".join([head, ground, *parts, "</svg>", ""])


def _steps(figures: Figures, bounds: tuple[float, float]) -> Iterator[str]:
    """The loss along the run, for each number of families and for the ranks."""
    shown = [each for each in figures if each["group"] in ("whole", "families", "rank")]
    most = max(step for each in shown for step in each["steps"])
    panel = Panel(60, 240, (0, most), bounds, title="Loss on families not trained on")
    yield from panel.frame([(0, "0"), (most / 2, f"{most / 2:g}"), (most, f"{most:g}")], "steps")
    for number, each in enumerate(shown):
        colour = COLOURS[number % len(COLOURS)]
        points = list(zip(each["steps"], each["seen"], strict=True))
        yield from panel.curve([point for point in points if point[1] <= bounds[1]], colour)
        label = each["label"] if each["group"] != "families" else f"{each['label']} of the families"
        yield from _key(90, BOTTOM + 64 + 18 * number, label, colour)


def _families(figures: Figures, whole: Mapping[str, Any], bounds: tuple[float, float]) -> Iterator[str]:
    """The loss at the end over the share of families, by tier."""
    shown = sorted(
        (each for each in figures if each["group"] in ("whole", "families")),
        key=lambda each: float(each["at"]),
    )
    ticks = [(float(number), "all" if each is whole else each["label"]) for number, each in enumerate(shown)]
    panel = Panel(380, 240, (0, max(len(shown) - 1, 1)), bounds, title="At the end, by share of families")
    yield from panel.frame(ticks, "families")
    for number, name in enumerate(BARS):
        points = [(float(place), _at_end(each, name)) for place, each in enumerate(shown)]
        found = [(place, value) for place, value in points if value is not None]
        yield from panel.curve(found, COLOURS[number])
        yield from _key(410, BOTTOM + 64 + 18 * number, name, COLOURS[number])


def _ablations(figures: Figures, whole: Mapping[str, Any], bounds: tuple[float, float]) -> Iterator[str]:
    """Bars of the loss at the end, without one thing each."""
    shown = [whole, *(each for each in figures if each["group"] in ("rank", "ablation"))]
    panel = Panel(700, 250, (0, len(shown)), bounds, title="At the end, with one thing changed")
    yield from panel.frame([], "")
    for number, each in enumerate(shown):
        for place, name in enumerate(BARS):
            value = _at_end(each, name)
            if value is not None:
                left, top = panel.place(number + 0.12 + 0.19 * place, value)
                right, bottom = panel.place(number + 0.12 + 0.19 * (place + 1) - 0.02, bounds[0])
                size = f'width="{right - left:.1f}" height="{bottom - top:.1f}"'
                yield f'<rect x="{left:.1f}" y="{top:.1f}" {size} fill="{COLOURS[place]}"/>'
                if name == "all":
                    yield text(left, top - 4, f"{value:.3f}", size=9)
        x, y = panel.place(number + 0.5, bounds[0])
        yield text(x, y + 16 + 13 * (number % 3), each["label"], anchor="middle", size=11)


def _at_end(each: Mapping[str, Any], name: str) -> float | None:
    tiers: Mapping[str, float] = each["tiers"]
    return float(each["seen"][-1]) if name == "all" else tiers.get(name)


def _key(x: float, y: float, label: str, colour: str) -> Iterator[str]:
    yield line((x, y), (x + 16, y), colour, width=2)
    yield text(x + 22, y + 4, label, size=11)


def line(start: tuple[float, float], end: tuple[float, float], colour: str, width: float = 1) -> str:
    """A line of the picture."""
    (x1, y1), (x2, y2) = start, end
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width:g}"/>'


def text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12) -> str:
    """Words in the picture."""
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {where} fill="{INK}">{escape(words)}</text>'
