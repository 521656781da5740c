"""Statistics of every mission of a gradebook."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from grader.entries import Gradebook, Grading, Mark
from grader.results import MissionInfo, Reason, Verdict
from grader.statistics.items import co_failures, criterion_statistics, table
from grader.statistics.results import CourseStatistics, MissionStatistics
from grader.statistics.summary import distribution, spread
from grader.text import same


def course_statistics(gradebook: Gradebook, marks: Sequence[Mark]) -> CourseStatistics:
    """All missions, in the gradebook's order; the order of marks does not matter.

    Args:
        gradebook: for titles, pass marks and the number of attempts.
        marks: what counts for each student and mission; those of other missions come last, by id.
    """
    by_mission: defaultdict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_mission[mark.mission_id].append(mark)
    attempts = Counter(attempt.mission_id for attempt in gradebook.attempts)
    others = sorted(by_mission.keys() - gradebook.missions.keys())
    return CourseStatistics(
        missions=tuple(
            mission_statistics(
                mission_id, gradebook.missions.get(mission_id), by_mission[mission_id], attempts[mission_id]
            )
            for mission_id in (*gradebook.missions, *others)
        )
    )


def mission_statistics(
    mission_id: str, mission: MissionInfo | None, marks: Sequence[Mark], attempts: int
) -> MissionStatistics:
    """One mission.

    Args:
        mission_id: whose marks these are.
        mission: title and points; None where they are not known.
        marks: one per student.
        attempts: handed in by all students together.
    """
    marks = sorted(marks, key=lambda mark: mark.student.id)  # sums of floats depend on their order
    handed_in = [mark for mark in marks if mark.attempt is not None]
    graded = [(mark, grading) for mark in handed_in if (grading := grading_of(mark)) is not None]
    gradings = [grading for _, grading in graded]
    most = mission.points if mission else max((mark.max_points for mark in marks), default=0.0)
    items = table([grading.criteria for grading in gradings])
    return MissionStatistics(
        mission_id=mission_id,
        title=mission.title if mission else same(mission_id),
        max_points=most,
        pass_mark=mission.pass_mark if mission else None,
        students=len(marks),
        handed_in=len(handed_in),
        graded=len(graded),
        missing=len(marks) - len(handed_in),
        waiting=len(handed_in) - len(graded),
        attempts=attempts,
        points=distribution([mark.points for mark, _ in graded if mark.points is not None], most),
        pass_rate=sum(grading.passed for grading in gradings) / len(gradings) if gradings else None,
        criteria=criterion_statistics(items) if gradings else (),
        co_failures=co_failures(items) if gradings else (),
        seconds=spread(_known(grading.seconds for grading in gradings)),
        cpu_seconds=spread(_known(grading.cpu_seconds for grading in gradings)),
        memory_bytes=spread(_known(grading.peak_memory_bytes for grading in gradings)),
        early_ends=_early_ends(gradings),
        models=tuple(
            sorted(
                (grading.parameters, grading.accuracy)
                for grading in gradings
                if grading.parameters is not None and grading.accuracy is not None
            )
        ),
    )


def grading_of(mark: Mark) -> Grading | None:
    """What the mark rests on; None where there is nothing yet, or the machine failed."""
    grading = mark.attempt.grading if mark.attempt else None
    return grading if grading is not None and grading.verdict is Verdict.GRADED else None


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _early_ends(gradings: Sequence[Grading]) -> dict[Reason, int]:
    counts = Counter(grading.reason for grading in gradings if grading.reason is not None)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
