"""Recurrence that works: counted steps, and swaps that give what a swap by hand gives."""

import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from torch import Tensor, nn

from grader.artifact import Caps, read_artifact
from grader.evaluation.interpreter import Interpreter
from grader.evaluation.recurrence import Swaps, find_recurrence, pair_up, swapped_logits
from grader.graph import RecurrenceFact
from tests.unit.artifact.models import MODELS, export
from tests.unit.graph.sequences import DECOYS, HONEST

torch.set_num_threads(1)

STEPS = 20
NOT_DYNAMIC = {"steps_over_images"}


@pytest.fixture(autouse=True)
def no_debug_log() -> Iterator[None]:
    """torch writes thousands of debug records per export; collecting them takes longer than the test."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


def trained_like(model: nn.Module) -> nn.Module:
    """Larger weights, so that the state leaves its trace in the logits."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.7 / parameter.abs().mean() if parameter.dim() > 1 else 1.0)
    return model.eval()


def interpreter_of(model: nn.Module, *, batch: int | None = None) -> Interpreter:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.pt2"
        path.write_bytes(export(model, dynamic=batch is None, batch=batch or 2))
        return Interpreter(read_artifact(path, Caps()))


@cache
def honest(name: str) -> tuple[Interpreter, RecurrenceFact | None, Swaps | None]:
    """Exported and looked at once for all tests: an unrolled cell takes seconds."""
    torch.manual_seed(0)
    interpreter = interpreter_of(trained_like(HONEST[name]()))
    return interpreter, *find_recurrence(interpreter, steps=STEPS, seed=1)


def found(model: nn.Module, *, batch: int | None = None) -> tuple[RecurrenceFact | None, Swaps | None]:
    return find_recurrence(interpreter_of(model, batch=batch), steps=STEPS, seed=1)


@pytest.mark.parametrize("name", HONEST)
def test_honest_recurrence_has_its_steps_and_a_state_to_swap(name: str) -> None:
    _, fact, swaps = honest(name)
    assert fact is not None
    assert fact.steps == {"patches": 49, "windows_of_rows": 26}.get(name, 28)
    assert swaps is not None
    assert swaps.halfway
    assert swaps.final


@pytest.mark.parametrize("name", DECOYS)
def test_decoy_has_too_few_steps_to_count(name: str) -> None:
    fact, swaps = found(DECOYS[name](), batch=32 if name in NOT_DYNAMIC else None)
    assert fact is None or fact.steps <= 4
    assert swaps is None


@pytest.mark.parametrize(
    ("model", "kind", "name"),
    [
        ("lstm", "lstm", "rnn"),
        ("lstm_cell_loop", "lstm_cell", "cell"),
        ("hand_written_gru", "hand_written", "reset"),
        ("layer_in_a_loop", "gru", "rnn"),
    ],
)
def test_fact_names_the_students_module_and_its_kind(model: str, kind: str, name: str) -> None:
    _, fact, _ = honest(model)
    assert fact is not None
    assert (fact.kind, fact.name) == (kind, name)


ONE_WAY = (
    "lstm",
    "rnn_relu",
    "lstm_cell_loop",
    "hand_written_lstm",
    "hand_written_rnn",
    "two_linears",
    "hand_written_gru",
    "layer_in_a_loop",
    "two_cells",
    "time_first",
    "residual_layers",
)


@pytest.mark.parametrize("name", ONE_WAY)
def test_swap_halfway_is_the_image_whose_upper_half_is_the_partners(name: str) -> None:
    interpreter, _, swaps = honest(name)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    spliced = torch.cat([images.roll(3, 0)[:, :, :14], images[:, :, 14:]], dim=2)
    result = swapped_logits(interpreter, swaps.halfway, images)
    torch.testing.assert_close(result, interpreter.logits(spliced), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(result, interpreter.logits(images), atol=1e-4)


@pytest.mark.parametrize("name", [name for name in HONEST if name not in ("two_linears", "hand_written_rnn")])
def test_final_swap_gives_the_partners_logits(name: str) -> None:
    interpreter, _, swaps = honest(name)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    if name in ("rows_read_at_once", "transposed_weights"):
        images[:, :, 27] = 0.5
    result = swapped_logits(interpreter, swaps.final, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(3, 0), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(result, interpreter.logits(images), atol=1e-4)


@pytest.mark.parametrize("name", ["two_linears", "hand_written_rnn"])
def test_final_swap_leaves_a_row_that_enters_after_the_last_application(name: str) -> None:
    interpreter, _, swaps = honest(name)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    images[:, :, 27] = 0.5
    result = swapped_logits(interpreter, swaps.final, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(3, 0), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["both_directions", "columns", "lstm_two_layers_both_ways"])
def test_swap_halfway_covers_both_directions_and_columns(name: str) -> None:
    interpreter, _, swaps = honest(name)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    halfway = swapped_logits(interpreter, swaps.halfway, images)
    assert not torch.allclose(halfway, interpreter.logits(images), atol=1e-4)
    assert not torch.allclose(halfway, interpreter.logits(images).roll(3, 0), atol=1e-4)


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


def test_decorative_recurrence_moves_no_logit() -> None:
    interpreter = interpreter_of(Decorative())
    fact, swaps = find_recurrence(interpreter, steps=STEPS, seed=1)
    assert fact is not None
    assert fact.steps == 28
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    for reads in (swaps.halfway, swaps.final):
        assert (swapped_logits(interpreter, reads, images) - interpreter.logits(images)).abs().max() < 0.01


def test_first_state_that_knows_the_image_is_swapped_with_the_rest() -> None:
    interpreter = interpreter_of(Carried())
    _, swaps = find_recurrence(interpreter, steps=STEPS, seed=1)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    result = swapped_logits(interpreter, swaps.halfway, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(3, 0), atol=0.01, rtol=0)


class Masked(nn.Module):
    """What enters at each step is a truth value."""

    def __init__(self) -> None:
        super().__init__()
        self.step, self.head = nn.Linear(28, 28), nn.Linear(28, 10)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.ones(x.shape[0], 28)
        for row in range(28):
            state = torch.tanh(self.step(state)) * (x[:, 0, row] - 0.5).relu().to(torch.bool)
        return self.head(state)


def test_truth_values_may_enter_a_recurrence() -> None:
    fact, _ = found(Masked())
    assert fact is not None
    assert fact.steps == 28


def test_batch_of_one_has_no_partner() -> None:
    fact, swaps = found(MODELS["gru"](), batch=1)
    assert fact is not None
    assert fact.steps == 28
    assert swaps is None


def test_fixed_batch_is_swapped_within_itself() -> None:
    interpreter = interpreter_of(trained_like(MODELS["lstm_cell_loop"]()), batch=32)
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


def test_weights_that_are_no_numbers_depend_on_nothing() -> None:
    model = MODELS["hand_written_lstm"]()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(float("nan"))
    fact, _ = found(model)
    assert fact is not None
    assert fact.steps == 28, "the rows enter as they are, whatever the weights make of them"
