"""Names that learning platforms give to what they hand out. Pure; every name is untrusted, and vetted before."""

import re
from dataclasses import dataclass

# name, LATE, number of the user, number of the file, the student's own name. Canvas writes the user's name in small
# letters without spaces, so that a capital LATE is its own word; with anonymous marking the name is left out and the
# number is `anon_` with a code.
_CANVAS = re.compile(
    r"(?:(?P<name>\w*?)_)??(?P<late>LATE_)?(?:anon_(?P<code>[A-Za-z0-9]+)|(?P<user>[0-9]+))_(?P<file>[0-9]+)_(?P<own>.+)",
    re.DOTALL,
)
_CANVAS_WITHOUT_FILE = re.compile(r"(?:\w*?_)??(?:LATE_)?(?:anon_[A-Za-z0-9]+|[0-9]+)_(?:text|link)\.html")
# A student who hands in a file of the same name again gets `-1`, `-2`, …, and from the eighth time on a UUID.
_AGAIN = re.compile(r"-(?:[1-9][0-9]?|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$")
_COPY = re.compile(r"\s*\([0-9]{1,3}\)$")

_MOODLE_MARK = "_assignsubmission_"
_MOODLE_FILE = re.compile(r"file(?:_(?P<own>.*))?", re.DOTALL)
_NO_NAMES = (".", "..")
_NUMBER = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class CanvasName:
    """`kimminsu_LATE_12345_67890_solution-1.py`, taken apart.

    Attributes:
        user: Canvas' number of the user, or `anon_` and a code.
        file: Canvas' number of the file; it rises with every upload.
        own: what the student called it, without the number of a resubmission.
        full_own: the same with it.
    """

    name: str
    late: bool
    user: str
    file: int
    own: str
    full_own: str


@dataclass(frozen=True, slots=True)
class MoodleName:
    """`Kim Minsu_12345_assignsubmission_file_solution.py`, taken apart.

    Attributes:
        user: Moodle's number of the participant.
        own: what the student called it; empty for a folder.
        is_file: False for text typed into a form.
    """

    name: str
    user: str
    own: str
    is_file: bool


def parse_canvas_name(name: str) -> CanvasName | None:
    """The parts of a file's name; None where Canvas does not name files so."""
    if is_canvas_text(name):
        return None
    match = _CANVAS.fullmatch(name)
    if match is None or match["own"] in _NO_NAMES:
        return None
    user = match["user"] or f"anon_{match['code']}"
    return CanvasName(
        name=match["name"] or "",
        late=match["late"] is not None,
        user=user,
        file=int(match["file"]),
        own=without_again(match["own"]),
        full_own=match["own"],
    )


def is_canvas_text(name: str) -> bool:
    """Whether it is text or a link that was typed into Canvas."""
    return _CANVAS_WITHOUT_FILE.fullmatch(name) is not None


def without_again(own: str) -> str:
    """`solution-1.py` → `solution.py`; other names stay."""
    stem, dot, suffixes = own.partition(".")
    shorter = _AGAIN.sub("", stem)
    return f"{shorter}{dot}{suffixes}" if shorter else own


def without_copy(stem: str) -> str:
    """`mission_cnn (1)`, as browsers name a second download → `mission_cnn`."""
    return _COPY.sub("", stem) or stem


def parse_moodle_name(name: str) -> MoodleName | None:
    """The parts of a folder's or file's name; None where Moodle does not name them so."""
    head, mark, tail = name.partition(_MOODLE_MARK)
    full_name, _, number = head.rpartition("_")
    if not mark or not _NUMBER.fullmatch(number):
        return None
    match = _MOODLE_FILE.fullmatch(tail)
    own = (match["own"] or "") if match else ""
    return MoodleName(
        name=full_name.replace("_", " ").strip(),
        user=number,
        own="" if own in _NO_NAMES else own,
        is_file=match is not None,
    )
