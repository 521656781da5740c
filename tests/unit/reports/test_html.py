"""The report as one page."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from grader.reports.html import MAX_LOG_ROWS, render_html
from grader.results import LogPoint, Mode
from grader.text import Language
from tests.unit.reports import samples

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Outline(HTMLParser):
    """Checks that tags nest, and gathers them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("make", [samples.report, samples.failed_report, samples.not_graded_report])
def test_page_is_well_formed_and_names_its_language(make: Any, language: Language) -> None:
    outline = Outline(render_html(make(), language))
    assert outline.open == []
    assert ("html", {"lang": language}) in outline.tags


def test_page_needs_no_script_and_no_network() -> None:
    outline = Outline(render_html(samples.report(), "en"))
    names = {tag for tag, _ in outline.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "svg", "a"}
    attributes = {name for _, attrs in outline.tags for name in attrs}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {"style", "src", "href"}


def test_policy_allows_exactly_the_style_sheet_of_the_page() -> None:
    page = render_html(samples.report(), "en")
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert len(styles) == 1
    assert f'content="{policy}"' in page


def test_outcomes_are_told_in_words_beside_the_symbols() -> None:
    page = render_html(samples.report(), "ko")
    for word in ("충족", "부분 충족", "미충족"):
        assert re.search(rf'<span aria-hidden="true">.</span> {word}</td>', page)


def test_artifact_is_marked_as_not_reproduced() -> None:
    page = render_html(samples.report(run=samples.run_info(mode=Mode.ARTIFACT)), "en")
    assert "trained by the student, not reproduced" in page


def test_long_log_is_thinned_and_keeps_its_last_point() -> None:
    points = tuple(LogPoint(seconds=float(step), values={"step": step}) for step in range(1234))
    page = render_html(samples.report(run=samples.run_info(log=points)), "en")
    rows = re.findall(r'<tr><td class="number">(\d+)\.0</td>', page)
    assert len(rows) <= MAX_LOG_ROWS
    assert rows[-1] == "1233"


def test_machine_failure_shows_no_score() -> None:
    page = render_html(samples.not_graded_report(), "en")
    assert "costs no points" in page
    assert "0 / 100" not in page
