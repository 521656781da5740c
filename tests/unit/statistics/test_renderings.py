"""Charts, page and terminal: well-formed, the same every time, self-contained, complete in both languages."""

import base64
import hashlib
import io
import re
import warnings
import xml.etree.ElementTree as ElementTree

import pytest
from rich.cells import cell_len
from rich.console import Console

from grader.results import Reason
from grader.statistics import charts, words
from grader.statistics.course import course_statistics
from grader.statistics.pages import render_stats_html
from grader.statistics.results import CourseStatistics, MissionStatistics
from grader.statistics.terminal import bar, render_stats_terminal
from grader.text import Language, Text
from tests.adversarial.test_report_escaping import PAYLOADS, Tags, steering
from tests.unit.statistics import samples

CHARTS = (charts.histogram_chart, charts.criteria_chart, charts.models_chart, charts.co_failure_chart)
SVG_ATTRIBUTES = {
    *(
        "class",
        "role",
        "viewBox",
        "width",
        "height",
        "font-family",
        "aria-labelledby",
        "id",
        "x",
        "y",
        "d",
        "transform",
    ),
    *("clip-path", "href", "fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-linejoin"),
    *("stroke-linecap", "stroke-dasharray", "stroke-dashoffset", "opacity", "font-size", "text-anchor"),
}


def statistics(size: int = 60, criteria: int = 8) -> CourseStatistics:
    marks = samples.cohort(size, criteria)
    return course_statistics(samples.gradebook(marks), marks)


def hostile(payload: str) -> CourseStatistics:
    """Statistics with the payload in every name."""
    made = statistics()
    mission = made.missions[0]
    title = Text(payload, payload)
    renamed = {one.id: payload + str(number) for number, one in enumerate(mission.criteria)}
    changed = mission.model_copy(
        update={
            "mission_id": payload,
            "title": title,
            "criteria": tuple(one.model_copy(update={"id": renamed[one.id]}) for one in mission.criteria),
            "co_failures": tuple(
                one.model_copy(update={"first": renamed[one.first], "second": renamed[one.second]})
                for one in mission.co_failures
            ),
        }
    )
    return made.model_copy(update={"missions": (changed,)})


def in_terminal(stats: CourseStatistics, language: Language, *, color: bool = False) -> str:
    stream = io.StringIO()
    Console(file=stream, width=80, force_terminal=color, color_system="standard" if color else None, _environ={}).print(
        render_stats_terminal(stats, language)
    )
    return stream.getvalue()


@pytest.fixture(scope="module")
def mission() -> MissionStatistics:
    return statistics().missions[0]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("chart", CHARTS)
def test_chart_is_well_formed_self_contained_and_named(
    chart: charts.Chart, language: Language, mission: MissionStatistics
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as a glyph that the font lacks
        svg = chart(mission, language)
    assert svg is not None
    root = ElementTree.fromstring(svg)
    elements = list(root.iter())
    attributes = {name for element in elements for name in element.attrib}
    assert attributes <= SVG_ATTRIBUTES
    assert {element.tag.rpartition("}")[2] for element in elements} <= {
        *("svg", "title", "desc", "g", "defs", "clipPath", "rect", "path", "use", "text"),
    }
    ids = [element.get("id") for element in elements if element.get("id")]
    assert len(set(ids)) == len(ids)
    for element in elements:
        href, clip = element.get("href"), element.get("clip-path")
        assert href is None or href[1:] in ids
        assert clip is None or clip[len("url(#") : -1] in ids
    assert set((root.get("aria-labelledby") or "").split()) <= set(ids)
    assert root[0].text
    assert root[1].text


@pytest.mark.parametrize("chart", CHARTS)
def test_chart_is_the_same_every_time(chart: charts.Chart, mission: MissionStatistics) -> None:
    assert chart(mission, "ko") == chart(mission, "ko")


@pytest.mark.parametrize("chart", CHARTS)
def test_words_of_a_chart_are_text_in_its_language(chart: charts.Chart, mission: MissionStatistics) -> None:
    svg = chart(mission, "ko")
    assert svg is not None
    texts = [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]
    assert not any(re.fullmatch(r"q\d+q", text) for text in texts)
    ids = {word for criterion in mission.criteria for word in re.findall(r"[a-z]+", criterion.id)}
    assert {word for text in texts for word in re.findall(r"[A-Za-z]+", text)} <= ids
    if chart is not charts.co_failure_chart:
        assert any(re.search("[가-힣]", text) for text in texts)


def test_chart_without_data_is_none() -> None:
    empty = statistics(0).missions[0]
    assert [chart(empty, "en") for chart in CHARTS] == [None] * 4


def test_histogram_shows_each_count_at_its_bar(mission: MissionStatistics) -> None:
    svg = charts.histogram_chart(mission, "en")
    assert svg is not None
    assert mission.points is not None
    texts = [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]
    for each in mission.points.bins:
        if each.count:
            assert str(each.count) in texts
    assert "pass mark 60" in texts


@pytest.mark.parametrize("size", [1, 2, 9, 400])
def test_charts_of_any_size_are_drawn(size: int) -> None:
    mission = statistics(size, criteria=24 if size == 400 else 3).missions[0]
    assert all(chart(mission, "en") for chart in CHARTS)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_page_allows_only_its_own_style_and_no_style_attributes(language: Language) -> None:
    page = render_stats_html(statistics(), language)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert not re.search(r"<script|\sstyle=|\ssrc=|\son\w+=|@import", page)
    assert set(re.findall(r"https?://[^\s\"]+", page)) <= {"http://www.w3.org/2000/svg"}
    assert "prefers-color-scheme: dark" in page


def test_page_has_ids_once_and_a_table_for_each_chart() -> None:
    page = render_stats_html(statistics(), "en")
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    assert page.count("<svg") == 4
    assert page.count("<table>") == 6
    for label in re.findall(r'aria-labelledby="([^"]+)"', page):
        assert set(label.split()) <= set(ids)


def test_two_missions_on_one_page_share_no_id() -> None:
    one = statistics().missions[0]
    both = CourseStatistics(missions=(one, one.model_copy(update={"mission_id": "mission.cnn"})))
    ids = re.findall(r'\sid="([^"]+)"', render_stats_html(both, "en"))
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_page_and_terminal_are_inert_whatever_a_name_holds(name: str) -> None:
    page = render_stats_html(hostile(PAYLOADS[name]), "en")
    assert Tags(page).found == Tags(render_stats_html(hostile("plain"), "en")).found
    assert steering(page) == set()
    text = in_terminal(hostile(PAYLOADS[name]), "en")
    assert steering(text) == set()
    assert all(cell_len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("language", ["en", "ko"])
def test_terminal_keeps_to_eighty_columns_and_shows_all_parts(language: Language) -> None:
    text = in_terminal(statistics(), language)
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    for heading in (words.SPREAD, words.CRITERIA, words.TOGETHER, words.USAGE, words.MODELS, words.ENDS):
        assert heading.in_language(language) in text
    assert "convolutions_matter" in text or "convolutions_matt…" in text


def test_nothing_graded_says_so() -> None:
    marks = (samples.mark(1, None),)
    empty = course_statistics(samples.gradebook(marks), marks)
    assert "Nothing has been graded yet" in in_terminal(empty, "en")
    assert "아직 채점된 제출물이 없습니다" in render_stats_html(empty, "ko")
    assert "아직 성적이 있는 미션이 없습니다" in in_terminal(CourseStatistics(missions=()), "ko")


def test_page_says_why_a_coefficient_is_missing_and_has_no_empty_column() -> None:
    assert "채점 결과가 10개보다 적습니다" in render_stats_html(statistics(5), "ko")
    assert "참고" not in render_stats_html(statistics(60), "ko")


def test_early_ends_are_named_in_words() -> None:
    found = statistics()
    assert Reason.TIME_LIMIT in found.missions[0].early_ends
    assert "학습 시간이 한도를 넘었습니다" in in_terminal(found, "ko")


def test_every_sentence_is_in_korean() -> None:
    texts = {name: value for name, value in vars(words).items() if isinstance(value, Text)}
    assert len(texts) > 40
    for name, text in texts.items():
        assert re.search("[가-힣]", text.ko), name
        assert text.ko != text.en, name


def test_bar_is_as_long_as_its_share() -> None:
    assert bar(1.0, 10) == "█" * 10
    assert bar(0.5, 10) == "█" * 5
    assert bar(0.0, 10) == ""
    assert bar(0.0001, 10) == "▏"
    assert bar(0.25, 1) == "▎"
