"""Student code that finds the runner's descriptor and speaks in its place gains nothing and crashes nothing."""

from pathlib import Path

import pytest

from grader.course import Course
from grader.pipeline import grade_submission
from grader.progress import Silent
from grader.results import Reason, Verdict
from tests.integration.submissions import MODEL, request, strict_mission, write

FORGE = """
import json, os, stat, struct

def channel():
    for fd in range(3, 256):
        try:
            if stat.S_ISFIFO(os.fstat(fd).st_mode) or stat.S_ISSOCK(os.fstat(fd).st_mode):
                yield fd
        except OSError:
            pass

def say(body, kind=b"J"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    for fd in channel():
        try:
            os.write(fd, struct.pack(">cI", kind, len(body)) + body)
        except OSError:
            pass
"""

SPEECHES = {
    "log_with_infinity": 'say(b\'{"event": "log", "values": {"loss": 1e999}}\')',
    "log_with_nan": 'say(b\'{"event": "log", "values": {"loss": NaN}}\')',
    "log_with_long_name": "say({'event': 'log', 'values': {'x' * 65: 1.0}})",
    "log_with_many_values": "say({'event': 'log', 'values': {str(i): 1.0 for i in range(33)}})",
    "log_with_nested_value": "say({'event': 'log', 'values': {'loss': {'deep': 1}}})",
    "versions_as_a_list": "say({'event': 'ready', 'versions': ['torch']})",
    "failure_with_negative_line": (
        "say({'event': 'failure', 'kind': 'exception', 'code': '', 'details': {}, 'type': 'E', 'message': 'm',"
        " 'frames': [{'file': 'f', 'line': -1, 'function': 'g', 'source': 's'}]})"
    ),
    "training_begins_again": "say({'event': 'phase', 'phase': 'train'})",
    "import_begins_again": "say({'event': 'phase', 'phase': 'import'})",
    "unknown_event": "say({'event': 'score', 'points': 100})",
    "blob_without_end": "say({'event': 'artifact', 'blob_bytes': 1000}); say(b'x' * 10, b'B')",
    "blob_over_the_limit": "say({'event': 'artifact', 'blob_bytes': 10**12})",
    "two_artifacts": "[(say({'event': 'artifact', 'blob_bytes': 1}), say(b'x', b'B')) for _ in range(2)]",
    "no_frame_at_all": "[os.write(fd, b'hello grader') for fd in channel()]",
    "messages_without_end": "[say({'event': 'log', 'values': {}}) for _ in range(7000)]",
    "deep_json": "say(b'{\"event\":' + b'[' * 20000)",
    "surrogates": 'say(b\'{"event": "log", "values": {"\\\\ud800": 1.0}}\')',
}


@pytest.mark.mnist
@pytest.mark.parametrize("speech", SPEECHES)
def test_forged_message_ends_the_run_as_the_students_error(
    course: Course, tmp_path: Path, bubblewrap: str, speech: str
) -> None:
    source = f"{FORGE}\ndef train():\n    {SPEECHES[speech]}\n    os._exit(0)\n"
    report = grade_submission(
        request(strict_mission(course), write(tmp_path / "work", source), bubblewrap), progress=Silent()
    )
    assert (report.verdict, report.reason) == (Verdict.GRADED, Reason.TRAIN_ERROR), report.ending
    assert report.score == 0


@pytest.mark.mnist
def test_forged_artifact_is_only_a_model_and_is_vetted_like_any(
    course: Course, tmp_path: Path, bubblewrap: str
) -> None:
    source = FORGE + (
        "\ndef train():\n"
        "    say({'event': 'phase', 'phase': 'export'})\n"
        "    say({'event': 'artifact', 'blob_bytes': 9}); say(b'PK forged', b'B')\n"
        "    say({'event': 'done'})\n"
        "    os._exit(0)\n"
    )
    report = grade_submission(
        request(strict_mission(course), write(tmp_path / "work", source), bubblewrap), progress=Silent()
    )
    assert (report.reason, report.score) == (Reason.ARTIFACT_REJECTED, 0)


@pytest.mark.mnist
def test_names_that_act_reach_the_report_as_text(course: Course, tmp_path: Path, bubblewrap: str) -> None:
    source = MODEL + (
        "\nclass Bad(Exception):\n    def __str__(self): return '\\x1b[31m<script>\\u202e' + chr(0xdc80)\n"
        "Bad.__name__ = '=cmd|' * 40\n"
        "def train(log):\n    log(**{'\\x1b[2J': 1.0})\n    raise Bad\n"
    )
    report = grade_submission(
        request(strict_mission(course), write(tmp_path / "work", source), bubblewrap), progress=Silent()
    )
    assert report.reason is Reason.TRAIN_ERROR
    report.model_dump_json(context={"language": "ko"})
