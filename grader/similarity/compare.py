"""A cohort compared: sources read, what is everybody's left out, pairs shortlisted, compared exactly and ranked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import ArtifactRejected
from grader.similarity import words
from grader.similarity.fingerprints import Fingerprint, fingerprint, overlap, without
from grader.similarity.normal_form import NormalForm, normal_form
from grader.similarity.regions import matches
from grader.similarity.results import (
    ComparedWork,
    Pair,
    Similarity,
    SourceFile,
    Standing,
    Thresholds,
    WeightSimilarity,
    Work,
)
from grader.similarity.shortlist import common_runs, shortlist
from grader.similarity.sources import read_sources
from grader.similarity.weights import ModelPrint, compare_models
from grader.text import Text

MIN_SYMBOLS = 60
"""Shortest own code that is compared; the shortest of ten honest solutions of mission_cnn has 200."""
MAX_COMPARISONS = 5_000
"""Most pairs compared exactly, those that share most first."""
_SHORTLIST = 0.25
"""Part of the threshold that must be shared, in runs, for an exact comparison: with runs of k symbols, whoever's
matching passages are longer than 4/3 k on average is found."""

WeightPairs = Mapping[tuple[int, int], WeightSimilarity]


@dataclass(frozen=True, slots=True)
class _Source:
    """One submission, read."""

    files: tuple[SourceFile, ...]
    form: NormalForm
    own: Fingerprint
    standing: Standing
    notes: tuple[Text, ...]


def compare_cohort(
    mission_id: str,
    works: Sequence[Work],
    *,
    starter: Path | None,
    thresholds: Thresholds = Thresholds(),  # noqa: B008 - frozen
    shared_models: Sequence[Path] = (),
) -> Similarity:
    """Which submissions of a cohort are alike.

    Args:
        mission_id: to be shown.
        works: at most one per student, each student id once; sources and models are untrusted, and none is executed.
        starter: folder that everybody began with; what it holds counts for nobody.
        thresholds: from where on a pair is listed.
        shared_models: `.pt2` files that everybody may have begun with.

    Returns:
        The same for the same works in any order but for the order of `works` and of equals.

    Raises:
        ValueError: a student id comes twice.
    """
    if len({work.student_id for work in works}) != len(works):
        raise ValueError("a student id comes twice")
    limit = common_limit(len(works))
    sources = _read(works, starter, thresholds.symbols, limit)
    models, rejected = _read_models(works, shared_models)
    weights, counted = compare_models(
        models[: len(works)],
        common_limit=limit,
        shared=[model for model in models[len(works) :] if model is not None],
    )
    pairs = _pairs(works, sources, weights, thresholds)
    listed = pairs[: thresholds.pairs]
    named = {index for first, second, _ in listed for index in (first, second)}
    return Similarity(
        mission_id=mission_id,
        thresholds=thresholds,
        works=tuple(
            ComparedWork(
                student_id=work.student_id,
                name=work.name,
                standing=source.standing,
                symbols=source.own.coverage,
                parameters=counted[index],
                notes=(*source.notes, *((words.MODEL_REJECTED,) if index in rejected else ())),
                files=source.files if index in named else (),
            )
            for index, (work, source) in enumerate(zip(works, sources, strict=True))
        ),
        pairs=tuple(_with_matches(pair, sources[first], sources[second]) for first, second, pair in listed),
        left_out=len(pairs) - len(listed),
        common_limit=limit,
    )


def common_limit(cohort: int) -> int:
    """How many submissions may share code before it counts as everybody's: three in ten, but never fewer than ten."""
    return max(10, round(0.3 * cohort))


def _read(works: Sequence[Work], starter: Path | None, run_length: int, limit: int) -> list[_Source]:
    starter_runs = _starter_runs(starter, run_length)
    read = [read_sources(work.root) for work in works]
    forms = [normal_form(files) for files, _ in read]
    whole = [fingerprint(form, run_length) for form in forms]
    beyond = [without(one, starter_runs) for one in whole]
    common = common_runs([one.runs for one in beyond], limit)
    return [
        _Source(
            files=files,
            form=form,
            own=without(left, common),
            standing=_standing(form, everything, left, unreadable=bool(undecodable or form.unreadable)),
            notes=_notes(files, undecodable, form),
        )
        for (files, undecodable), form, everything, left in zip(read, forms, whole, beyond, strict=True)
    ]


def _starter_runs(starter: Path | None, run_length: int) -> frozenset[int]:
    if starter is None:
        return frozenset()
    return fingerprint(normal_form(read_sources(starter)[0]), run_length).runs


def _standing(form: NormalForm, everything: Fingerprint, beyond: Fingerprint, *, unreadable: bool) -> Standing:
    """Judged before common code is left out: whoever wrote only what most wrote is still compared."""
    if not form.symbols.strip():
        return Standing.UNREADABLE if unreadable else Standing.TOO_SHORT
    if everything.runs and not beyond.runs:
        return Standing.STARTER_UNCHANGED
    return Standing.COMPARED if beyond.coverage >= MIN_SYMBOLS else Standing.TOO_SHORT


def _notes(files: Sequence[SourceFile], undecodable: Sequence[str], form: NormalForm) -> tuple[Text, ...]:
    unreadable = [*(files[index].name for index in form.unreadable), *undecodable]
    return (*((words.unreadable(unreadable),) if unreadable else ()), *((words.CUT,) if form.cut else ()))


def _read_models(works: Sequence[Work], shared: Sequence[Path]) -> tuple[list[ModelPrint | None], set[int]]:
    """Models of the works, then the shared ones; and the indices of works whose model was refused."""
    paths = [*(work.model for work in works), *shared]
    if not any(path is not None for path in paths):
        return [None] * len(works), set()
    from grader.similarity.models import read_model  # torch, which most cohorts are compared without

    models: list[ModelPrint | None] = []
    rejected: set[int] = set()
    for index, path in enumerate(paths):
        try:
            models.append(None if path is None else read_model(path))
        except ArtifactRejected:
            models.append(None)
            rejected.add(index)
    return models, rejected


def _pairs(
    works: Sequence[Work], sources: Sequence[_Source], weights: WeightPairs, thresholds: Thresholds
) -> list[tuple[int, int, Pair]]:
    """All pairs at or above a threshold, the most alike first, with the indices of both; without their matches."""
    compared = [index for index, source in enumerate(sources) if source.standing is Standing.COMPARED]
    runs = [sources[index].own.runs for index in compared]
    by_code = shortlist(runs, _SHORTLIST * thresholds.code, MAX_COMPARISONS)
    candidates = {(compared[first], compared[second]) for first, second in by_code}
    candidates |= {pair for pair, shared in weights.items() if shared.share >= thresholds.weights}
    pairs: list[tuple[int, int, Pair]] = []
    for first, second in sorted(candidates):
        found = overlap(sources[first].own, sources[second].own)
        pair = Pair(
            first=works[first].student_id,
            second=works[second].student_id,
            first_in_second=found.first_share,
            second_in_first=found.second_share,
            weights=weights.get((first, second)),
        )
        if pair.code >= thresholds.code or (pair.weights and pair.weights.share >= thresholds.weights):
            pairs.append((first, second, pair))
    return sorted(pairs, key=lambda found: _order(found[2]))


def _order(pair: Pair) -> tuple[float, float, str, str]:
    return -pair.rank, -(pair.first_in_second + pair.second_in_first), pair.first, pair.second


def _with_matches(pair: Pair, one: _Source, other: _Source) -> Pair:
    return pair.model_copy(update={"matches": matches(one.own, one.files, other.own, other.files)})
