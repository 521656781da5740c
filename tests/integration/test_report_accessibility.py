"""The page against WCAG 2.2 AA in a real browser: light, dark, on a phone, in print, and by keyboard."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from grader.reports.html import render_html
from grader.results import Report
from grader.text import Language
from tests.conformance.running import becomes_true
from tests.unit.reports import samples

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
REPORTS = {
    "full": samples.full_report,
    "failed": samples.failed_report,
    "not_graded": samples.not_graded_report,
    "annotated": samples.annotated_report,
}
DESK, PHONE = {"width": 1100, "height": 800}, {"width": 360, "height": 740}


def opened(browser: Browser, report: Report, language: Language, folder: Path, **context: Any) -> Page:
    """The report's page, opened from its file."""
    file = folder / "report.html"
    file.write_text(render_html(report, language), encoding="utf-8")
    page = browser.new_page(**context)
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize(
    ("scheme", "viewport", "language"),
    [("light", DESK, "en"), ("dark", DESK, "ko"), ("light", PHONE, "ko"), ("dark", PHONE, "en")],
    ids=["light", "dark", "phone", "phone-dark"],
)
def test_page_has_no_violation_of_wcag_2_2_aa(
    browser: Browser, tmp_path: Path, name: str, scheme: str, viewport: Any, language: Language
) -> None:
    page = opened(browser, REPORTS[name](), language, tmp_path, color_scheme=scheme, viewport=viewport)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page, options={"runOnly": AXE_TAGS})
    page.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [320, 360, 768, 1100])
def test_page_never_scrolls_sideways(browser: Browser, tmp_path: Path, name: str, width: int) -> None:
    page = opened(browser, REPORTS[name](), "ko", tmp_path, viewport={"width": width, "height": 700})
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert wide <= width


def test_charts_take_their_colours_from_the_style_sheet(browser: Browser, tmp_path: Path) -> None:
    """Nothing in a picture is refused by the policy, and dark is not light."""
    colours = []
    for scheme in ("light", "dark"):
        messages: list[str] = []
        page = opened(browser, samples.full_report(), "en", tmp_path, color_scheme=scheme)
        page.on("console", lambda message, seen=messages: seen.append(message.text))  # type: ignore[misc]
        page.reload()
        colours.append(page.evaluate("getComputedStyle(document.querySelector('.series.valid')).stroke"))
        assert page.evaluate("getComputedStyle(document.querySelector('.series.valid')).fill") == "none"
        assert messages == []
        page.close()
    assert colours[0] != colours[1]


@pytest.mark.parametrize(("viewport", "columns"), [(DESK, 6), (PHONE, 3)], ids=["desk", "phone"])
@pytest.mark.parametrize("media", ["screen", "print"])
def test_gallery_shows_its_pictures_as_they_are(
    browser: Browser, tmp_path: Path, viewport: Any, columns: int, media: Any
) -> None:
    """The policy lets them through, none is blurred, and as many as fit stand side by side."""
    share = samples.metrics(public_share=samples.public_share(shown=12))
    page = opened(browser, samples.report(metrics=share), "ko", tmp_path, viewport=viewport)
    page.emulate_media(media=media)
    pictures = page.locator(".gallery img")
    assert pictures.evaluate_all("all => all.map(one => one.naturalWidth)") == [32] * 12
    assert pictures.first.evaluate("one => getComputedStyle(one).imageRendering") == "pixelated"
    boxes = pictures.evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
    page.close()
    assert all(box["width"] == pytest.approx(box["height"]) and box["width"] > 64 for box in boxes)
    assert len({round(box["left"]) for box in boxes}) == columns


def test_whole_page_can_be_reached_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, samples.full_report(), "en", tmp_path, viewport=DESK)
    wanted = page.locator("a:visible, summary:visible, [tabindex='0']:visible").count()
    reached = set()
    for _ in range(3 * wanted):
        page.keyboard.press("Tab")
        place = "[...document.querySelectorAll('*')].indexOf(document.activeElement)"
        reached.add(page.evaluate(place))
        if page.evaluate("document.activeElement === document.body"):
            break
    assert len(reached) >= wanted
    page.locator("a").first.click()
    assert page.evaluate("location.hash") == "#criterion-3"
    page.close()


def test_print_shows_what_is_folded_on_the_screen(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, samples.full_report(), "en", tmp_path, color_scheme="dark")
    page.emulate_media(media="print")
    assert page.locator("details:not([open]) pre").first.evaluate("one => one.checkVisibility()")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()


def test_page_opens_in_less_than_a_second(browser: Browser, tmp_path: Path) -> None:
    def opens_quickly() -> bool:
        page = opened(browser, samples.full_report(), "ko", tmp_path)
        took_ms = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        page.close()
        return 0 < took_ms < 1000

    assert becomes_true(opens_quickly)  # as soon as the machine has nothing else to do
