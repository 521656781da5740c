"""Draws `cifar10-standin`: ten classes of small colour pictures, the same bytes on every machine.

Its checksums are pinned, so nothing here may depend on a library's or a processor's mood: random bits come from
PCG64 itself, whose stream numpy guarantees, and arithmetic is +, -, *, /, sqrt, floor, min, max on float64, element by
element. No sine, no exponential, no float sum: their last bit differs between machines.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from grader.data.packs import Array

Floats = npt.NDArray[np.float64]

CLASSES = (
    "disk",
    "ring",
    "square",
    "frame",
    "triangle",
    "cross",
    "horizontal_stripes",
    "vertical_stripes",
    "checker",
    "crescent",
)
"""Label → what is drawn."""
SIZE = 32
_CHUNK = 1000
_CLUTTER_BELOW, _CLUTTER_ABOVE = 3, 1
"""Small disks and bars, partly hidden by the shape and partly hiding it."""


class Dice:
    """Uniform numbers from raw bits; the same for the same seed, always."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def uniform(self, low: float, high: float, *shape: int) -> Floats:
        """float64 in [low, high)."""
        raw = self._bits.random_raw(int(np.prod(shape)))
        unit = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return (low + (high - low) * unit).reshape(shape)

    def sign(self, *shape: int) -> Floats:
        """-1 or 1."""
        return np.where(self.uniform(0, 1, *shape) < 0.5, -1.0, 1.0)

    def order(self, count: int) -> npt.NDArray[np.int64]:
        """A permutation of 0 to count - 1."""
        return np.argsort(self._bits.random_raw(count), kind="stable").astype(np.int64)


def draw(count: int, seed: int) -> tuple[Array, Array]:
    """Pictures and what they show, each class equally often, in random order.

    Args:
        count: a multiple of 10.
        seed: decides everything.

    Returns:
        uint8 (N, 3, 32, 32) in RGB, int64 (N,) in 0 to 9. About 4 s per 10,000 (one core of a 2026 cloud CPU, n = 1).
    """
    dice = Dice(seed)
    labels = dice.order(count) % len(CLASSES)
    images = np.empty((count, 3, SIZE, SIZE), dtype=np.uint8)
    for start in range(0, count, _CHUNK):
        images[start : start + _CHUNK] = _pictures(labels[start : start + _CHUNK], dice)
    return images, labels


def _pictures(labels: npt.NDArray[np.int64], dice: Dice) -> Array:
    n = len(labels)
    canvas = dice.uniform(30, 225, n, 3, 1, 1) + _cloud(dice, n, 8, 30.0) + _cloud(dice, n, 4, 40.0)
    for _ in range(_CLUTTER_BELOW):
        canvas = _clutter(canvas, dice)
    centre = dice.uniform(10, 21, n, 2)
    radius = dice.uniform(6.5, 12, n)
    tilt = np.where((labels == 6) | (labels == 7), dice.uniform(-0.35, 0.35, n), dice.uniform(-1, 1, n))
    u, v = _frame_of(centre, radius, tilt)
    inside = np.zeros((n, SIZE, SIZE))
    phase = dice.uniform(0, 1, n, 1, 1)
    for label, shape in enumerate(SHAPES):
        mine = labels == label
        inside[mine] = shape(Local(u[mine], v[mine], phase[mine]))
    # 1 well inside, 0 well outside, and an edge about one pixel wide.
    cover = np.clip(inside * radius[:, None, None] + 0.5, 0, 1)[:, None]
    paint = _contrasting(canvas, dice) + _cloud(dice, n, 8, 30.0)
    canvas = canvas * (1 - cover) + paint * cover
    for _ in range(_CLUTTER_ABOVE):
        canvas = _clutter(canvas, dice)
    return np.clip(np.floor(canvas + _grain(dice, n, 12.0) + 0.5), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Local:
    """Coordinates in which the shape has radius 1, each (N, 32, 32), and a random offset for patterns."""

    u: Floats
    v: Floats
    phase: Floats

    @property
    def distance(self) -> Floats:
        """From the centre."""
        return np.sqrt(self.u * self.u + self.v * self.v)

    @property
    def box(self) -> Floats:
        """From the centre, counted in squares; 1 on the border of the square that fills the unit circle best."""
        return np.maximum(np.abs(self.u), np.abs(self.v)) / 0.85


def _disk(at: Local) -> Floats:
    return 1 - at.distance


def _ring(at: Local) -> Floats:
    band: Floats = 0.21 - np.abs(at.distance - 0.8)
    return band


def _square(at: Local) -> Floats:
    return 1 - at.box


def _frame(at: Local) -> Floats:
    band: Floats = 0.2 - np.abs(at.box - 0.8)
    return band


def _triangle(at: Local) -> Floats:
    side = 0.8660254037844386  # the square root of 0.75
    return 0.55 - np.maximum(at.v, np.maximum(side * at.u, -side * at.u) - 0.5 * at.v)


def _cross(at: Local) -> Floats:
    upright = np.minimum(0.27 - np.abs(at.u), 1 - np.abs(at.v))
    cross: Floats = np.maximum(upright, np.minimum(0.27 - np.abs(at.v), 1 - np.abs(at.u)))
    return cross


def _wave(value: Floats) -> Floats:
    """A triangle wave of period 1 between -0.5 and 0.5."""
    wave: Floats = np.abs(2 * (value - np.floor(value)) - 1) - 0.5
    return wave


def _horizontal_stripes(at: Local) -> Floats:
    return np.minimum(_wave(1.7 * at.v + at.phase) / 3.4, 1.05 - at.distance)


def _vertical_stripes(at: Local) -> Floats:
    return np.minimum(_wave(1.7 * at.u + at.phase) / 3.4, 1.05 - at.distance)


def _checker(at: Local) -> Floats:
    first, second = _wave(1.1 * at.u + at.phase), _wave(1.1 * at.v + at.phase)
    return np.minimum(np.sign(first * second) * np.minimum(np.abs(first), np.abs(second)) / 2.2, 1.05 - at.distance)


def _crescent(at: Local) -> Floats:
    shifted = at.u - 0.5
    return np.minimum(1 - at.distance, np.sqrt(shifted * shifted + at.v * at.v) - 0.75)


SHAPES: tuple[Callable[[Local], Floats], ...] = (
    _disk,
    _ring,
    _square,
    _frame,
    _triangle,
    _cross,
    _horizontal_stripes,
    _vertical_stripes,
    _checker,
    _crescent,
)
"""In the order of `CLASSES`: how far inside the shape a point lies, in radii; negative outside."""


def _frame_of(centre: Floats, radius: Floats, tilt: Floats) -> tuple[Floats, Floats]:
    """Pixel coordinates moved to the centre, turned and scaled.

    The turn goes through (1 - t², 2t) / (1 + t²): a cosine and a sine without calling either.
    """
    x = np.arange(SIZE, dtype=np.float64)[None, None, :] - centre[:, 0, None, None]
    y = np.arange(SIZE, dtype=np.float64)[None, :, None] - centre[:, 1, None, None]
    square = tilt * tilt
    cosine = ((1 - square) / (1 + square))[:, None, None]
    sine = (2 * tilt / (1 + square))[:, None, None]
    scale = radius[:, None, None]
    return (cosine * x + sine * y) / scale, (cosine * y - sine * x) / scale


def _cloud(dice: Dice, n: int, cells: int, grey_levels: float) -> Floats:
    """Smooth noise: a coarse random grid per channel, interpolated linearly."""
    grid = dice.uniform(-grey_levels, grey_levels, n, 3, cells + 1, cells + 1)
    position = np.arange(SIZE) * (cells / SIZE)
    low = np.floor(position).astype(np.int64)
    weight = position - low
    rows = grid[:, :, low] * (1 - weight)[:, None] + grid[:, :, low + 1] * weight[:, None]
    smooth: Floats = rows[:, :, :, low] * (1 - weight) + rows[:, :, :, low + 1] * weight
    return smooth


def _grain(dice: Dice, n: int, grey_levels: float) -> Floats:
    """Noise of its own for each pixel and channel; nearly normal, standard deviation `grey_levels`."""
    shape = (n, 3, SIZE, SIZE)
    return (dice.uniform(-1, 1, *shape) + dice.uniform(-1, 1, *shape) + dice.uniform(-1, 1, *shape)) * grey_levels


def _contrasting(canvas: Floats, dice: Dice) -> Floats:
    """One colour per picture, in every channel at least 35 grey levels from the middle of what lies beneath."""
    n = len(canvas)
    beneath = canvas[:, :, SIZE // 2 : SIZE // 2 + 1, SIZE // 2 : SIZE // 2 + 1]
    step = dice.uniform(35, 110, n, 3, 1, 1) * dice.sign(n, 3, 1, 1)
    there = beneath + step
    return np.where((there >= 5) & (there <= 250), there, beneath - step)


def _clutter(canvas: Floats, dice: Dice) -> Floats:
    """A small disk or a short bar in some colour, anywhere."""
    n = len(canvas)
    u, v = _frame_of(dice.uniform(0, SIZE, n, 2), dice.uniform(1.5, 4, n), dice.uniform(-1, 1, n))
    disk = 1 - np.sqrt(u * u + v * v)
    bar = np.minimum(0.35 - np.abs(u), 1.6 - np.abs(v))
    inside = np.where(dice.uniform(0, 1, n, 1, 1) < 0.5, disk, bar)
    cover = np.clip(inside * 3 + 0.5, 0, 1)[:, None]
    return canvas * (1 - cover) + dice.uniform(20, 235, n, 3, 1, 1) * cover
