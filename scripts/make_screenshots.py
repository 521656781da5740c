"""Writes docs/pictures: reports and an index as a browser shows them, in both languages, light, dark and on a phone.

    python scripts/make_screenshots.py [--browser /usr/bin/chromium]

The reports are those of real gradings that the tests keep; the class of the index is made up. Needs the development
dependencies and Chromium.
"""

import argparse
import io
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from grader.reports.html import render_html
from grader.statistics.course import course_statistics
from grader.statistics.index import render_index
from grader.text import Language

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the recorded reports belong to the tests

from tests.unit.reports.recorded import recorded  # noqa: E402
from tests.unit.statistics import samples  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
MAX_BYTES = 150_000
COLOURS = 96
"""Enough for flat colours and smooth letters; a third of the bytes."""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: which report, how it is shown, and which part of it.

    Attributes:
        report: a recorded one; empty for the index of a class.
        top, height: of the part, in pixels.
    """

    name: str
    report: str
    language: Language
    scheme: str = "light"
    width: int = 1000
    top: int = 0
    height: int = 1300


SHOTS = (
    Shot("passed-en", "mission_cnn-reference", "en"),
    Shot("passed-ko-dark", "mission_cnn-reference", "ko", scheme="dark"),
    Shot("measured-en", "mission_rnn-vanilla_rnn", "en", top=2150, height=1650),
    Shot("gallery-ko", "mission_rnn-vanilla_rnn", "ko", scheme="dark", top=3850, height=560),
    Shot("failed-ko", "mission_rnn-vanilla_rnn", "ko"),
    Shot("failed-en-dark", "mission_rnn-vanilla_rnn", "en", scheme="dark"),
    Shot("phone-ko", "mission_rnn-vanilla_rnn", "ko", width=390, height=1500),
    Shot("index-en", "", "en", width=1280, top=670, height=1320),
    Shot("annotated-ko", "mission_transfer_annotated-shuffled", "ko", top=1850, height=1200),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", default=shutil.which("chromium"))
    chosen = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chosen.browser, args=ARGUMENTS)
        for shot in SHOTS:
            picture = smaller(taken(browser, shot, Path(folder)))
            if len(picture) > MAX_BYTES:
                raise SystemExit(f"{shot.name} has {len(picture):,} bytes, more than {MAX_BYTES:,}")
            (PICTURES / f"{shot.name}.png").write_bytes(picture)
            print(f"{shot.name}: {len(picture):,} bytes")
        browser.close()


def taken(browser: Browser, shot: Shot, folder: Path) -> bytes:
    """The picture as the browser gives it."""
    file = folder / f"{shot.name}.html"
    page_text = render_html(recorded(shot.report), shot.language) if shot.report else class_index(shot.language)
    file.write_text(page_text, encoding="utf-8")
    page = browser.new_page(viewport={"width": shot.width, "height": 900}, color_scheme=shot.scheme)
    page.goto(file.as_uri())
    whole: int = page.evaluate("document.documentElement.scrollHeight")
    top = max(0, min(shot.top, whole - shot.height))
    clip = {"x": 0, "y": top, "width": shot.width, "height": min(shot.height, whole)}
    picture: bytes = page.screenshot(full_page=True, clip=clip)
    page.close()
    return picture


def class_index(language: Language) -> str:
    """The index of a class of thirty."""
    book, marks = samples.school(30)
    return render_index(course_statistics(book, marks), marks, language, links=samples.links(marks))


def smaller(png: bytes) -> bytes:
    """The same picture with a palette."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


if __name__ == "__main__":
    main()
