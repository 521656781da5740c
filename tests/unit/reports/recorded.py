"""Reports of real gradings, one that earned all points and one that did not for every mission."""

from functools import cache
from pathlib import Path

from grader.results import Report

FOLDER = Path(__file__).parent / "recorded"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@cache
def recorded(name: str) -> Report:
    """The recorded report of that name, such as `mission_cnn-reference`."""
    return Report.model_validate_json((FOLDER / f"{name}.json").read_bytes())
