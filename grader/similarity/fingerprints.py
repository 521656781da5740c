"""Fingerprints of submissions and the exact comparison of two, by winnowing (Schleimer, Wilkerson, Aiken, 2003).

Through `copydetect`, which brings matplotlib with it: imported here and nowhere else. Its own filter of source is not
used: a renamed `self` changes what it gives (tests/unit/similarity/test_normal_form.py), so it is fed normal forms.
"""

import copy
import io
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from copydetect import CodeFingerprint, compare_files
from copydetect.utils import get_token_coverage

from grader.similarity.normal_form import SEPARATOR, NormalForm

_WINDOW = 1
"""Every run of symbols is kept. Wider windows choose by Python's string hash, which differs from process to process."""


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What a submission is compared by.

    Attributes:
        form: the submission.
        runs: hashes of all runs of symbols that count; of this process only.
        coverage: symbols that lie in at least one such run.
        code: the same for copydetect.
    """

    form: NormalForm
    runs: frozenset[int]
    coverage: int
    code: CodeFingerprint


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two submissions share.

    Attributes:
        first_share, second_share: of each one's coverage, in [0, 1].
        first_slices, second_slices: (start, stop) in symbols, in order.
    """

    first_share: float
    second_share: float
    first_slices: tuple[tuple[int, int], ...] = ()
    second_slices: tuple[tuple[int, int], ...] = ()


def fingerprint(form: NormalForm, run_length: int) -> Fingerprint:
    """The fingerprint of one submission, with every run of `run_length` symbols that lies in one file."""
    code = CodeFingerprint("", run_length, _WINDOW, fp=io.StringIO(form.symbols, newline=""), filter=False)
    broken = {at for end in _separators(form.symbols) for at in range(max(0, end - run_length + 1), end + 1)}
    return _fingerprint(form, code, {run: [at for at in places if at not in broken] for run, places in _runs(code)})


def without(one: Fingerprint, ignored: Set[int]) -> Fingerprint:
    """The same submission without runs that count for nobody, such as the starter's."""
    # copydetect's own way to leave out boilerplate assumes that no run comes twice, and drops those that do.
    if one.runs.isdisjoint(ignored):
        return one
    return _fingerprint(one.form, copy.copy(one.code), {run: at for run, at in _runs(one.code) if run not in ignored})


def overlap(first: Fingerprint, second: Fingerprint) -> Overlap:
    """What two submissions share, exactly; both of the same `run_length`."""
    _, (first_share, second_share), (first_slices, second_slices) = compare_files(first.code, second.code)
    if not first_share:
        return Overlap(0.0, 0.0)
    return Overlap(float(first_share), float(second_share), _slices(first_slices), _slices(second_slices))


def links(first: Fingerprint, second: Fingerprint, found: Overlap) -> Counter[tuple[int, int]]:
    """How many runs a slice of the first and a slice of the second both hold, by the indices of both slices."""
    starts, other_starts = ([start for start, _ in slices] for slices in (found.first_slices, found.second_slices))
    return Counter(
        (
            bisect_right(starts, first.code.hash_idx[run][0]) - 1,
            bisect_right(other_starts, second.code.hash_idx[run][0]) - 1,
        )
        for run in first.runs & second.runs
    )


def _slices(edges: Iterable[Iterable[float]]) -> tuple[tuple[int, int], ...]:
    starts, stops = edges
    return tuple((int(start), int(stop)) for start, stop in zip(starts, stops, strict=True))


def _fingerprint(form: NormalForm, code: CodeFingerprint, runs: dict[int, list[int]]) -> Fingerprint:
    code.hash_idx = {run: places for run, places in runs.items() if places}
    code.hashes = set(code.hash_idx)
    code.token_coverage = int(get_token_coverage(code.hash_idx, code.k, len(form.symbols)))
    return Fingerprint(form, frozenset(code.hashes), code.token_coverage, code)


def _runs(code: CodeFingerprint) -> Iterator[tuple[int, list[int]]]:
    return ((int(run), places) for run, places in code.hash_idx.items())


def _separators(symbols: str) -> Iterator[int]:
    return (at for at, symbol in enumerate(symbols) if symbol == SEPARATOR)
