"""The pictures in the documentation: there, and small."""

import pytest

from tests.conftest import ROOT

PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.png"))


def test_pictures_show_both_outcomes_languages_and_a_phone() -> None:
    names = " ".join(path.stem for path in PICTURES)
    assert all(word in names for word in ("passed", "failed", "-en", "-ko", "dark", "phone", "annotated"))


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_picture_is_small(path) -> None:  # type: ignore[no-untyped-def]
    assert path.stat().st_size < 150_000
