"""Small SVG pictures: a plane with axes, and text that is escaped. Colours and fonts come from the page's style sheet.

svg.py writes what it is given: every text of a picture goes through `label`, `title` or `desc` here, which escape it.
Nothing carries a `style` attribute, so the page's content security policy need not allow any.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import svg
from markupsafe import Markup, escape

WIDTH = 360
"""Units across every picture: about the pixels of a phone, so that text is never scaled down."""
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 26, 34
"""Space around a plane for its labels."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values on a stretch of the picture.

    Attributes:
        low, high: values at its ends.
        start, end: where those lie, in units of the picture.
    """

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where the value lies; values beyond an end lie on it."""
        span = (self.high - self.low) or 1.0
        share = min(1.0, max(0.0, (value - self.low) / span))
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, about: int) -> list[float]:
        """Round values within the axis, about as many as asked for."""
        step = _round_step((self.high - self.low) / max(1, about))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Plane:
    """Two axes."""

    x: Axis
    y: Axis


def plane(x: tuple[float, float], y: tuple[float, float], *, height: int, left: int = LEFT) -> Plane:
    """A plane for these ranges in a picture of that height."""
    return Plane(Axis(*x, left, WIDTH - RIGHT), Axis(*y, height - BOTTOM, TOP))


def picture(
    name: str, *, title: str, description: str, height: int, elements: Iterable[svg.Element], stretched: bool = False
) -> Markup:
    """The whole picture, named and described for those who can't see it.

    Args:
        name: unique in its page.
        title: what is shown.
        description: what can be seen in it, in words.
        stretched: it fills its place whatever the shape; for bars without text.
    """
    content: list[svg.Element] = [
        svg.Title(id=f"{name}-title", text=str(escape(title))),
        svg.Desc(id=f"{name}-desc", text=str(escape(description))),
        *elements,
    ]
    drawn = svg.SVG(
        class_=["chart", name],
        viewBox=svg.ViewBoxSpec(0, 0, WIDTH, height),
        preserveAspectRatio=svg.PreserveAspectRatio("none") if stretched else None,
        elements=content,
        extra={"role": "img", "aria-labelledby": f"{name}-title", "aria-describedby": f"{name}-desc"},
    )
    return Markup(drawn.as_str())  # noqa: S704 - numbers and classes of ours; every text was escaped


def label(text: str, x: float, y: float, *classes: str, anchor: str = "start") -> svg.Element:
    """Escaped text at that place; `anchor` is start, middle or end."""
    return svg.Text(
        x=round(x, 1), y=round(y, 1), class_=[*classes, f"to-{anchor}"] if classes else [f"to-{anchor}"],
        text=str(escape(text)),
    )  # fmt: skip


def line(x1: float, y1: float, x2: float, y2: float, *classes: str) -> svg.Element:
    """A straight line."""
    return svg.Line(x1=x1, y1=y1, x2=x2, y2=y2, class_=list(classes))


def dot(x: float, y: float, radius: float, *classes: str) -> svg.Element:
    """A filled circle."""
    return svg.Circle(cx=x, cy=y, r=round(radius, 1), class_=list(classes))


def box(x: float, y: float, width: float, height: float, *classes: str) -> svg.Element:
    """A filled rectangle with soft corners."""
    return svg.Rect(x=x, y=y, width=round(max(0.0, width), 1), height=height, rx=2, class_=list(classes))


def curve(points: Sequence[tuple[float, float]], *classes: str) -> svg.Element:
    """A line through all points."""
    return svg.Polyline(points=[svg.Point(x, y) for x, y in points], class_=list(classes))


def grid(on: Plane, *, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[tuple[float, str]]) -> list[svg.Element]:
    """Lines across at each tick of y, and the labels of both axes."""
    drawn: list[svg.Element] = []
    for value, text in y_ticks:
        height = on.y.at(value)
        drawn.append(line(on.x.start, height, on.x.end, height, "rule"))
        drawn.append(label(text, on.x.start - 6, height + 4, anchor="end"))
    for value, text in x_ticks:
        drawn.append(label(text, on.x.at(value), on.y.start + 16, anchor="middle"))
    return drawn


def legend(entries: Sequence[tuple[str, str]], *, left: int = LEFT) -> list[svg.Element]:
    """A short line and a name for each series, above the plane; `entries` are class and name."""
    drawn: list[svg.Element] = []
    x = float(left)
    for series, name in entries:
        drawn.append(line(x, 11, x + 16, 11, "series", series))
        drawn.append(label(name, x + 21, 15))
        x += 37 + 6.5 * sum(2 if ord(letter) > 0x1100 else 1 for letter in name)
    return drawn


def _round_step(rough: float) -> float:
    """The next of 1, 2, 5, 10, … times a power of ten."""
    if not math.isfinite(rough) or rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next((factor * power for factor in (1.0, 2.0, 5.0) if rough <= factor * power * (1 + 1e-9)), 10.0 * power)
