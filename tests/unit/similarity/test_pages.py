"""Pages and table of a comparison: self-contained, both languages, inert whatever a student writes."""

import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from grader.similarity.compare import compare_cohort
from grader.similarity.pages import INDEX, MAX_LINES, render_similarity
from grader.similarity.results import (
    ComparedWork,
    Lines,
    Match,
    Pair,
    Similarity,
    SourceFile,
    Standing,
    Thresholds,
    WeightSimilarity,
)
from grader.similarity.terminal import render_similarity_terminal
from grader.text import Language, Text
from tests.adversarial.test_report_escaping import PAYLOADS, Tags, steering
from tests.unit.similarity import variants

ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "scope", "tabindex", "role"),
    "aria-labelledby",
}
VOID = {"meta", "link", "br", "img", "input", "hr"}


def hostile(payload: str) -> Similarity:
    """A comparison with the payload in every place that a student can write to."""
    one_line = payload.replace("\n", " ").replace("\r", " ")
    file = SourceFile(name=payload, text=f"x = 1\n{one_line}\n{one_line}\ny = 2")
    region = Lines(file=payload, first=2, last=3)

    def work(student_id: str, standing: Standing) -> ComparedWork:
        note = Text(payload, payload)
        return ComparedWork(
            student_id=student_id, name=payload, standing=standing, symbols=100, notes=(note,), files=(file,)
        )

    return Similarity(
        mission_id=payload,
        thresholds=Thresholds(),
        works=(
            work(payload, Standing.COMPARED),
            work(payload + "2", Standing.COMPARED),
            work(payload + "3", Standing.STARTER_UNCHANGED),
        ),
        pairs=(
            Pair(
                first=payload,
                second=payload + "2",
                first_in_second=0.9,
                second_in_first=0.5,
                matches=(Match(first=region, second=region),),
                weights=WeightSimilarity(equal=90, rearranged=0, near=5, parameters=100),
            ),
        ),
        common_limit=10,
    )


def in_terminal(found: Similarity, language: Language, *, color: bool = False) -> str:
    stream = io.StringIO()
    Console(file=stream, width=80, force_terminal=color, color_system="standard" if color else None, _environ={}).print(
        render_similarity_terminal(found, language)
    )
    return stream.getvalue()


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Similarity:
    folder = tmp_path_factory.mktemp("cohort")
    sources = variants.honest()
    works = [variants.work(folder, name, source) for name, source in sources.items()]
    works.append(variants.work(folder, "copycat", variants.padded(variants.renamed(sources["elm"]))))
    works.append(variants.work(folder, "untouched", (variants.STARTER / "solution.py").read_text(encoding="utf-8")))
    return compare_cohort("mission_cnn", works, starter=variants.STARTER)


@pytest.fixture(params=sorted(PAYLOADS))
def payload(request: pytest.FixtureRequest) -> str:
    return PAYLOADS[request.param]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_pages_have_the_same_tags_whatever_a_student_writes(payload: str, language: Language) -> None:
    expected = render_similarity(hostile("plain"), language)
    found = render_similarity(hostile(payload), language)
    assert list(found) == list(expected)
    for name, page in found.items():
        assert Tags(page).found == Tags(expected[name]).found


def test_pages_hold_no_character_that_acts(payload: str) -> None:
    for page in render_similarity(hostile(payload), "en").values():
        assert steering(page) == set()
        page.encode("utf-8")


def test_terminal_is_inert_and_within_eighty_columns(payload: str) -> None:
    text = in_terminal(hostile(payload), "ko")
    assert steering(text) == set()
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    assert steering(re.sub(r"\x1b\[[0-9;]*m", "", in_terminal(hostile(payload), "en", color=True))) == set()


def test_policy_allows_only_the_pages_own_style(cohort: Similarity) -> None:
    for page in render_similarity(cohort, "en").values():
        style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
        assert style is not None
        digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
        assert "<script" not in page
        assert {name for _, names in Tags(page).found for name in names} <= ATTRIBUTES
        assert not re.search(r"url\(|@import|https?://", style.group(1))


class _Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.targets: list[str] = []
        self.ids: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.targets += [found["href"] or ""] if "href" in found else []
        self.ids += [found["id"] or ""] if "id" in found else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_link_leads_to_a_place_that_exists(cohort: Similarity) -> None:
    pages = render_similarity(cohort, "ko")
    for page in pages.values():
        links = _Links(page)
        assert len(set(links.ids)) == len(links.ids)
        for target in links.targets:
            name, _, place = target.partition("#")
            assert name in pages or (not name and place in links.ids)


def test_index_ranks_the_pair_and_names_the_unchanged_starter(cohort: Similarity) -> None:
    pages = render_similarity(cohort, "en")
    assert list(pages) == [INDEX, "pair-0001.html"]
    assert "Copycat (copycat)" in pages[INDEX]
    assert "Elm (elm)" in pages[INDEX]
    assert "starter code, unchanged" in pages[INDEX]
    assert "a reason to look" in pages[INDEX]


def test_pair_page_marks_matches_by_number_and_not_by_colour_alone(cohort: Similarity) -> None:
    page = render_similarity(cohort, "en")["pair-0001.html"]
    assert re.search(r'<a id="A1" href="#B\d+">A1 → B\d+</a>', page)
    assert len(re.findall(r"<tr class=\"match", page)) > 60
    assert "def rotated(self, batch)" in page


def test_pages_in_korean_leave_no_english_words(cohort: Similarity) -> None:
    index = render_similarity(cohort, "ko")[INDEX]
    text = re.sub(r"<[^>]+>", " ", index[index.index("<body") :])
    names = {word for work in cohort.works for word in re.findall(r"\w+", f"{work.name} {work.student_id}")}
    assert set(re.findall(r"[A-Za-z_]{2,}", text)) - names <= {"mission_cnn"}
    assert "유사한 제출물" in index


def test_page_without_pairs_says_so(tmp_path: Path) -> None:
    works = [variants.work(tmp_path, name, source) for name, source in variants.honest().items()]
    found = compare_cohort("mission_cnn", works, starter=variants.STARTER)
    assert "No two submissions" in render_similarity(found, "en")[INDEX]
    assert "비슷한 제출물이 없습니다" in in_terminal(found, "ko")


def test_long_sources_are_shown_around_their_matches() -> None:
    text = "\n".join(f"line_{number} = 1" for number in range(1, 100_001))
    region = Lines(file="solution.py", first=50_000, last=50_010)
    works = tuple(
        ComparedWork(
            student_id=name,
            name=name,
            standing=Standing.COMPARED,
            symbols=100,
            files=(SourceFile(name="solution.py", text=text),),
        )
        for name in "ab"
    )
    pair = Pair(
        first="a", second="b", first_in_second=1, second_in_first=1, matches=(Match(first=region, second=region),)
    )
    found = Similarity(mission_id="m", thresholds=Thresholds(), works=works, pairs=(pair,), common_limit=10)
    page = render_similarity(found, "en")["pair-0001.html"]
    assert "line_49997 " in page
    assert "line_50013 " in page
    assert "line_50014 " not in page
    assert page.count("<tr") < 2 * MAX_LINES
    assert "left out" in page
