"""Recurrence that works: counted steps, and swaps that give what a swap by hand gives."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from grader.artifact import Caps, read_artifact
from grader.evaluation.interpreter import Interpreter
from grader.evaluation.recurrence import Swaps, find_recurrence, pair_up, swapped_logits
from grader.graph import RecurrenceFact
from tests.unit.artifact.models import MODELS, Recurrent, export
from tests.unit.graph.sequences import (
    DECOYS,
    HONEST,
    BothDirections,
    Columns,
    HandWrittenGru,
    LayerInALoop,
    ResidualLayers,
    TimeFirst,
    TwoCells,
    TwoLinears,
)

torch.set_num_threads(1)

STEPS = 20
NOT_DYNAMIC = {"steps_over_images"}


@pytest.fixture(autouse=True)
def no_debug_log() -> Iterator[None]:
    """torch writes thousands of debug records per export; collecting them takes longer than the test."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


def interpreter_of(model: nn.Module, tmp_path: Path, *, dynamic: bool = True) -> Interpreter:
    path = tmp_path / "model.pt2"
    path.write_bytes(export(model, dynamic=dynamic, batch=2 if dynamic else 32))
    return Interpreter(read_artifact(path, Caps()))


def found(model: nn.Module, tmp_path: Path, *, dynamic: bool = True) -> tuple[RecurrenceFact | None, Swaps | None]:
    return find_recurrence(interpreter_of(model, tmp_path, dynamic=dynamic), steps=STEPS, seed=1)


@pytest.mark.parametrize("name", HONEST)
def test_honest_recurrence_has_its_steps_and_a_state_to_swap(name: str, tmp_path: Path) -> None:
    fact, swaps = found(HONEST[name](), tmp_path)
    assert fact is not None
    assert fact.steps == {"patches": 49, "windows_of_rows": 26}.get(name, 28)
    assert swaps is not None
    assert swaps.halfway
    assert swaps.final


@pytest.mark.parametrize("name", DECOYS)
def test_decoy_has_too_few_steps_to_count(name: str, tmp_path: Path) -> None:
    fact, swaps = found(DECOYS[name](), tmp_path, dynamic=name not in NOT_DYNAMIC)
    assert fact is None or fact.steps <= 4
    assert swaps is None


@pytest.mark.parametrize(
    ("model", "kind", "name"),
    [
        (MODELS["lstm"], "lstm", "rnn"),
        (MODELS["lstm_cell_loop"], "lstm_cell", "cell"),
        (HandWrittenGru, "hand_written", "reset"),
        (LayerInALoop, "gru", "rnn"),
    ],
)
def test_fact_names_the_students_module_and_its_kind(
    model: Callable[[], nn.Module], kind: str, name: str, tmp_path: Path
) -> None:
    fact, _ = found(model(), tmp_path)
    assert (fact.kind, fact.name) == (kind, name) if fact else False


def trained_like(model: nn.Module) -> nn.Module:
    """Larger weights, so that the state leaves its trace in the logits."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.7 / parameter.abs().mean() if parameter.dim() > 1 else 1.0)
    return model.eval()


ONE_WAY: dict[str, Callable[[], nn.Module]] = {
    "lstm": MODELS["lstm"],
    "gru_of_two_layers": lambda: Recurrent(nn.GRU, num_layers=2),
    "lstm_cell_loop": MODELS["lstm_cell_loop"],
    "hand_written_lstm": MODELS["hand_written_lstm"],
    "hand_written_rnn": MODELS["hand_written_rnn"],
    "two_linears": TwoLinears,
    "hand_written_gru": HandWrittenGru,
    "layer_in_a_loop": LayerInALoop,
    "two_cells": TwoCells,
    "time_first": TimeFirst,
    "residual_layers": ResidualLayers,
}


@pytest.mark.parametrize("name", ONE_WAY)
def test_swap_halfway_is_the_image_whose_upper_half_is_the_partners(name: str, tmp_path: Path) -> None:
    model = trained_like(ONE_WAY[name]())
    interpreter = interpreter_of(model, tmp_path)
    _, swaps = find_recurrence(interpreter, steps=STEPS, seed=1)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    spliced = torch.cat([images.roll(3, 0)[:, :, :14], images[:, :, 14:]], dim=2)
    result = swapped_logits(interpreter, swaps.halfway, images)
    torch.testing.assert_close(result, interpreter.logits(spliced), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(result, interpreter.logits(images), atol=1e-4)


@pytest.mark.parametrize("name", [name for name in ONE_WAY if name not in ("two_linears", "hand_written_rnn")])
def test_final_swap_gives_the_partners_logits(name: str, tmp_path: Path) -> None:
    interpreter = interpreter_of(trained_like(ONE_WAY[name]()), tmp_path)
    _, swaps = find_recurrence(interpreter, steps=STEPS, seed=1)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    result = swapped_logits(interpreter, swaps.final, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(3, 0), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["two_linears", "hand_written_rnn"])
def test_final_swap_leaves_a_step_that_comes_after_the_last_application(name: str, tmp_path: Path) -> None:
    interpreter = interpreter_of(trained_like(ONE_WAY[name]()), tmp_path)
    _, swaps = find_recurrence(interpreter, steps=STEPS, seed=1)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    images[:, :, 27] = 0.5
    result = swapped_logits(interpreter, swaps.final, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(3, 0), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("model", [BothDirections, Columns, MODELS["lstm_two_layers_both_ways"]])
def test_final_swap_covers_both_directions_and_columns(model: Callable[[], nn.Module], tmp_path: Path) -> None:
    interpreter = interpreter_of(trained_like(model()), tmp_path)
    _, swaps = find_recurrence(interpreter, steps=STEPS, seed=1)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    result = swapped_logits(interpreter, swaps.final, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(3, 0), atol=1e-5, rtol=1e-5)
    halfway = swapped_logits(interpreter, swaps.halfway, images)
    assert not torch.allclose(halfway, interpreter.logits(images), atol=1e-4)
    assert not torch.allclose(halfway, result, atol=1e-4)


class Decorative(nn.Module):
    """A dense network does the work; the layer adds next to nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
        self.rnn, self.head = nn.LSTM(28, 12, batch_first=True), nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.mlp(x) + 0.001 * self.head(self.rnn(x.squeeze(1))[0][:, -1])


class Carried(nn.Module):
    """A dense network's result is the first state; the rows that follow hardly touch it."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp, self.rnn = nn.Linear(784, 12), nn.RNN(28, 12, batch_first=True)
        self.head = nn.Linear(12, 10)
        with torch.no_grad():
            self.rnn.weight_hh_l0.copy_(2 * torch.eye(12))
            self.rnn.weight_ih_l0.mul_(1e-4)

    def forward(self, x: Tensor) -> Tensor:
        first = torch.tanh(3 * self.mlp(x.flatten(1)))
        return self.head(self.rnn(x.squeeze(1), first[None])[0][:, -1])


def test_decorative_recurrence_moves_no_logit(tmp_path: Path) -> None:
    interpreter = interpreter_of(Decorative(), tmp_path)
    fact, swaps = find_recurrence(interpreter, steps=STEPS, seed=1)
    assert fact is not None
    assert fact.steps == 28
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    for reads in (swaps.halfway, swaps.final):
        assert (swapped_logits(interpreter, reads, images) - interpreter.logits(images)).abs().max() < 0.01


def test_first_state_that_knows_the_image_is_swapped_with_the_rest(tmp_path: Path) -> None:
    interpreter = interpreter_of(Carried(), tmp_path)
    _, swaps = find_recurrence(interpreter, steps=STEPS, seed=1)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    result = swapped_logits(interpreter, swaps.halfway, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(3, 0), atol=0.01, rtol=0)


def test_batch_of_one_has_no_partner(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(export(MODELS["gru"](), dynamic=False, batch=1))
    fact, swaps = find_recurrence(Interpreter(read_artifact(path, Caps())), steps=STEPS, seed=1)
    assert fact is not None
    assert fact.steps == 28
    assert swaps is None


def test_fixed_batch_is_swapped_within_itself(tmp_path: Path) -> None:
    interpreter = interpreter_of(trained_like(MODELS["lstm_cell_loop"]()), tmp_path, dynamic=False)
    _, swaps = find_recurrence(interpreter, steps=STEPS, seed=1)
    assert swaps is not None
    images = torch.rand(32, 1, 28, 28)
    result = swapped_logits(interpreter, swaps.final, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(16, 0), atol=1e-5, rtol=1e-5)


def test_partners_are_read_as_different_digits_and_nobody_is_left_out() -> None:
    logits = torch.eye(10)[torch.randint(0, 10, (1000,), generator=torch.Generator().manual_seed(0))]
    order, partners = pair_up(logits, 250)
    assert sorted(order.tolist()) == sorted(partners.tolist()) == list(range(1000))
    different = logits[order].argmax(dim=1) != logits[partners].argmax(dim=1)
    assert different.all()
    rows = order.reshape(4, 250)
    assert torch.equal(partners.reshape(4, 250), rows.roll(125, 1))


def test_images_that_fill_no_batch_are_left_out_of_the_pairs() -> None:
    order, _ = pair_up(torch.rand(70, 10), 32)
    assert sorted(order.tolist()) == list(range(64))


def test_weights_that_are_no_numbers_depend_on_nothing(tmp_path: Path) -> None:
    model = MODELS["hand_written_lstm"]()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(float("nan"))
    fact, _ = found(model, tmp_path)
    assert fact is not None
    assert fact.steps == 28, "the rows enter as they are, whatever the weights make of them"
