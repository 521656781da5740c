"""Which students and missions a set of marks is about, in the order in which files list them."""

from collections.abc import Iterable, Mapping

from grader.entries import FLAG_WORDS, Gradebook, Mark, Student
from grader.results import Verdict
from grader.text import Language


def missions_of(book: Gradebook, marks: Iterable[Mark]) -> tuple[str, ...]:
    """Ids of the missions that the marks are for: the book's order first, then those that the book does not hold."""
    named = dict.fromkeys(mark.mission_id for mark in marks)
    return (*(each for each in book.missions if each in named), *(each for each in named if each not in book.missions))


def students_of(marks: Iterable[Mark]) -> tuple[Student, ...]:
    """Whom the marks are for, each once, in the order of the marks."""
    return tuple({mark.student.id: mark.student for mark in marks}.values())


def marks_by_student(marks: Iterable[Mark]) -> Mapping[str, dict[str, Mark]]:
    """By student's id, then by mission's id."""
    found: dict[str, dict[str, Mark]] = {}
    for mark in marks:
        found.setdefault(mark.student.id, {})[mark.mission_id] = mark
    return found


def mission_title(book: Gradebook, mission_id: str, language: Language) -> str:
    """The mission's title; its id where the book does not hold it."""
    mission = book.missions.get(mission_id)
    return mission_id if mission is None else mission.title.in_language(language)


def mission_points(book: Gradebook, mission_id: str, marks: Iterable[Mark]) -> float:
    """The mission's points without bonus; from a mark where the book does not hold it."""
    mission = book.missions.get(mission_id)
    if mission is not None:
        return mission.points
    return next((mark.max_points for mark in marks if mark.mission_id == mission_id), 0.0)


def machine_failed(mark: Mark) -> bool:
    """Whether it was graded and the machine failed at that: nobody's mark."""
    attempt = mark.attempt
    return attempt is not None and attempt.grading is not None and attempt.grading.verdict is Verdict.NOT_GRADED


def flags(mark: Mark, language: Language) -> str:
    """What an instructor should look at, in words."""
    return ", ".join(FLAG_WORDS[flag].in_language(language) for flag in mark.flags)
