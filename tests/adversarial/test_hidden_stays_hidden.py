"""No rendering of any mission's report tells of hidden tests, hidden labels, hidden images or the machine."""

import ast
import base64
import io
import re
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from rich.console import Console

from grader.course import Course
from grader.data import default_cache_dir, find_pack, installed, load
from grader.diagnosis import diagnose
from grader.evaluation.public_share import public_positions
from grader.png import encode_png
from grader.reports.html import render_html
from grader.reports.json import render_json
from grader.reports.terminal import render_terminal
from grader.reports.visibility import for_students
from grader.results import Report, SourceText
from grader.settings import Settings
from tests.conftest import ROOT, need
from tests.unit.diagnosis.planted import recorded_evidence
from tests.unit.reports.recorded import NAMES, recorded

COURSE = Course(ROOT)
MNIST_LABELS = (7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6, 9, 0, 1, 5, 9, 7, 3, 4)
"""The first labels of MNIST's test images, in their published order."""
LONG_BASE64 = re.compile(r"[A-Za-z0-9+/]{120,}={0,2}")
LONG_HEX = re.compile(r"[0-9a-f]{120,}")


def report_of(name: str) -> Report:
    """A recorded report with all that a report can hold, as its student sees it."""
    report = recorded(name)
    spec = COURSE.mission(report.mission.id).spec
    if report.metrics is not None:
        report = report.model_copy(update={"findings": diagnose(recorded_evidence(report, spec))})
    remarks = [remark for criterion in report.criteria for remark in criterion.remarks]
    files = dict.fromkeys(remark.file for remark in remarks)
    handed_in = ROOT / "missions" / report.mission.id / "counterexamples" / report.submission.name
    sources = tuple(SourceText(name=file, text=(handed_in / file).read_text(encoding="utf-8")) for file in files)
    return for_students(report.model_copy(update={"annotated": sources}), spec)


@cache
def renderings(name: str) -> str:
    """Everything a student gets to see of that report, in both languages."""
    report, parts = report_of(name), []
    for language in ("en", "ko"):
        console = Console(file=io.StringIO(), width=80, color_system=None)
        console.print(render_terminal(report, language))  # type: ignore[arg-type]
        assert isinstance(console.file, io.StringIO)
        parts += [console.file.getvalue(), render_html(report, language), render_json(report, language)]  # type: ignore[arg-type]
    return "\n".join(parts)


def secrets(mission_id: str) -> set[str]:
    """Names of hidden files and of what is defined in them, but for plain words and what its texts use."""
    folder = ROOT / "missions" / mission_id
    files = sorted((folder / "hidden_tests").iterdir())
    names = {path.name for path in files} | {"hidden_tests", "grader.hidden_tests"}
    for path in files:
        if path.suffix == ".py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    public = [*folder.glob("README*.md"), folder / "mission.toml", *(ROOT / "starter_code" / mission_id).rglob("*.py")]
    told = "\n".join(path.read_text(encoding="utf-8") for path in public)
    telling = {name for name in names if re.search("[._]", name)}
    return {name for name in telling if not re.search(rf"\b{re.escape(name)}\b", told)}


def pictures_of(name: str) -> set[str]:
    """What the recorded report shows of the public share, in base64."""
    metrics = recorded(name).metrics
    return {one.image for one in metrics.public_share.mistakes} if metrics and metrics.public_share else set()


@cache
def images_of(pack_id: str) -> npt.NDArray[np.uint8]:
    """The test images of a pack, where it is on this machine."""
    cache_dir = Settings().cache_dir
    here = installed(find_pack(pack_id), cache_dir or default_cache_dir()) is not None
    need(pack_id, ok=here, reason="the data pack is not on this machine")
    return load(pack_id, cache_dir=cache_dir).array("test", "images")


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_hidden_test_is_told(name: str) -> None:
    mission_id = recorded(name).mission.id
    told = renderings(name)
    hidden = secrets(mission_id)
    assert any(one.startswith("test_") for one in hidden), "the probe itself: every mission has hidden tests"
    assert {one for one in hidden if re.search(rf"(?<![\w-]){re.escape(one)}(?!\w)", told)} == set()


@pytest.mark.parametrize("name", NAMES)
def test_no_labels_and_no_pixels_are_told(name: str) -> None:
    told = renderings(name)
    raw = bytes(MNIST_LABELS)
    forms = [separator.join(map(str, MNIST_LABELS[:8])) for separator in ("", " ", ",", ", ")]
    forms += [raw[:8].hex(), base64.b64encode(raw[:9]).decode()]
    assert [form for form in forms if form in told] == []
    gallery = pictures_of(name)
    assert set(LONG_BASE64.findall(told)) == gallery
    assert LONG_HEX.search(told) is None
    assert "data:" not in re.sub(r"data: |img-src data:;|src=\"data:image/png;base64,", "", told)


@pytest.mark.mnist
@pytest.mark.parametrize("name", [name for name in NAMES if pictures_of(name)])
def test_no_image_is_told_but_those_of_the_public_share(name: str) -> None:
    spec = COURSE.mission(recorded(name).mission.id).spec
    images = images_of(spec.stand_in.pack if spec.stand_in else spec.data.pack)
    public = set(public_positions(len(images)).tolist())
    told = set(LONG_BASE64.findall(renderings(name)))
    hidden = set()
    for position in set(range(len(images))) - public:
        pixels = (images[position].tobytes(), np.moveaxis(images[position], 0, 2).tobytes())
        hidden |= {base64.b64encode(form).decode() for form in (encode_png(images[position]), *pixels)}
    assert len(LONG_BASE64.findall("\n".join(hidden))) == len(hidden), (
        "the probe itself: it would find every one of them"
    )
    assert told & hidden == set()
    assert told <= {base64.b64encode(encode_png(images[position])).decode() for position in public}


@pytest.mark.parametrize("name", NAMES)
def test_no_path_of_the_machine_is_told(name: str) -> None:
    told = renderings(name)
    places = {sys.prefix, sys.base_prefix, str(ROOT), str(Path.home()), f"{tempfile.gettempdir()}/"} - {"/", "/usr"}
    assert [place for place in places if place in told] == []
    assert re.findall(r"(?<![\w.<])/(?:home|root|tmp|var|opt|srv|mnt|workspace)/\S*", told) == []


def test_every_mission_is_looked_at() -> None:
    missions = {path.name for path in (ROOT / "missions").iterdir() if (path / "mission.toml").is_file()}
    assert {recorded(name).mission.id for name in NAMES} == missions
