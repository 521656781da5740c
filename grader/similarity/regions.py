"""From matching runs of symbols to the lines that a person looks at."""

from collections import Counter
from collections.abc import Mapping, Sequence

from grader.similarity.fingerprints import Fingerprint, links, overlap
from grader.similarity.normal_form import NormalForm
from grader.similarity.results import Lines, Match, SourceFile

MAX_MATCHES = 300
"""Most matches listed for a pair."""
Slices = Sequence[tuple[int, int]]


def matches(
    first: Fingerprint,
    first_files: Sequence[SourceFile],
    second: Fingerprint,
    second_files: Sequence[SourceFile],
) -> tuple[Match, ...]:
    """Each matching region of either submission with the region of the other that it shares most runs with.

    Returns:
        In the order of the first one's lines.
    """
    found = overlap(first, second)
    here, here_of = _regions(found.first_slices, first.form, first_files)
    there, there_of = _regions(found.second_slices, second.form, second_files)
    shared: Counter[tuple[int, int]] = Counter()
    for (one, other), runs in links(first, second, found).items():
        shared[here_of[one], there_of[other]] += runs
    kept = {*_strongest(shared, side=0), *_strongest(shared, side=1)}
    return tuple(Match(first=here[one], second=there[other]) for one, other in sorted(kept))[:MAX_MATCHES]


def _regions(slices: Slices, form: NormalForm, files: Sequence[SourceFile]) -> tuple[list[Lines], list[int]]:
    """Regions of whole lines, in order, those that touch joined; and for each slice the index of its region."""
    spans = []
    for index, (start, stop) in enumerate(slices):
        lines = [line for _, line in form.places[start:stop]]
        spans.append((form.places[start][0], min(lines), max(lines), index))
    joined: list[Lines] = []
    region_of = [0] * len(spans)
    for file, first, last, index in sorted(spans):
        name = files[file].name
        if joined and joined[-1].file == name and first <= joined[-1].last + 1:
            joined[-1] = Lines(file=name, first=joined[-1].first, last=max(last, joined[-1].last))
        else:
            joined.append(Lines(file=name, first=first, last=last))
        region_of[index] = len(joined) - 1
    return joined, region_of


def _strongest(shared: Mapping[tuple[int, int], int], *, side: int) -> list[tuple[int, int]]:
    """For each region of one side its link with most runs, the earliest of equals."""
    best: dict[int, tuple[int, int]] = {}
    for link in sorted(shared):
        region = link[side]
        if region not in best or shared[link] > shared[best[region]]:
            best[region] = link
    return list(best.values())
