"""The report as one page."""

import base64
import hashlib
import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from pydantic import ValidationError

from grader.reports.html import render_html
from grader.reports.page import MAX_LOG_ROWS
from grader.results import LogPoint, Mistake, Mode, PublicShare, Report
from grader.text import Language
from tests.unit.reports import samples

MAKERS = [
    samples.report,
    samples.failed_report,
    samples.not_graded_report,
    samples.full_report,
    samples.annotated_report,
]
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
@pytest.mark.parametrize("make", MAKERS)
def test_page_is_well_formed_and_names_its_language(make: Any, language: Language) -> None:
    outline = Outline(render_html(make(), language))
    assert outline.open == []
    assert ("html", {"lang": language}) in outline.tags


@pytest.mark.parametrize("make", MAKERS)
def test_page_needs_no_script_and_no_network(make: Any) -> None:
    outline = Outline(render_html(make(), "en"))
    names = {tag for tag, _ in outline.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "form", "base", "image", "use"}
    attributes = {name for tag, attrs in outline.tags for name in attrs if (tag, name) != ("img", "src")}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {"style", "src", "xlink:href"}
    sources = [attrs["src"] or "" for tag, attrs in outline.tags if tag == "img"]
    assert all(re.fullmatch("data:image/png;base64,[A-Za-z0-9+/]+={0,2}", source) for source in sources)
    places = {f"#{attrs['id']}" for _, attrs in outline.tags if "id" in attrs}
    assert {attrs["href"] for _, attrs in outline.tags if "href" in attrs} <= places


@pytest.mark.parametrize("make", MAKERS)
def test_every_id_is_used_once_and_every_reference_leads_somewhere(make: Any) -> None:
    tags = Outline(render_html(make(), "ko")).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for name in ("aria-labelledby", "aria-describedby"):
        assert {attrs[name] for _, attrs in tags if name in attrs} <= set(ids)


def test_every_picture_has_a_name_and_a_description() -> None:
    page = render_html(samples.full_report(), "en")
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 6
    for picture in pictures:
        assert 'role="img"' in picture
        assert re.search(r"<title [^>]*>[^<]+</title><desc [^>]*>[^<]+</desc>", picture)


def test_verdict_says_where_points_were_lost_the_most_costly_first() -> None:
    page = render_html(samples.report(), "en")
    lost = re.findall(r'<a href="#criterion-(\d)">[^<]+</a> −([0-9.]+)', page)
    assert lost == [("3", "5"), ("2", "3.5")]
    assert "Points lost" not in render_html(samples.not_graded_report(), "en")


def test_page_weighs_little() -> None:
    long_log = tuple(LogPoint(seconds=float(step), values={"loss": 1.0 / step, "acc": 0.5}) for step in range(1, 5000))
    for report in (samples.full_report(), samples.full_report(run=samples.run_info(log=long_log))):
        assert len(render_html(report, "ko").encode()) < 150_000


def gallery(report: Report, language: Language) -> list[tuple[str, str]]:
    """Alternative text and caption of each picture, as they are read aloud."""
    found = re.findall(
        r'<img src="data:[^"]+" alt="([^"]+)"><figcaption>(.*?)</figcaption>', render_html(report, language)
    )
    return [(name, html.unescape(caption).replace("<br>", " ").replace("\u00a0", " ")) for name, caption in found]


def test_gallery_names_label_prediction_and_confidence_the_surest_first() -> None:
    assert gallery(samples.full_report(), "en") == [
        ("Test image 39: cat", "label cat, taken for dog, over 99 % sure"),
        ("Test image 40: cat", "label cat, taken for frog, 93 % sure"),
        ("Test image 41: cat", "label cat, taken for horse, 86 % sure"),
    ]
    assert gallery(samples.full_report(), "ko")[:2] == [
        ("테스트 이미지 39번: 고양이", "정답 고양이 예측 개 확신도 99% 초과"),
        ("테스트 이미지 40번: 고양이", "정답 고양이 예측 개구리 확신도 93%"),
    ]


def test_gallery_without_names_of_classes_shows_labels() -> None:
    report = samples.report(metrics=samples.metrics(public_share=samples.public_share(shown=1)))
    assert gallery(report, "en") == [("Test image 39: 3", "label 3, taken for 5, over 99 % sure")]


@pytest.mark.parametrize(
    ("share", "en", "ko"),
    [
        (samples.public_share(), "37 of the 500 public test images were classified wrong", "가운데 37장을 틀렸습니다"),
        (samples.public_share(), "These are the 3 it was surest about", "가장 확신한 3장을 보여 줍니다"),
        (samples.public_share(), "All other test images stay hidden", "나머지 테스트 이미지는 공개하지 않습니다"),
        (samples.public_share(wrong=3), "The surest mistakes come first", "확신도가 높은 오답부터"),
        (samples.public_share(shown=0, wrong=0), "All 500 public test images were", "500장을 모두 맞혔습니다"),
        (samples.public_share(shown=0, wrong=500), "outputs for them are not finite", "유한한 값이 아니어서"),
    ],
)
def test_gallery_says_how_many_were_wrong_and_where_the_images_come_from(share: PublicShare, en: str, ko: str) -> None:
    report = samples.report(metrics=samples.metrics(public_share=share))
    assert en in render_html(report, "en")
    assert ko in render_html(report, "ko")
    assert len(gallery(report, "en")) == len(share.mistakes)


@pytest.mark.parametrize("make", [samples.report, samples.annotated_report, samples.not_graded_report])
def test_report_without_a_public_share_has_no_gallery(make: Any) -> None:
    page = render_html(make(), "en")
    assert 'id="gallery"' not in page
    assert "public test images" not in page


def test_page_with_a_full_gallery_weighs_little() -> None:
    metrics = samples.metrics(public_share=samples.public_share(shown=12))
    assert len(render_html(samples.full_report(metrics=metrics), "ko").encode()) < 200_000


@pytest.mark.parametrize("image", ["", "a b", "x\n", '" onerror="alert(1)', "data:text/html,x", "é"])
def test_picture_that_is_no_base64_can_not_be_in_a_report(image: str) -> None:
    with pytest.raises(ValidationError):
        Mistake(position=1, label=1, predicted=2, confidence=0.5, image=image)


def test_findings_say_cause_and_next_step() -> None:
    page = render_html(samples.full_report(), "ko")
    for words in ("먼저 살펴볼 점", "검증 정확도가 오르다가 떨어집니다.", "과적합", "가장 좋았던 가중치"):
        assert words in page


def test_model_is_shown_layer_by_layer() -> None:
    page = render_html(samples.full_report(), "en")
    row = re.search(r"<tr class=\"weighty\"><th scope=\"row\"><code>features.0.*?</tr>", page)
    assert row is not None
    for figure in ("conv2d", "16 × 28 × 28", ">416<", "313,600", "5 × 5"):
        assert figure in row.group()


def test_annotated_script_has_its_remarks_beside_its_lines() -> None:
    page = render_html(samples.annotated_report(), "en")
    rows = re.findall(r"<tr( class=\"remarked\")?><th scope=\"row\">(\d)</th>.*?<td class=\"say\">(.*?)</td>", page)
    assert [(number, bool(marked)) for marked, number, _ in rows] == [
        *(("1", False), ("2", True), ("3", False), ("4", True), ("5", False))
    ]
    assert rows[1][2] == "<p>What changes?</p>"
    assert "&lt;b&gt;" in page


def test_policy_allows_the_style_sheet_of_the_page_and_pictures_within_it() -> None:
    page = render_html(samples.report(), "en")
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    assert len(styles) == 1
    assert f'content="{policy}"' in page


def test_outcomes_are_told_in_words_beside_the_symbols() -> None:
    page = render_html(samples.report(), "ko")
    for word in ("충족", "부분 충족", "미충족"):
        assert re.search(rf'<span aria-hidden="true">.</span> {word}</span>', page)


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
