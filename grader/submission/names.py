"""File names out of student hands: decoded, normalised, judged, and made fit to print."""

import re
import unicodedata

from grader.errors import SubmissionInvalid
from grader.text import Text

MAX_DEPTH = 16
"""Folders above a file. Deeper trees are mistakes or attacks on recursion."""
MAX_COMPONENT_BYTES = 255
"""What Linux file systems take for one component."""
MAX_NAME_BYTES = 1024
"""Whole relative name, in UTF-8."""

_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNPRINTABLE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DRIVE_LETTER = re.compile(r"[A-Za-z]:")

# Never needed to train, never mounted, never hashed: what machines leave beside a student's files. A name that
# starts with a dot (.git, .venv, .DS_Store, ._resource_forks, .ipynb_checkpoints) can't be a Python module either.
# `.pt2` is what `grade train` itself writes into the folder; other saved weights stay, so that a mission's
# `banned_files` can see them. Data sets come from the grader: torchvision's download folders are left out.
_JUNK_NAMES = frozenset(
    {
        "__macosx",
        "__pycache__",
        "thumbs.db",
        "desktop.ini",
        "venv",
        "node_modules",
        "cifar-10-batches-py",
        "cifar-100-python",
        "cifar-10-python.tar.gz",
        "cifar-100-python.tar.gz",
    }
)
# Only with `raw` below: a student's own folder may well be called mnist.
_DOWNLOADED_DATA = re.compile(r"(?:^|/)(?:mnist|fashionmnist|kmnist|emnist|qmnist)/(?:raw|processed)(?:/|$)")
_JUNK_SUFFIXES = (".pyc", ".pyo", ".egg-info", ".pt2", "-ubyte", "-ubyte.gz")


def printable(raw_text: str, limit: int = 80) -> str:
    """`raw_text` on one line, without control or bidi characters, at most `limit` characters long.

    Args:
        raw_text: untrusted. What returns can be put into a message or a report; it is not HTML-escaped.
    """
    text = raw_text if len(raw_text) <= limit else raw_text[: limit - 1] + "…"
    return "".join(_escaped(char) if _unprintable(char) else char for char in text)


def _unprintable(char: str) -> bool:
    return char in _BIDI_CONTROLS or unicodedata.category(char) in _UNPRINTABLE_CATEGORIES


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}"


def decode_name(raw_name: bytes) -> str:
    """The name as text: UTF-8, or cp949 as Windows in Korean writes it into zip files.

    Args:
        raw_name: untrusted bytes out of an archive or a folder.

    Raises:
        SubmissionInvalid: neither encoding fits.
    """
    for encoding in ("utf-8", "cp949"):
        try:
            return raw_name.decode(encoding)
        except UnicodeDecodeError:
            continue
    shown = printable(raw_name.decode("ascii", "backslashreplace"))
    raise SubmissionInvalid(
        Text(
            en=f"The file name “{shown}” is in an unknown encoding.",
            ko=f"파일 이름 “{shown}”의 인코딩을 알 수 없습니다.",
        ),
        Text(en="Rename the file with English letters.", ko="파일 이름을 영문으로 바꿔 주세요."),
    )


def vet_name(raw_name: str) -> str:
    """A relative name in NFC that stays inside the folder it is joined to.

    Args:
        raw_name: untrusted, with `/` between components; one trailing `/` and leading `./` are allowed.

    Returns:
        Components joined by `/`: none empty, `.` or `..`, no backslash, no drive letter, nothing unprintable, bounded
        in length and depth. Empty for the archive's own root (`./`).

    Raises:
        SubmissionInvalid: the name can't be made so. (tests/adversarial/submissions_archives)
    """
    if len(raw_name) > MAX_NAME_BYTES:  # before normalising: NFC of a megabyte of combining marks takes seconds
        raise _refused(raw_name, "it is too long", "너무 깁니다")
    name = unicodedata.normalize("NFC", raw_name)
    # A drive letter anywhere: a folder around it may be taken off later.
    if name.startswith("/") or any(_DRIVE_LETTER.match(part) for part in name.split("/")):
        raise _refused(raw_name, "it is absolute", "절대 경로입니다")
    if "\\" in name:
        raise _refused(raw_name, "it holds a backslash", "역슬래시(\\)가 들어 있습니다")
    if any(_unprintable(char) for char in name):
        raise _refused(raw_name, "it holds control characters", "제어 문자가 들어 있습니다")
    components = [part for part in name.removesuffix("/").split("/") if part != "."]
    if ".." in components:
        raise _refused(raw_name, "it leads out of the submission (..)", "제출물 바깥(..)을 가리킵니다")
    if "" in components and components != [""]:
        raise _refused(raw_name, "it has an empty part (//)", "빈 부분(//)이 있습니다")
    vetted = "/".join(components)
    too_long = any(len(part.encode()) > MAX_COMPONENT_BYTES for part in components)
    if too_long or len(vetted.encode()) > MAX_NAME_BYTES:
        raise _refused(raw_name, "it is too long", "너무 깁니다")
    if len(components) > MAX_DEPTH:
        raise _refused(raw_name, "it is too deep", "폴더가 너무 깊습니다")
    return vetted


def _refused(raw_name: str, why_en: str, why_ko: str) -> SubmissionInvalid:
    shown = printable(raw_name)
    return SubmissionInvalid(
        Text(
            en=f"The file name “{shown}” is not accepted: {why_en}.",
            ko=f"파일 이름 “{shown}”은(는) 받을 수 없습니다: {why_ko}.",
        ),
        Text(
            en="Rename the file, or pack only the folder that holds solution.py.",
            ko="파일 이름을 바꾸거나 solution.py가 있는 폴더만 압축해 주세요.",
        ),
    )


def collision_key(name: str) -> str:
    """Equal for names that a case-insensitive or normalising file system would take for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def is_junk(name: str) -> bool:
    """Whether some component of a vetted name is left out of every submission."""
    folded = name.casefold()
    return _DOWNLOADED_DATA.search(folded) is not None or any(
        part.startswith(".") or part in _JUNK_NAMES or part.endswith(_JUNK_SUFFIXES) for part in folded.split("/")
    )
