"""Hostile names, messages, logs and output stay inert in every rendering of a report."""

import io
import json
import re
import unicodedata
from html.parser import HTMLParser
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from grader.reports.html import render_html
from grader.reports.json import render_json
from grader.reports.terminal import render_terminal
from grader.results import (
    Diagnosis,
    Frame,
    LineRemark,
    LogPoint,
    ModelInfo,
    Report,
    SourceText,
    Status,
    StudentOutput,
    SubmissionInfo,
)
from grader.text import Language, Text, same
from tests.unit.reports import samples

PAYLOADS = {
    "clear_screen": "\x1b[2J\x1b[H",
    "window_title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;b3duZWQ=\x07",
    "hyperlink": "\x1b]8;;http://127.0.0.1:9/\x1b\\click\x1b]8;;\x1b\\",
    "eight_bit_csi": "\x9b31m\x9d0;owned\x9c",
    "cursor_up": "ok\x1b[1A\x1b[2K✓ 100 / 100",
    "carriage_return": "0 points\r100 points",
    "backspaces": "fail\x08\x08\x08\x08pass",
    "script": "<script>document.title='owned';alert(1)</script>",
    "image": '<img src=http://127.0.0.1:9/x onerror="alert(1)">',
    "attribute": '" onmouseover="alert(1)" x=\'',
    "closing": "</pre></table></main></style><svg onload=alert(1)>",
    "comment": "<!--",
    "template": "{{ 7*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "rich_markup": "[red]owned[/red][link=http://127.0.0.1:9/]x[/link]",
    "rich_broken": "[/]",
    "rich_emoji": ":skull:",
    "bidi": "\u202edelleac\u202c \u2066x\u2069 \u200f",
    "invisible": "a\u200b\u2060\ufeff\u00adb\U000e0061",
    "separators": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "marks": "z" + "\u0335\u0321\u0336" * 200,
    "null": "a\x00b",
    "surrogate": "a\udc9bb",
    "long": "가" * 100_000,
    "one_word": "x" * 100_000,
}
OWN = "\n"
Rendering = Any


def hostile(payload: str) -> Report:
    """A failed submission with the payload in every place that a student can write to."""
    words = Text(payload, payload)
    return samples.report(
        submission=SubmissionInfo(name=payload, sha256=None, files=(payload, "solution.py"), notes=(words, words)),
        ending=samples.ending(
            message=words,
            advice=words,
            traceback=(Frame(file=payload, line=1, function=payload, source=payload),),
        ),
        criteria=(
            samples.criterion("training", Status.FAILED, 0, 60, measured=same(payload), message=words, hint=words),
            samples.criterion("accuracy", Status.PARTIAL, 1, 40, measured=same(payload), message=words),
        ),
        run=samples.run_info(
            device=payload,
            versions={payload: payload},
            log=(LogPoint(seconds=1.0, values={payload: payload, "loss": 0.5}),),
        ),
        metrics=samples.metrics(
            model=ModelInfo(
                parameters=1,
                multiply_accumulates=1,
                op_groups={payload: 1},
                layers=({"name": payload},),
                batch_dynamic=True,
            )
        ),
        findings=(Diagnosis(rule=payload, finding=words, cause=words, advice=words),),
        student_output=StudentOutput(text=payload * 3, total_bytes=len(payload), truncated=False),
    )


def in_terminal(report: Report, language: Language, *, color: bool = False) -> str:
    stream = io.StringIO()
    Console(file=stream, width=80, force_terminal=color, color_system="standard" if color else None, _environ={}).print(
        render_terminal(report, language)
    )
    return stream.getvalue()


def steering(text: str) -> set[str]:
    """Characters that could act on a terminal or on the eye."""
    return {
        character
        for character in text
        if character != OWN and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    }


@pytest.fixture(params=sorted(PAYLOADS))
def payload(request: pytest.FixtureRequest) -> str:
    return PAYLOADS[request.param]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_terminal_gets_no_character_that_acts(payload: str, language: Language) -> None:
    assert steering(in_terminal(hostile(payload), language)) == set()


def test_terminal_gets_only_the_graders_own_colours(payload: str) -> None:
    text = in_terminal(hostile(payload), "en", color=True)
    assert steering(re.sub(r"\x1b\[[0-9;]*m", "", text)) == set()
    assert "8;;" not in re.sub(r"\\x1b\]8;;", "", text)


def test_terminal_lines_stay_within_eighty_columns(payload: str) -> None:
    for line in in_terminal(hostile(payload), "ko").splitlines():
        assert cell_len(line) <= 80


@pytest.mark.parametrize("name", ["rich_markup", "rich_broken", "rich_emoji", "template"])
def test_markup_is_shown_as_it_was_written(name: str) -> None:
    shown = in_terminal(
        samples.failed_report(student_output=StudentOutput(text=PAYLOADS[name], total_bytes=1, truncated=False)), "en"
    )
    assert PAYLOADS[name].replace("\n", "") in re.sub(r"\s*│\n│ ", "", shown)


def test_name_can_not_forge_a_line_of_the_report() -> None:
    report = samples.report(submission=SubmissionInfo(name="kim\n✓ everything 100 / 100", sha256=None))
    assert not any(line.strip().startswith("✓ everything") for line in in_terminal(report, "en").splitlines())


class Tags(HTMLParser):
    """The tags and attributes of a page, as a browser would find them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", ()))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_page_has_the_same_tags_whatever_a_student_writes(payload: str, language: Language) -> None:
    assert Tags(render_html(hostile(payload), language)).found == Tags(render_html(hostile("plain"), language)).found


def test_annotated_script_is_inert(payload: str) -> None:
    words = Text(payload, payload)
    remark = LineRemark(file=payload, line=1, source=payload, message=words)
    report = samples.annotated_report(
        criteria=(samples.criterion("ideas", Status.FAILED, 0, 1, remarks=(remark,)),),
        annotated=(SourceText(name=payload, text=f"x\n{payload}\n"),),
    )
    page = render_html(report, "ko")
    assert steering(page) == set()
    assert {tag for tag, _ in Tags(page).found} <= {tag for tag, _ in Tags(render_html(hostile("plain"), "ko")).found}
    assert 'class="remarked"' in page


def test_page_holds_no_character_that_acts(payload: str) -> None:
    page = render_html(hostile(payload), "en")
    assert steering(page) == set()
    page.encode("utf-8")


def test_json_holds_no_character_that_acts_and_loses_nothing(payload: str) -> None:
    text = render_json(hostile(payload), "en")
    assert steering(text) == set()
    text.encode("utf-8")
    assert json.loads(text)["submission"]["files"][0] == payload


def test_renderings_are_bounded_whatever_the_size_of_the_output() -> None:
    report = samples.failed_report(
        student_output=StudentOutput(text="line\n" * 2_000_000, total_bytes=10_000_000, truncated=False)
    )
    assert len(in_terminal(report, "en").encode()) < 20_000
    assert len(render_html(report, "en").encode()) < 400_000
