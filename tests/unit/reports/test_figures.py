"""Numbers as people read them."""

import pytest

from grader.reports import figures


@pytest.mark.parametrize(("value", "shown"), [(12.0, "12"), (7.5, "7.5"), (10 / 3, "3.33"), (0.0, "0"), (100, "100")])
def test_points_have_no_needless_decimals(value: float, shown: str) -> None:
    assert figures.points(value) == shown


@pytest.mark.parametrize(
    ("value", "en", "ko"),
    [
        (0.04, "0.0 s", "0.0초"),
        (9.94, "9.9 s", "9.9초"),
        (38.4, "38 s", "38초"),
        (119.7, "2 min", "2분"),
        (240, "4 min", "4분"),
        (245, "4 min 5 s", "4분 5초"),
    ],
)
def test_seconds_read_well_in_both_languages(value: float, en: str, ko: str) -> None:
    assert (figures.seconds(value, "en"), figures.seconds(value, "ko")) == (en, ko)


@pytest.mark.parametrize(("count", "shown"), [(34, "34 B"), (2048, "2.0 KiB"), (5 * 1024**3, "5.0 GiB")])
def test_size_uses_binary_units(count: int, shown: str) -> None:
    assert figures.size(count) == shown


@pytest.mark.parametrize(("value", "shown"), [(3.0, "3"), (0.123456, "0.1235"), ("nan", "nan"), (1e30, "1e+30")])
def test_number_is_short(value: float | str, shown: str) -> None:
    assert figures.number(value) == shown
