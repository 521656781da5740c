"""A student's log as curves."""

import pytest

from grader.diagnosis.curves import Role, read_curves, role_of
from grader.results import LogPoint
from tests.unit.diagnosis.planted import log


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("train_loss", Role.TRAIN_LOSS),
        ("loss", Role.TRAIN_LOSS),
        ("trainLoss", Role.TRAIN_LOSS),
        ("val_loss", Role.VALID_LOSS),
        ("Validation Loss", Role.VALID_LOSS),
        ("valid_accuracy", Role.VALID_ACCURACY),
        ("valAcc", Role.VALID_ACCURACY),
        ("test_accuracy", Role.VALID_ACCURACY),
        ("train_acc", Role.TRAIN_ACCURACY),
        ("accuracy", Role.ACCURACY),
        ("lossy", None),
        ("learning_rate", None),
        ("\x1b[2J", None),
    ],
)
def test_names_tell_their_role(name: str, role: Role | None) -> None:
    assert role_of(name) is role


def test_accuracy_in_percent_becomes_a_share() -> None:
    assert read_curves(log(val_acc=[50.0, 90.0])).values(Role.VALID_ACCURACY) == (0.5, 0.9)


def test_accuracy_beyond_reason_is_left_out() -> None:
    assert read_curves(log(val_acc=[0.5, 1e9])).values(Role.VALID_ACCURACY) == (0.5,)


def test_epochs_that_go_back_are_counted_by_entries() -> None:
    points = tuple(LogPoint(seconds=1.0, values={"epoch": epoch, "loss": 1.0}) for epoch in (1.0, 2.0, 1.0))
    curves = read_curves(points)
    assert curves.unit.en == "entry"
    assert [sample.position for sample in curves.by_role[Role.TRAIN_LOSS].samples] == [1.0, 2.0, 3.0]


def test_first_value_that_is_no_number_is_remembered() -> None:
    curve = read_curves(log(loss=[1.0, "inf", "nan"])).by_role[Role.TRAIN_LOSS]
    assert curve.broke == (2.0, "inf")
    assert curve.values == (1.0,)
