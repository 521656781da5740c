"""Earlier gradings, by the content of everything they depended on."""

import hashlib
from pathlib import Path

from pydantic import ValidationError

from grader.hashing import grader_hash, tree_hash
from grader.results import Report, Verdict
from grader.verification.cases import Case


def key_of(case: Case, staged: Path, *, sandbox: str, image: str | None, model: Path | None) -> str:
    """Hash of a grading's inputs: code handed in, mission, grader, sandbox and its packages, seed.

    Args:
        staged: what is handed in.
        image: content of the docker image; None for another sandbox.
        model: the reference's, where the case is graded with it.
    """
    digest = hashlib.sha256()
    for part in (sandbox, image or "", str(case.seed)):
        digest.update(part.encode() + b"\0")
    digest.update(grader_hash())
    for folder in (staged, case.mission.root, case.mission.starter):
        digest.update(tree_hash(folder))
    if model is not None:
        digest.update(hashlib.sha256(model.read_bytes()).digest())
    return digest.hexdigest()


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
