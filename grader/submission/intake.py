"""The gate every student file passes, wherever it came from: names vetted, bytes counted, nothing twice."""

from collections.abc import Callable

from grader.errors import SubmissionInvalid
from grader.submission.model import CollectLimits
from grader.submission.names import collision_key, is_junk, printable, vet_name
from grader.text import Text

CHUNK_BYTES = 256 * 1024
MAX_IGNORED_SHOWN = 100

Read = Callable[[int], bytes]
"""Reads up to that many bytes; empty at the end."""


class Intake:
    """Files in memory, bounded by `CollectLimits`; at most `total_bytes` plus one chunk is ever held.

    Attributes:
        files: vetted relative name → content.
        ignored: junk left out, fit to print, at most `MAX_IGNORED_SHOWN`.
    """

    def __init__(self, limits: CollectLimits) -> None:
        self.limits = limits
        self.files: dict[str, bytes] = {}
        self.ignored: list[str] = []
        self._entries = 0
        self._total_bytes = 0
        self._spelling: dict[str, tuple[str, bool]] = {}

    def vet(self, raw_name: str) -> str | None:
        """The vetted name of the next file or folder, or None where it is junk and must be skipped unread.

        Args:
            raw_name: untrusted, relative to the submission.

        Raises:
            SubmissionInvalid: the name is refused, or there are too many entries.
        """
        self._entries += 1
        if self._entries > self.limits.entries:
            raise too_many_files(self.limits.entries)
        name = vet_name(raw_name)
        if not name:
            return None
        if is_junk(name):
            if len(self.ignored) < MAX_IGNORED_SHOWN:
                self.ignored.append(printable(name))
            return None
        return name

    def add_folder(self, name: str) -> None:
        """Notes a folder, so that no file may take its name.

        Args:
            name: returned by `vet`.
        """
        self._claim(name, folder=True)

    def add_file(self, name: str, read: Read) -> None:
        """Reads one file through to its end.

        Args:
            name: returned by `vet`.
            read: untrusted source of bytes; read until it is empty or a limit is passed.

        Raises:
            SubmissionInvalid: the name is taken, the file or the whole is too large, or there are too many files.
        """
        self._claim(name, folder=False)
        if len(self.files) >= self.limits.files:
            raise too_many_files(self.limits.files)
        content = bytearray()
        while chunk := read(CHUNK_BYTES):
            content += chunk
            self._total_bytes += len(chunk)
            if len(content) > self.limits.file_bytes:
                raise _too_large(printable(name), self.limits.file_bytes)
            if self._total_bytes > self.limits.total_bytes:
                raise too_large_in_all(self.limits.total_bytes)
        self.files[name] = bytes(content)

    def _claim(self, name: str, *, folder: bool) -> None:
        """Keeps names unique on file systems that fold case or normalise, and files apart from folders."""
        parts = name.split("/")
        for depth in range(1, len(parts) + 1):
            prefix = "/".join(parts[:depth])
            is_folder = folder or depth < len(parts)
            held, held_folder = self._spelling.setdefault(collision_key(prefix), (prefix, is_folder))
            repeated_file = depth == len(parts) and not folder and name in self.files
            if held != prefix or held_folder != is_folder or repeated_file:
                raise _name_twice(printable(held), printable(prefix))


def _name_twice(first: str, second: str) -> SubmissionInvalid:
    return SubmissionInvalid(
        Text(
            en=f"Two files have the same name: “{first}” and “{second}” (case does not count).",
            ko=f"이름이 같은 파일이 두 개 있습니다: “{first}”, “{second}” (대소문자는 구분하지 않습니다).",
        ),
        Text(en="Rename one of them.", ko="둘 중 하나의 이름을 바꿔 주세요."),
    )


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / (1024 * 1024):g} MiB"


def _too_large(shown_name: str, limit: int) -> SubmissionInvalid:
    return SubmissionInvalid(
        Text(
            en=f"The file “{shown_name}” is larger than {_mib(limit)}.",
            ko=f"“{shown_name}” 파일이 {_mib(limit)}보다 큽니다.",
        ),
        _only_code(),
    )


def too_large_in_all(limit: int) -> SubmissionInvalid:
    """The refusal of a submission above its size limit."""
    return SubmissionInvalid(
        Text(
            en=f"The submission is larger than {_mib(limit)}.",
            ko=f"제출물의 전체 크기가 {_mib(limit)}보다 큽니다.",
        ),
        _only_code(),
    )


def too_many_files(limit: int) -> SubmissionInvalid:
    """The refusal of a submission with too many files."""
    return SubmissionInvalid(
        Text(
            en=f"The submission holds more than {limit} files.",
            ko=f"제출물의 파일이 {limit}개보다 많습니다.",
        ),
        _only_code(),
    )


def not_plain(shown_name: str) -> SubmissionInvalid:
    """The refusal of a link, device, pipe or socket."""
    return SubmissionInvalid(
        Text(
            en=f"“{shown_name}” is a link or a special file; only plain files and folders are accepted.",
            ko=f"“{shown_name}”은(는) 링크이거나 특수 파일입니다. 일반 파일과 폴더만 제출할 수 있습니다.",
        ),
        Text(en="Put a copy of the file in its place.", ko="링크 대신 실제 파일을 복사해 넣어 주세요."),
    )


def _only_code() -> Text:
    return Text(
        en="Hand in code only: leave out data sets, saved models, outputs and virtual environments.",
        ko="코드만 제출해 주세요. 데이터셋, 저장한 모델, 출력 파일, 가상 환경은 빼야 합니다.",
    )
