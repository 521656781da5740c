"""Which pairs are worth an exact comparison: an inverted index from runs to submissions, counted by matrix products."""

from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

_CELLS = 4_000_000
"""Size of one block of the matrix submissions x runs: 16 MB."""


def shared_counts(runs: Sequence[Set[int]]) -> NDArray[np.float32]:
    """How many distinct runs each two submissions share.

    Args:
        runs: per submission, signed 64-bit hashes.

    Returns:
        float32 (submissions, submissions), symmetric; the diagonal counts only runs that some other one has too.
    """
    total = np.zeros((len(runs), len(runs)), dtype=np.float32)
    if not any(runs):
        return total
    hashes = np.concatenate([np.fromiter(own, dtype=np.int64, count=len(own)) for own in runs])
    owners = np.repeat(np.arange(len(runs)), [len(own) for own in runs])
    _, columns, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    shared = counts[columns] > 1
    _, columns = np.unique(columns[shared], return_inverse=True)
    owners = owners[shared]
    order = np.argsort(columns, kind="stable")
    columns, owners = columns[order], owners[order]
    width = max(1, _CELLS // len(runs))
    for start in range(0, int(columns[-1]) + 1 if len(columns) else 0, width):
        low, high = np.searchsorted(columns, (start, start + width))
        block = np.zeros((len(runs), width), dtype=np.float32)
        block[owners[low:high], columns[low:high] - start] = 1.0
        total += block @ block.T
    return total


def common_runs(runs: Sequence[Set[int]], limit: int) -> frozenset[int]:
    """Runs that more than `limit` submissions hold."""
    if not any(runs):
        return frozenset()
    hashes = np.concatenate([np.fromiter(own, dtype=np.int64, count=len(own)) for own in runs])
    values, counts = np.unique(hashes, return_counts=True)
    return frozenset(values[counts > limit].tolist())


def shortlist(runs: Sequence[Set[int]], least: float, most: int) -> list[tuple[int, int]]:
    """Pairs that share at least that part of the smaller one's runs, the most alike first.

    Args:
        runs: per submission.
        least: part of the smaller one's runs, in (0, 1].
        most: pairs given back.

    Returns:
        (first, second) with first < second.
    """
    shared = shared_counts(runs)
    sizes = np.array([max(1, len(own)) for own in runs], dtype=np.float32)
    part = np.triu(shared / np.minimum.outer(sizes, sizes), k=1)
    first, second = np.nonzero(part >= least)
    order = np.lexsort((second, first, -part[first, second]))[:most]
    return list(zip(first[order].tolist(), second[order].tolist(), strict=True))
