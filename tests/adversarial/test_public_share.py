"""Reports show the public share of the test set, whatever a model does, and nothing that another image decided."""

import base64
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from grader.course import Course
from grader.data import load
from grader.evaluation import Evaluation
from grader.evaluation.hidden_images import HiddenImages, shuffle_images
from grader.evaluation.host import evaluate
from grader.evaluation.joining import _public_share
from grader.evaluation.public_share import public_positions
from grader.metrics import metrics_of
from grader.pipeline import grade_submission
from grader.png import encode_png
from grader.progress import Silent
from grader.runner.protocol import ProtocolError
from grader.sandbox import open_sandbox
from grader.settings import Settings
from tests.integration.submissions import MODEL, request, strict_mission, write
from tests.unit.artifact.models import export
from tests.unit.diagnosis.planted import confusion, measured
from tests.unit.evaluation.messages import answers, logits_message
from tests.unit.specs import small_spec

COUNT = 400
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (COUNT, 1, 28, 28), dtype=np.uint8)
LABELS = RANDOM.integers(0, 10, COUNT)
PUBLIC = public_positions(COUNT)


def hidden_images(images: np.ndarray, labels: np.ndarray, salt: str = "a") -> HiddenImages:
    return shuffle_images(images, labels, name="images", salt=salt)


class Whisper(nn.Module):
    """Lets every image of a batch say what all the others look like: an image of the report would carry it out."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.others = nn.Linear(784, 10), nn.Linear(784, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        pixels = images.flatten(1)
        return self.own(pixels) + 50 * self.others(pixels.mean(dim=0, keepdim=True))


def evaluated(folder: Path, hidden: HiddenImages, sandbox_name: str) -> Evaluation:
    torch.manual_seed(0)
    model = folder / "model.pt2"
    model.write_bytes(export(Whisper()))
    model.chmod(0o644)
    with open_sandbox(sandbox_name, image=Settings().image) as sandbox:  # type: ignore[arg-type]
        return evaluate(sandbox, model, hidden, spec=small_spec(), salt="a")[1]


def test_nothing_of_hidden_images_reaches_what_is_shown_of_public_ones(bubblewrap: str, tmp_path: Path) -> None:
    """The hidden remainder is exchanged, images and labels; the report shows the same to the last digit."""
    others, other_labels = 255 - IMAGES, (LABELS + 1) % 10
    others[PUBLIC], other_labels[PUBLIC] = IMAGES[PUBLIC], LABELS[PUBLIC]
    first = evaluated(tmp_path, hidden_images(IMAGES, LABELS), bubblewrap)
    second = evaluated(tmp_path, hidden_images(others, other_labels), bubblewrap)
    assert first.reordered.deviation > 0.01, "the attack itself: images do whisper to each other"
    assert first.confusion != second.confusion
    assert first.public_share is not None
    assert first.public_share.mistakes
    assert first.public_share == second.public_share


def test_no_image_outside_the_share_is_shown_however_many_submissions_try() -> None:
    """A model may be wrong wherever it likes, and the sandbox may say of it what it likes, for any seed."""
    public_images = {base64.b64encode(encode_png(IMAGES[position])).decode(): int(position) for position in PUBLIC}
    seen: set[int] = set()
    for seed in range(200):
        hidden = hidden_images(IMAGES, LABELS, salt=f"submission:{seed}")
        forged = np.random.default_rng(seed).normal(0, 9, (len(PUBLIC), 10)).astype(np.float32)
        said = answers(COUNT, public=len(PUBLIC))
        said.take(logits_message("main", np.zeros((COUNT, 10))))
        said.take(logits_message("public", forged))
        share = _public_share(said, hidden)
        metrics = metrics_of(measured(confusion(990), public_share=share), None, accuracies=())
        assert metrics.public_share is not None
        for one in metrics.public_share.mistakes:
            assert public_images[one.image] == one.position
            assert one.label == LABELS[one.position]
            seen.add(one.position)
    assert seen == set(PUBLIC.tolist()), "the attempt itself: in the end it has seen all that there is to see"


@pytest.mark.parametrize("rows", [0, 1, len(PUBLIC) - 1, len(PUBLIC) + 1, COUNT])
def test_logits_of_more_or_fewer_images_than_are_public_are_refused(rows: int) -> None:
    said = answers(COUNT, public=len(PUBLIC))
    said.take(logits_message("main", np.zeros((COUNT, 10))))
    with pytest.raises(ProtocolError):
        said.take(logits_message("public", np.zeros((rows, 10))))


WRONG = (
    MODEL
    + """

def train(seed):
    torch.manual_seed(seed)
    return Net()
"""
)
"""Learns nothing: nine of ten images are wrong, others for every seed."""


@pytest.mark.mnist
def test_gradings_with_other_seeds_show_other_mistakes_of_the_same_share(
    bubblewrap: str, course: Course, tmp_path: Path
) -> None:
    pack = load("mnist", cache_dir=Settings().cache_dir)
    images, labels = pack.array("test", "images"), pack.array("test", "labels")
    public = set(public_positions(len(images)).tolist())
    asked = request(strict_mission(course), write(tmp_path / "wrong", WRONG), bubblewrap)
    shown = []
    for seed in (0, 1, 0):
        report = grade_submission(dataclasses.replace(asked, seed=seed), progress=Silent())
        assert report.metrics is not None, report.ending
        assert report.metrics.public_share is not None
        assert report.metrics.public_share.images == 500
        shown.append(report.metrics.public_share)
        for one in report.metrics.public_share.mistakes:
            assert one.position in public
            assert one.label == labels[one.position] != one.predicted
            assert base64.b64decode(one.image) == encode_png(images[one.position])
        assert len(report.metrics.public_share.mistakes) == 12
    assert shown[0] == shown[2]
    assert shown[0] != shown[1]
