"""Every way a submission can end badly: a clear verdict with what to do next, and nothing left behind."""

import tempfile
from pathlib import Path

import psutil
import pytest

from grader.course import Course
from grader.pipeline import grade_submission
from grader.progress import Silent
from grader.results import Quantity, Reason, Report, Status, Verdict
from tests.integration.submissions import MODEL, QUICK, request, strict_mission, write

RUN_ENDS = {
    "raises": ("def train():\n    raise ValueError('my mistake')", Reason.TRAIN_ERROR, "ValueError: my mistake"),
    "import_error": ("import no_such_package\ndef train(): pass", Reason.TRAIN_ERROR, "no_such_package"),
    "no_train": ("def trains(): pass", Reason.TRAIN_ERROR, "no function train"),
    "train_is_a_number": ("train = 3", Reason.TRAIN_ERROR, "not a function"),
    "unknown_parameter": ("def train(train_set, test_set): pass", Reason.TRAIN_ERROR, "asks for test_set"),
    "returns_none": ("def train(): pass", Reason.TRAIN_ERROR, "returned NoneType"),
    "returns_a_dict": ("def train(): return {'accuracy': 1.0}", Reason.TRAIN_ERROR, "returned dict"),
    "sys_exit": ("import sys\ndef train(): sys.exit(0)", Reason.TRAIN_ERROR, "SystemExit"),
    "os_exit": ("import os\ndef train(): os._exit(0)", Reason.TRAIN_ERROR, "exit code 0"),
    "kills_the_runner": ("import os\ndef train(): os.kill(os.getpid(), 11)", Reason.CRASHED, "SIGSEGV"),
    "writes_outside": ("def train(): open('/usr/marker', 'w')", Reason.TRAIN_ERROR, "Error"),
    "fills_the_scratch_folder": (
        "def train():\n    open('big', 'wb').write(bytes(600 * 1024**2))",
        Reason.DISK_LIMIT,
        "256 MiB",
    ),
    "saves_more_models_than_the_scratch_folder_holds": (
        "import torch\ndef train():\n    for epoch in range(1_000): torch.save(torch.ones(2**20), f'{epoch}.pt')",
        Reason.DISK_LIMIT,
        "256 MiB",
    ),
    "prints_too_much": ("def train():\n    while True: print('x' * 10_000)", Reason.OUTPUT_LIMIT, "printed more than"),
    "never_ends": ("def train():\n    while True: pass", Reason.TIME_LIMIT, "budget of 4 s"),
    "sleeps_for_ever": ("import time\ndef train(): time.sleep(10_000)", Reason.TIME_LIMIT, "budget of 4 s"),
    "swallows_everything": (
        "def train():\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
        Reason.TIME_LIMIT,
        "budget",
    ),
    "eats_memory": (
        "def train():\n    kept = []\n    while True: kept.append(b'x' * 2**20)",
        Reason.MEMORY_LIMIT,
        "limit of 1 GiB",
    ),
    "forks_for_ever": (
        "import os\ndef train():\n    while True:\n        try:\n            os.fork()\n        except OSError: pass",
        Reason.PROCESS_LIMIT,
        "processes",
    ),
    "forges_the_end": (
        "import os, struct\n"
        "def train():\n"
        '    body = b\'{"event": "done"}\'\n'
        "    for fd in range(3, 64):\n"
        "        try: os.write(fd, struct.pack('>cI', b'J', len(body)) + body)\n"
        "        except OSError: pass\n"
        "    os._exit(0)",
        Reason.TRAIN_ERROR,
        "channel",
    ),
    "decides_on_tensor_values": (
        MODEL.replace("return self.out", "if x.sum() > 0: return x\n        return self.out")
        + "\ndef train(): return Net()",
        Reason.EXPORT_FAILED,
        "exported",
    ),
    "returns_a_model_that_is_too_large": (
        "import torch\ndef train(): return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 2**15))",
        Reason.ARTIFACT_REJECTED,
        "64 MiB",
    ),
    "returns_another_shape": (
        MODEL.replace("6 * 6, 10", "6 * 6, 7") + "\ndef train(): return Net()",
        Reason.ARTIFACT_REJECTED,
        "7 ",
    ),
}

EXCEEDED = {
    Reason.TIME_LIMIT: {Quantity.SECONDS, Quantity.CPU_SECONDS},
    Reason.MEMORY_LIMIT: {Quantity.MEMORY_BYTES},
    Reason.OUTPUT_LIMIT: {Quantity.OUTPUT_BYTES},
    Reason.PROCESS_LIMIT: {Quantity.PROCESSES},
    Reason.DISK_LIMIT: {Quantity.DISK_BYTES},
}


def grade(course: Course, path: Path, sandbox: str, **limits: float) -> Report:
    return grade_submission(request(strict_mission(course, **limits), path, sandbox), progress=Silent())


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of this test's own, so that gradings beside it are not seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.mnist
@pytest.mark.parametrize("case", RUN_ENDS)
def test_run_that_ends_badly_has_its_reason_and_leaves_nothing(
    course: Course, tmp_path: Path, temporary: Path, isolating: str, case: str
) -> None:
    source, reason, words = RUN_ENDS[case]
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    report = grade(course, write(tmp_path / "work", source), isolating)
    assert report.ending is not None, report
    assert (report.verdict, report.reason) == (Verdict.GRADED, reason), report.ending
    assert words in report.ending.message.en
    assert report.ending.advice.en
    assert report.ending.advice.ko
    if reason in EXCEEDED:
        first, *others = report.ending.figures
        assert first.quantity in EXCEEDED[reason]
        assert first.limit is not None
        assert first.used is None or first.used >= 0.95 * first.limit
        assert {Quantity.SECONDS, Quantity.MEMORY_BYTES} <= {figure.quantity for figure in (first, *others)}
    assert report.ending.signal == ("SIGSEGV" if reason is Reason.CRASHED else None)
    assert not report.passed
    assert {line.status for line in report.criteria} <= {Status.FAILED, Status.SKIPPED, Status.PASSED}
    shown = report.model_dump_json()
    assert "grader/" not in report.ending.message.en
    assert str(Path.home()) not in shown
    assert list(temporary.iterdir()) == []
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= children


@pytest.mark.mnist
def test_traceback_shows_the_students_lines_only(course: Course, tmp_path: Path, bubblewrap: str) -> None:
    source = "def helper():\n    return 1 / 0\n\ndef train():\n    helper()\n"
    report = grade(course, write(tmp_path / "work", source), bubblewrap)
    assert report.ending is not None
    frames = [(frame.file, frame.line, frame.function) for frame in report.ending.traceback]
    assert frames == [("solution.py", 5, "train"), ("solution.py", 2, "helper")]


@pytest.mark.mnist
def test_exploding_logits_lose_finiteness_and_are_no_crash(course: Course, tmp_path: Path, bubblewrap: str) -> None:
    source = MODEL.replace("flatten(1))", "flatten(1)) * float('1e38') * 1e10") + "\ndef train(): return Net()"
    report = grade(course, write(tmp_path / "work", source), bubblewrap)
    status = {line.id: line.status for line in report.criteria}
    assert status["finite"] is Status.FAILED, report
    assert report.metrics is not None


@pytest.mark.mnist
def test_output_is_kept_with_its_beginning_and_end(course: Course, tmp_path: Path, bubblewrap: str) -> None:
    source = "def train():\n    print('first')\n    print('y' * 200_000)\n    print('last')\n    raise ValueError\n"
    output = grade(course, write(tmp_path / "work", source), bubblewrap).student_output
    assert output.truncated
    assert "first" in output.text
    assert "last" in output.text
    assert len(output.text) < 100_000


@pytest.mark.mnist
def test_submission_after_a_bad_one_is_graded_as_if_nothing_had_happened(
    course: Course, tmp_path: Path, isolating: str
) -> None:
    bad = write(tmp_path / "bad", RUN_ENDS["forks_for_ever"][0])
    good = write(tmp_path / "good", QUICK)
    assert grade(course, bad, isolating).reason is Reason.PROCESS_LIMIT
    report = grade(course, good, isolating, train_cpu_s=60.0)
    assert report.reason is None, report.ending
    assert report.metrics is not None
    assert report.metrics.accuracy > 0.5


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty", {}, "empty"),
        ("other", {"readme.txt": b"hello"}, "solution.py"),
        ("syntax", {"solution.py": b"def train(:\n    pass\n"}, "line 1"),
        ("encoding", {"solution.py": b"# \xff\xfe\x80\ndef train(): pass\n"}, "solution.py"),
    ],
)
def test_submission_that_cannot_be_read_is_invalid(
    course: Course, tmp_path: Path, name: str, content: dict[str, bytes], words: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    for file, data in content.items():
        (folder / file).write_bytes(data)
    report = grade(course, folder, "none")
    assert (report.verdict, report.reason) == (Verdict.GRADED, Reason.SUBMISSION_INVALID)
    assert report.ending is not None
    assert words in report.ending.message.en
    assert report.score == 0
    assert report.submission.sha256 is None


def test_path_that_does_not_exist_is_invalid(course: Course, tmp_path: Path) -> None:
    assert grade(course, tmp_path / "nothing", "none").reason is Reason.SUBMISSION_INVALID


def test_missing_data_is_infrastructure_and_no_mark(
    course: Course, tmp_path: Path, bubblewrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_CACHE_DIR", str(tmp_path / "empty-cache"))
    report = grade(course, write(tmp_path / "work", QUICK), bubblewrap)
    assert (report.verdict, report.reason) == (Verdict.NOT_GRADED, Reason.INFRASTRUCTURE)
    assert report.criteria == ()
    assert report.ending is not None
    assert "grade data fetch" in report.ending.advice.en


def test_missing_engine_is_infrastructure_and_says_what_to_do(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    report = grade(course, write(tmp_path / "work", QUICK), "docker")
    assert (report.verdict, report.reason) == (Verdict.NOT_GRADED, Reason.INFRASTRUCTURE)
    assert report.ending is not None
    assert report.ending.advice.en


@pytest.mark.mnist
def test_full_disk_is_infrastructure(
    course: Course, tmp_path: Path, bubblewrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shuffled images are the largest thing a grading writes; a file-size limit stands in for the full disk."""

    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.save", no_room)
    report = grade(course, write(tmp_path / "work", QUICK), bubblewrap, train_cpu_s=60.0)
    assert (report.verdict, report.reason) == (Verdict.NOT_GRADED, Reason.INFRASTRUCTURE)
    assert report.ending is not None
    assert "disk" in report.ending.message.en
