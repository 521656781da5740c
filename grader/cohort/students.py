"""Which student a name or number means: somebody of the roster, or a stranger who is remembered."""

from collections.abc import Callable, Iterable, Mapping

from grader.cohort.names import without_copy
from grader.entries import Student
from grader.submission.names import collision_key

MIN_PART_LENGTH = 4
"""Shortest id that is looked for inside a longer name such as `20261234_Kim`; shorter ones would match by chance."""

_SEPARATORS = str.maketrans(dict.fromkeys("_-.,()[]+", " "))


class Students:
    """Finds students by what learning platforms and people call them.

    Args:
        roster: by id; None where there is none, so that everybody found counts as enrolled.
    """

    def __init__(self, roster: Mapping[str, Student] | None) -> None:
        self._roster = roster
        everybody = tuple((roster or {}).values())
        self._by_id = _index(everybody, lambda student: student.id)
        self._by_folded_id = _index(everybody, lambda student: collision_key(student.id))
        self._by_login = _index(everybody, lambda student: collision_key(student.login_id))
        self._by_email = _index(everybody, lambda student: collision_key(student.email))
        self._by_sis = _index(everybody, lambda student: student.sis_id)
        self._by_canvas = _index(everybody, lambda student: student.canvas_id)
        self._by_moodle = _index(everybody, lambda student: student.moodle_id)
        self._strangers: dict[str, Student] = {}

    def named(self, name: str) -> Student:
        """The student whom a file or folder is named after.

        Args:
            name: vetted, in NFC, without suffix. It may hold more than the id, as in `20261234_Kim`, where the roster
                has exactly one student with such an id.
        """
        known = self._known(name) or self._known(without_copy(name)) or self._known_by_part(name)
        return known or self._stranger(name, Student(id=name))

    def of_canvas(self, number: str, name: str) -> Student:
        """The student with this number in Canvas."""
        known = self._by_canvas.get(number) or _unless(self._by_id.get(number), lambda found: found.canvas_id)
        return known or self._stranger(f"canvas-{number}", Student(id=number, name=name, canvas_id=number))

    def of_moodle(self, number: str, name: str) -> Student:
        """The student with this number of a participant in Moodle."""
        known = self._by_moodle.get(number) or _unless(self._by_id.get(number), lambda found: found.moodle_id)
        return known or self._stranger(f"moodle-{number}", Student(id=number, name=name, moodle_id=number))

    def of_submitter(self, *, sid: str, email: str, name: str) -> Student | None:
        """The student with this id or address; None where neither is given, nor a name."""
        known = self._known(sid) or (self._known(email) if email else None)
        own = sid or email or name
        if known or not own:
            return known
        return self._stranger(f"submitter-{own}", Student(id=own, name=name, email=email))

    def _known(self, token: str) -> Student | None:
        folded = collision_key(token)
        return (
            self._by_id.get(token)
            or self._by_folded_id.get(folded)
            or self._by_login.get(folded)
            or self._by_email.get(folded)
            or self._by_sis.get(token)
            or self._by_canvas.get(token)
            or self._by_moodle.get(token)
        )

    def _known_by_part(self, name: str) -> Student | None:
        parts = {part for part in name.translate(_SEPARATORS).split() if len(part) >= MIN_PART_LENGTH}
        found = {student.id: student for part in parts if (student := self._by_folded_id.get(collision_key(part)))}
        return next(iter(found.values())) if len(found) == 1 else None

    def _stranger(self, spare_id: str, student: Student) -> Student:
        """Whoever is called the same but for case is the same; whoever has somebody else's id gets the spare one."""
        key = collision_key(spare_id)
        if key not in self._strangers:
            taken = self._roster is not None and student.id in self._roster
            self._strangers[key] = Student(
                id=spare_id if taken else student.id,
                name=student.name,
                email=student.email,
                canvas_id=student.canvas_id,
                moodle_id=student.moodle_id,
                enrolled=self._roster is None,
            )
        return self._strangers[key]


def _index(students: Iterable[Student], key: Callable[[Student], str]) -> dict[str, Student]:
    """By key; without empty keys and those that two students share."""
    index: dict[str, Student] = {}
    shared: set[str] = set()
    for student in students:
        value = key(student)
        if value and value in index:
            shared.add(value)
        elif value:
            index[value] = student
    return {value: student for value, student in index.items() if value not in shared}


def _unless(student: Student | None, other_number: Callable[[Student], str]) -> Student | None:
    """`student`, unless the platform knows that student under another number."""
    return None if student is None or other_number(student) else student
