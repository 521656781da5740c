"""Hostile names, files and messages stay inert in every format that other systems read."""

import base64
import csv
import html
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

from grader.entries import Mark, Student
from grader.exports import FORMATS, FeedbackForm, Scope
from grader.exports.cells import original_text
from grader.exports.jsonl import line_schema
from grader.reports.escape import inert
from grader.results import Frame, LineRemark, Report, Status, SubmissionInfo
from grader.text import Text, same
from tests.adversarial import test_report_escaping as reports
from tests.unit.exports import cohort
from tests.unit.exports.rendering import written
from tests.unit.reports import samples

PAYLOADS = {
    **reports.PAYLOADS,
    "formula": '=HYPERLINK("http://127.0.0.1:9/?"&A1;"click")',
    "command": "=cmd|' /C calc'!A0",
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "full_width": "＝1+1",
    "small_form": "﹦1+1",
    "spaces": "   =1+1",
    "ideographic_space": "\u3000=1+1",
    "no_break_space": "\u00a0@SUM(1)",
    "quote_first": '"=1+1',
    "quote_break": '";=1+1;"',
    "comma": "Kim,=1+1",
    "semicolon": "Kim;=1+1",
    "pipe": "Kim|=1+1",
    "line": "Kim\n=1+1\n@x",
    "apostrophe": "'=1+1",
    "number": "-1",
    "canvas_row": "    Points Possible",
    "entity": "&lt;script&gt;&amp;#64;",
    "cdata": "]]><case/>",
    "declaration": '<!DOCTYPE x [<!ENTITY a "b">]>&a;',
    "forbidden_in_xml": "a\ufffe\uffff\x0b",
    "workflow": "x\n::error file=a.py,line=1::owned",
    "workflow_first": "::add-mask::secret",
    "workflow_spaces": " \u3000::set-output name=result::owned",
    "workflow_stop": "::stop-commands::pause",
    "workflow_encoded": "x%0A::warning::owned%0D%25,file=b.py",
    "workflow_property": "a.py,line=9,title=owned::owned",
    "workflow_legacy": "x ##[add-mask]secret ##[group]y",
    "mention": "@octocat and @github/security, a@b.example",
    "issue": "#1 GH-1 octocat/hello#2",
    "emoji": ":skull: :+1:",
    "link": "[x](http://127.0.0.1:9/) <http://127.0.0.1:9/> [y]: http://127.0.0.1:9/",
    "bare_link": "http://127.0.0.1:9/ https://x.example www.x.example",
    "picture": "![x](http://127.0.0.1:9/x.png)",
    "row": "a | b | c |\n| --- | --- |\n| 100 | 100 |",
    "escaped_pipe": "a \\| b \\\\| c",
    "backticks": "`a` ``` ```` \\`",
    "emphasis": "**a** __b__ ~~c~~ *d*",
    "heading": "# a\n\n## b\n---\n- c\n> d\n1. e",
    "list": "- a",
    "numbered_list": "1. a",
    "plus_list": "+ a",
    "underline": "===",
    "indented": "        a",
    "mathematics": "$\\href{javascript:alert(1)}{x}$",
    "footnote": "[^1] [ ] [x]",
}

FORMULA_STARTS = "=+-@＝＋－＠﹦−"
PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
DELIMITERS = ",;\t|"
TABLES = [name for name, export in FORMATS.items() if export.suffix == ".csv"]


@pytest.fixture(params=sorted(PAYLOADS))
def payload(request: pytest.FixtureRequest) -> str:
    return PAYLOADS[request.param]


def hostile_mark(text: str) -> Mark:
    """A mark with the text wherever a roster or a file name can put it."""
    student = Student(id=text, name=text, email=text, section=text, canvas_id="7", sis_id=text, moodle_id="7")
    grading = cohort.grading(device=text)
    return cohort.mark(student, grading, 91.5, attempt=cohort.attempt(cohort.BOB, grading, name=text))


def hostile_report(text: str) -> Report:
    """A failed report with the text wherever a student can put it, also into names of files and traceback."""
    remarks = (LineRemark(file=text, line=3, source=text, message=same(text)),)
    criteria = (
        samples.criterion("a", Status.FAILED, 0, 60, measured=same(text), message=Text(text, text), remarks=remarks),
        samples.criterion("b", Status.PARTIAL, 1, 40, title=same(f"Title {text}"), hint=same(text)),
    )
    frame = Frame(file=text, line=1, function=text, source=text)
    return samples.failed_report(
        submission=SubmissionInfo(name=text, sha256=None, files=(text,)),
        ending=samples.ending(message=same(text), advice=same(text), traceback=(frame,)),
        criteria=criteria,
        run=samples.run_info(device=text),
    )


def attacked(name: str, text: str, **changes: Any) -> str:
    """What the format writes with the text in marks and reports."""
    marks = [hostile_mark(text)]
    if FORMATS[name].scope is Scope.BOOK:
        marks = [*marks, cohort.mark(cohort.MINJUN, cohort.grading(), -2.5)]
    return written(name, marks=marks, report_of=lambda _: hostile_report(text), **changes)


def cells(text: str, delimiter: str) -> Iterator[str]:
    """Cells as a reader finds them that goes by this separator, and as one that splits lines first."""
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        yield from row
    for line in re.split(r"[\r\n]+", text):
        yield from line.split(delimiter)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_format_holds_a_character_that_acts(name: str, payload: str) -> None:
    text = attacked(name, payload)
    assert reports.steering(text.replace("\r\n", "\n")) == set()
    text.encode("utf-8")


@pytest.mark.parametrize("form", FeedbackForm)
@pytest.mark.parametrize("name", TABLES)
def test_no_cell_begins_a_formula_in_any_dialect(name: str, form: FeedbackForm, payload: str) -> None:
    text = attacked(name, payload, feedback=form)
    for delimiter in DELIMITERS:
        for cell in cells(text, delimiter):
            bare = cell.strip(' \t"\u3000\u00a0')
            assert not bare.startswith(tuple(FORMULA_STARTS)) or PLAIN_NUMBER.fullmatch(bare) or bare == "-", cell


@pytest.mark.parametrize("name", TABLES)
def test_table_keeps_its_shape(name: str, payload: str) -> None:
    rows = list(csv.reader(io.StringIO(attacked(name, payload), newline="")))
    assert [len(row) for row in rows] == [len(rows[0])] * len(rows)
    assert len(rows) == len(list(csv.reader(io.StringIO(attacked(name, "Kim"), newline=""))))


def test_second_reader_gets_the_name_back_save_the_apostrophes(payload: str) -> None:
    rows = list(csv.DictReader(io.StringIO(attacked("csv-long", payload), newline="")))
    for column in ("student_id", "name", "email", "section", "submission"):
        assert original_text(rows[0][column]) == inert(payload)


def test_canvas_sees_one_row_of_points_possible(payload: str) -> None:
    rows = list(csv.reader(io.StringIO(attacked("canvas", payload), newline="")))
    assert ["Points Possible" in row[0] for row in rows] == [False, True, False, False]


class Page(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", ()))

    def handle_decl(self, decl: str) -> None:
        self.tags.append(("declaration", ()))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("form", FeedbackForm)
def test_moodle_shows_no_tag_of_a_student(form: FeedbackForm, payload: str) -> None:
    comments = [
        next(csv.DictReader(io.StringIO(attacked("moodle", text, feedback=form), newline="")))["Feedback comments"]
        for text in (payload, "Kim")
    ]
    assert Page(comments[0]).tags == Page(comments[1]).tags


def test_json_line_gives_every_name_back_as_it_was(payload: str) -> None:
    lines = attacked("jsonl", payload).splitlines()
    assert len(lines) == 2
    document = json.loads(lines[0])
    jsonschema.validate(document, line_schema())
    assert {document["student"][key] for key in ("id", "name", "email", "section", "sis_id")} == {payload}
    assert document["submission"]["name"] == payload


def test_gradescope_gets_inert_plain_text(payload: str) -> None:
    document = json.loads(attacked("gradescope", payload))
    for test in document["tests"]:
        assert (test["output_format"], test["name_format"]) == ("text", "text")
        assert reports.steering(test["output"] + test["name"]) == set()
    assert document["output_format"] == "text"
    assert reports.steering(document["output"]) == set()


def test_junit_keeps_its_elements_and_the_name(payload: str) -> None:
    root, plain = (ElementTree.fromstring(attacked("junit", text).encode()) for text in (payload, "Kim"))
    assert [element.tag for element in root.iter()] == [element.tag for element in plain.iter()]
    name = next(root.iter("testcase")).attrib["name"]
    assert name.startswith(inert(payload).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")[:200])


def page(markdown: str) -> Page:
    return Page(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))


def structure(found: Page) -> list[tuple[str, tuple[str, ...]]]:
    """Tags but for places to break a line, which escapes add."""
    return [tag for tag in found.tags if tag[0] not in {"wbr", "br"}]


@pytest.mark.parametrize("name", ["github-summary", "github-cohort"])
def test_markdown_has_the_same_tags_whatever_a_student_writes(name: str, payload: str) -> None:
    found = page(attacked(name, payload))
    assert structure(found) == structure(page(attacked(name, "Kim")))
    assert all(attributes == () for _, attributes in found.tags)


def test_markdown_shows_what_was_written(payload: str) -> None:
    shown = page(attacked("github-cohort", payload)).text
    assert inert(payload).strip()[:200] in shown


@pytest.mark.parametrize("name", ["github-summary", "github-cohort"])
def test_nothing_of_the_finished_page_is_found_by_githubs_filters(name: str, payload: str) -> None:
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(attacked(name, payload))
    for raw_node in re.split(r"<[^>]*>", rendered):
        node = html.unescape(raw_node)
        assert not re.search(r"(?:^|\W)@[A-Za-z0-9]|[A-Za-z0-9]@[A-Za-z0-9]", node), "mention or address"
        assert not re.search(r"#\d", node), "issue"
        assert not re.search(r":[a-z+][a-z0-9_+]*:", node), "emoji"
        assert not re.search(r"://\w|\bwww\.\w", node), "link"


def workflow_commands(log: str) -> list[str]:
    """Lines on which the runner of GitHub Actions would act: it trims them, and finds older commands anywhere."""
    return [line for line in log.splitlines() if line.strip().startswith("::") or "##[" in line]


def test_annotations_hold_only_commands_of_ours(payload: str) -> None:
    lines = attacked("github-annotations", payload).splitlines()
    plain = attacked("github-annotations", "Kim").splitlines()
    assert workflow_commands("\n".join(lines)) == lines
    form = re.compile(r"::(error|warning|notice) ((?:file=[^,:]*,line=\d+,)?title=[^,:]*)::[^\r\n]*")
    assert all(form.fullmatch(line) for line in lines)
    assert [re.sub(r"=[^,:]*", "", line.split("::")[1]) for line in lines] == [
        re.sub(r"=[^,:]*", "", line.split("::")[1]) for line in plain
    ]


def test_annotation_says_what_was_written(payload: str) -> None:
    line = attacked("github-annotations", payload).splitlines()[0]
    message = line.split("::", 2)[2].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    said = inert(payload, lines=True).replace("##[", "## [")
    assert message.startswith(said[:500])


def test_log_of_classrooms_reporter_holds_no_command(payload: str) -> None:
    document = json.loads(base64.b64decode(attacked("github-classroom", payload)))
    log = "\n".join(
        line for test in document["tests"] for line in (f"❌ {test['name']}\n", f"Error: {test['message']}\n")
    )
    assert workflow_commands(log) == []
    assert reports.steering(log) == set()


def test_hidden_words_of_a_machine_failure_reach_no_student() -> None:
    secret = samples.ending(message=same("/srv/host/path failed"), advice=same("restart host7"))
    report = samples.not_graded_report(ending=secret)
    marks = [replace(cohort.CNN_MARKS[0])]
    for name in ("moodle", "github-classroom"):
        text = written(name, marks=marks, report_of=lambda _: report)
        shown = base64.b64decode(text).decode() if name == "github-classroom" else text
        assert "host" not in shown
