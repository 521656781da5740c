"""What counts as a fresh input, and which values depend on the image."""

import pytest

from grader.graph.unrolling import fresh_pixels

ROW = [1 << row for row in range(8)]
ALL = (1 << 8) - 1


@pytest.mark.parametrize(
    ("joins", "steps"),
    [
        ([[row] for row in ROW], 8),
        ([[row] for row in reversed(ROW)], 8),
        ([[ALL]] * 8, 1),
        ([[ROW[0]], [ROW[1]]] * 4, 2),
        ([[ROW[0] | ROW[1]], [ROW[1] | ROW[2]], [ROW[2] | ROW[3]]], 3),
        ([[sum(ROW[: row + 1])] for row in range(8)], 8),
        ([[sum(ROW[row:])] for row in range(8)], 1),
        ([[ALL, row] for row in ROW], 8),
        ([[], [ROW[0]], [], [ROW[1]], []], 2),
        ([[0], [0]], 0),
    ],
)
def test_fresh_is_what_no_stretch_brought_with_a_pixel_the_last_lacked(joins: list[list[int]], steps: int) -> None:
    chosen = fresh_pixels(joins)
    assert len(chosen) == len(joins)
    assert sum(map(bool, chosen)) == steps
