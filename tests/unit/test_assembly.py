"""Figures of a report, put together from what was measured."""

import base64

import numpy as np

from grader.evaluation.measures import Calibration, CalibrationBin, Mistake, PublicShare
from grader.metrics import metrics_of
from grader.png import encode_png
from grader.text import Text
from tests.unit.diagnosis.planted import SOUND_GRAPH, confusion, measured


def test_metrics_have_an_interval_for_each_class() -> None:
    metrics = metrics_of(measured(confusion(991)), SOUND_GRAPH, accuracies=(0.99,))
    assert metrics.per_class_accuracy == (0.991,) * 10
    for low, high in metrics.per_class_intervals:
        assert low < 0.991 < high
    assert metrics.accuracies == (0.99,)
    assert metrics.calibration is None


def test_class_without_images_has_the_widest_interval() -> None:
    rows = ((0,) * 10, *confusion(990)[1:])
    metrics = metrics_of(measured(rows), None, accuracies=())
    assert (metrics.per_class_accuracy[0], metrics.per_class_intervals[0]) == (0.0, (0.0, 1.0))
    assert metrics.model is None


def test_metrics_carry_calibration_and_every_layer() -> None:
    calibration = Calibration(expected_error=0.1, bins=(CalibrationBin(images=10, confidence=0.9, accuracy=0.8),))
    metrics = metrics_of(measured(confusion(990), calibration=calibration), SOUND_GRAPH, accuracies=())
    assert metrics.calibration is not None
    assert metrics.calibration.bins[0].confidence == 0.9
    assert metrics.model is not None
    assert set(metrics.model.layers[0]) == {
        *("name", "op", "group", "output_shape", "parameters", "multiply_accumulates", "receptive_field")
    }


def test_metrics_carry_the_public_share_as_pictures_and_the_names_of_classes() -> None:
    png = encode_png(np.full((1, 2, 2), 7, dtype=np.uint8))
    mistake = Mistake(position=39, label=4, predicted=9, confidence=0.93, png=png)
    share = PublicShare(images=500, wrong=2, mistakes=(mistake,))
    names = (Text("cat", "고양이"), Text("dog", "개"))
    metrics = metrics_of(measured(confusion(990), public_share=share), SOUND_GRAPH, accuracies=(), class_names=names)
    assert metrics.class_names == names
    assert metrics.public_share is not None
    assert (metrics.public_share.images, metrics.public_share.wrong) == (500, 2)
    assert base64.b64decode(metrics.public_share.mistakes[0].image) == png
    assert metrics.public_share.mistakes[0].predicted == 9
    assert metrics_of(measured(confusion(990)), SOUND_GRAPH, accuracies=()).public_share is None
