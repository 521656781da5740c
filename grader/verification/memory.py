"""Earlier gradings, by the content of everything they depended on."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

import grader
from grader.results import Report, Verdict
from grader.verification.cases import Case

_PACKAGES = ("torch", "torchvision", "numpy", "albumentations")
_LEFT_OUT = ("__pycache__", "counterexamples")


def key_of(case: Case, staged: Path, *, sandbox: str, image: str | None, model: Path | None) -> str:
    """Hash of a grading's inputs: code handed in, mission, grader, sandbox and its packages, seed.

    Args:
        staged: what is handed in.
        image: content of the docker image; None for another sandbox.
        model: the reference's, where the case is graded with it.
    """
    digest = hashlib.sha256()
    parts = [sandbox, image or "", str(case.seed), *(f"{name} {version(name)}" for name in _PACKAGES)]
    for part in parts:
        digest.update(part.encode() + b"\0")
    for folder in (staged, case.mission.root, case.mission.starter, Path(grader.__file__).parent):
        digest.update(_tree(folder))
    if model is not None:
        digest.update(hashlib.sha256(model.read_bytes()).digest())
    return digest.hexdigest()


def _tree(folder: Path) -> bytes:
    """Hash of a folder's files: names and contents."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part in _LEFT_OUT for part in name.parts):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{name.as_posix()}\0{content}\n".encode())
    return digest.digest()


class Memory:
    """Reports and models in a folder; what can't be read back counts as absent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def model(self, key: str) -> Path:
        """Where the model of that grading is, or will be."""
        return self._folder / f"{key}.pt2"

    def recall(self, key: str) -> Report | None:
        """The report of an earlier grading."""
        try:
            return Report.model_validate_json((self._folder / f"{key}.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def keep(self, key: str, report: Report) -> None:
        """Keeps a report, but none of a machine's failure."""
        if report.verdict is Verdict.NOT_GRADED:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f"{key}.partial"
        partial.write_text(report.model_dump_json(), encoding="utf-8")
        partial.replace(self._folder / f"{key}.json")
