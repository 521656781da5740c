"""Pictures of a report: what they show, and that nothing a student logs makes them fail or grow."""

import math
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.diagnosis.curves import read_curves
from grader.reports import charts, drawing
from grader.results import LogPoint
from tests.unit.diagnosis.planted import log
from tests.unit.reports import samples

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: Any) -> list[str]:
    """Every text of a picture."""
    return [one.text or "" for one in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_curves_are_drawn_for_what_was_logged() -> None:
    curves = read_curves(log(train_loss=[1.0, 0.5, 0.2], valid_loss=[1.0, 0.7, 0.6]))
    picture = charts.loss_chart(curves, "en")
    assert picture is not None
    assert len(re.findall("<polyline", picture)) == 2
    assert {"training", "validation", "epoch", "1", "2", "3"} <= set(texts(picture))
    assert charts.accuracy_chart(curves, 0.9, "en") is None


def test_single_value_is_no_curve() -> None:
    assert charts.loss_chart(read_curves(log(train_loss=[1.0])), "en") is None


def test_nan_is_marked_where_it_began() -> None:
    picture = charts.loss_chart(read_curves(log(train_loss=[1.0, 0.5, "nan", "nan"])), "ko")
    assert picture is not None
    assert "NaN" in texts(picture)


def test_measured_accuracy_lies_across_the_logged_one() -> None:
    picture = charts.accuracy_chart(read_curves(log(valid_accuracy=[0.9, 0.95])), 0.94, "ko")
    assert picture is not None
    assert "테스트 측정값" in texts(picture)


def test_exploding_loss_does_not_press_the_others_flat() -> None:
    picture = charts.loss_chart(read_curves(log(train_loss=[1.0, 0.9, 0.8, 0.7, 1e30])), "en")
    assert picture is not None
    assert max(float(text) for text in texts(picture) if re.fullmatch(r"[0-9.]+", text)) < 10


def test_classes_show_share_and_interval() -> None:
    picture = charts.per_class_chart(samples.full_report().metrics, "en")  # type: ignore[arg-type]
    assert picture is not None
    assert len(re.findall('class="interval"', picture)) == 10


def test_budget_shows_what_was_used() -> None:
    picture = charts.budget_chart(samples.run_info(), "ko")
    assert picture is not None
    assert texts(picture) == ["71초 (30%)", "4분"]
    assert charts.budget_chart(samples.run_info(budget_seconds=None), "ko") is None


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (0.93, 1.0), (0.0, 1e-9), (1.0, 1.0), (-1e300, 1e300), (0, 1e308)]
)
def test_ticks_are_few_and_lie_within_the_axis(low: float, high: float) -> None:
    axis = drawing.Axis(low, high, 0, 100)
    ticks = axis.ticks(4)
    assert len(ticks) <= 11
    assert all(0 <= axis.at(tick) <= 100 for tick in ticks)


numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["nan", "inf", "-inf"]))
keys = st.sampled_from(["epoch", "loss", "val_loss", "accuracy", "valid_accuracy", "train_accuracy", "<b>"])


@given(points=st.lists(st.dictionaries(keys, numbers, max_size=6), max_size=8))
def test_any_log_gives_well_formed_pictures(points: list[dict[str, float | str]]) -> None:
    entries = tuple(LogPoint(seconds=float(index), values=point) for index, point in enumerate(points))
    curves = read_curves(entries)
    for picture in (charts.loss_chart(curves, "en"), charts.accuracy_chart(curves, 0.5, "ko")):
        if picture is not None:
            for one in ElementTree.fromstring(picture).iter():
                for value in one.attrib.values():
                    assert "nan" not in value.split()
                    assert "inf" not in value.split()


def test_text_is_escaped() -> None:
    shown = drawing.picture("x", title="<a>", description="<b>", height=10, elements=[drawing.label("<c>&", 0, 0)])
    assert "<a>" not in shown
    assert "<b>" not in shown
    assert texts(shown) == ["<c>&"]


def test_axis_holds_every_value_within_itself() -> None:
    axis = drawing.Axis(0.0, 1.0, 10, 20)
    assert (axis.at(-5), axis.at(0.5), axis.at(math.inf)) == (10, 15.0, 20)
