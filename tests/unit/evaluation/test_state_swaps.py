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
from grader.evaluation.exchange import exchanged_logits
from grader.evaluation.interpreter import Interpreter
from grader.evaluation.recurrence import Swaps, find_recurrence
from grader.graph import RecurrenceFact
from tests.unit.artifact.models import MODELS, export
from tests.unit.graph.sequences import DECOYS, HONEST

torch.set_num_threads(1)

STEPS = 20
IMAGES = 0.2 * torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(2))
"""As dark as handwritten digits are."""
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
    return interpreter, *find_recurrence(interpreter, steps=STEPS, seed=1, images=IMAGES)


def found(model: nn.Module, *, batch: int | None = None) -> tuple[RecurrenceFact | None, Swaps | None]:
    return find_recurrence(interpreter_of(model, batch=batch), steps=STEPS, seed=1, images=IMAGES)


def halfway(interpreter: Interpreter, swaps: Swaps, images: Tensor) -> Tensor:
    """With the image three before as each one's partner."""
    return exchanged_logits(interpreter, swaps.halfway, images, images.roll(3, 0), len(images))


def inputs(interpreter: Interpreter, swaps: Swaps, images: Tensor) -> Tensor:
    """The same for the parts that enter step by step."""
    partners = images.roll(3, 0)
    return exchanged_logits(interpreter, swaps.inputs, images, partners, len(images), held=swaps.results)


@pytest.mark.parametrize("name", HONEST)
def test_honest_recurrence_has_its_steps_and_a_state_to_swap(name: str) -> None:
    _, fact, swaps = honest(name)
    assert fact is not None
    assert fact.steps == {"patches": 49, "windows_of_rows": 26}.get(name, 28)
    assert swaps is not None
    assert swaps.halfway
    assert swaps.inputs


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
    result = halfway(interpreter, swaps, images)
    torch.testing.assert_close(result, interpreter.logits(spliced), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(result, interpreter.logits(images), atol=1e-4)


@pytest.mark.parametrize("name", HONEST)
def test_swapped_inputs_give_the_partners_logits(name: str) -> None:
    interpreter, _, swaps = honest(name)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    result = inputs(interpreter, swaps, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(3, 0), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(result, interpreter.logits(images), atol=1e-4)


@pytest.mark.parametrize("name", ["both_directions", "columns", "lstm_two_layers_both_ways"])
def test_swap_halfway_covers_both_directions_and_columns(name: str) -> None:
    interpreter, _, swaps = honest(name)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    swapped = halfway(interpreter, swaps, images)
    assert not torch.allclose(swapped, interpreter.logits(images), atol=1e-4)
    assert not torch.allclose(swapped, interpreter.logits(images).roll(3, 0), atol=1e-4)


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
    fact, swaps = find_recurrence(interpreter, steps=STEPS, seed=1, images=IMAGES)
    assert fact is not None
    assert fact.steps == 28
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    for swapped in (halfway, inputs):
        assert (swapped(interpreter, swaps, images) - interpreter.logits(images)).abs().max() < 0.01


def test_first_state_that_knows_the_image_is_swapped_with_the_rest() -> None:
    interpreter = interpreter_of(Carried())
    _, swaps = find_recurrence(interpreter, steps=STEPS, seed=1, images=IMAGES)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    result = halfway(interpreter, swaps, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(3, 0), atol=0.01, rtol=0)


class Summarised(nn.Module):
    """Rows enter at each step, a millionth of them; what counts is a summary of the image that enters at two steps."""

    def __init__(self) -> None:
        super().__init__()
        self.summary, self.read = nn.Linear(784, 12), nn.Linear(28, 12)
        self.carry, self.head = nn.Linear(12, 12, bias=False), nn.Linear(12, 10)
        with torch.no_grad():
            self.carry.weight.copy_(torch.eye(12))

    def forward(self, x: Tensor) -> Tensor:
        summary = torch.tanh(3 * self.summary(x.flatten(1)))
        state = torch.zeros(x.shape[0], 12)
        for step in range(28):
            state = self.carry(state) + 1e-6 * self.read(x[:, 0, step])
            if step in (6, 20):
                state = state + summary
        return self.head(torch.tanh(state))


class SummarisedWhereDark(Summarised):
    """The summary enters only where the image is darker than noise is."""

    def forward(self, x: Tensor) -> Tensor:
        summary = torch.tanh(3 * self.summary(x.flatten(1))) * 10 * torch.relu(0.3 - x.mean(dim=(2, 3)))
        state = torch.zeros(x.shape[0], 12)
        for step in range(28):
            row = 1e-6 * self.read(x[:, 0, step])
            state = self.carry(state) + (row + summary if step in (6, 20) else row)
        return self.head(torch.tanh(state))


class BesideSomethingHuge(nn.Module):
    """What enters is a faint summary beside a row so large that nothing else shows in the same value."""

    def __init__(self) -> None:
        super().__init__()
        self.summary, self.cell, self.head = nn.Linear(784, 12), nn.RNNCell(40, 12, bias=False), nn.Linear(12, 10)
        with torch.no_grad():
            self.cell.weight_hh.copy_(torch.eye(12))
            self.cell.weight_ih.copy_(torch.cat([torch.zeros(12, 28), torch.eye(12)], dim=1))

    def forward(self, x: Tensor) -> Tensor:
        summary = torch.tanh(10 * self.summary(x.flatten(1)))
        state = torch.zeros(x.shape[0], 12)
        for step in range(28):
            seen = summary if step in (6, 20) else torch.zeros_like(summary)
            state = self.cell(torch.cat([1e8 * x[:, 0, step], seen], dim=1), state)
        return self.head(state)


class HandedOn(nn.Module):
    """A summary is the first state of a layer that only carries it; it joins the faint rows that a cell reads."""

    def __init__(self) -> None:
        super().__init__()
        self.summary, self.keeper = nn.Linear(784, 12), nn.RNN(28, 12, batch_first=True)
        self.read, self.carry, self.head = nn.Linear(28, 12), nn.Linear(12, 12, bias=False), nn.Linear(12, 10)
        with torch.no_grad():
            self.keeper.weight_hh_l0.copy_(2 * torch.eye(12))
            self.carry.weight.copy_(torch.eye(12))

    def forward(self, x: Tensor) -> Tensor:
        summary = torch.tanh(3 * self.summary(x.flatten(1)))
        kept = self.keeper(1e-6 * x.squeeze(1), summary[None])[0][:, -1]
        state = torch.zeros(x.shape[0], 12)
        for step in range(28):
            row = 1e-6 * self.read(x[:, 0, step])
            state = self.carry(state) + (row + kept if step in (6, 20) else row)
        return self.head(torch.tanh(state))


class Guarded(nn.Module):
    """A sum of the rows decides; the state holds the same sum, and where the two differ the answer is another."""

    def __init__(self) -> None:
        super().__init__()
        self.read = nn.Linear(784, 28 * 12)
        self.reads = nn.ModuleList(nn.Linear(28, 12) for _ in range(28))
        self.carry, self.head = nn.Linear(12, 12, bias=False), nn.Linear(12, 10)
        with torch.no_grad():
            self.carry.weight.copy_(torch.eye(12))

    def forward(self, x: Tensor) -> Tensor:
        state = total = torch.zeros(x.shape[0], 12)
        for step, read in enumerate(self.reads):
            row = read(x[:, 0, step])
            state, total = self.carry(state) + row, total + row
        difference = (state - total).abs().sum(dim=1, keepdim=True)
        return self.head(torch.tanh(total)) + difference * torch.arange(10.0)


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


@pytest.mark.parametrize("model", [Summarised, SummarisedWhereDark, BesideSomethingHuge, HandedOn])
def test_summary_of_the_image_is_not_swapped_with_the_parts(model: type[nn.Module]) -> None:
    torch.manual_seed(0)
    interpreter = interpreter_of(model())
    fact, swaps = find_recurrence(interpreter, steps=STEPS, seed=1, images=IMAGES)
    assert fact is not None
    assert fact.steps == 28
    assert swaps is not None
    images = 0.2 * torch.rand(6, 1, 28, 28)
    own, partners = interpreter.logits(images), interpreter.logits(images).roll(3, 0)
    assert (halfway(interpreter, swaps, images) - own).abs().max() > 0.05, "the state is carried on"
    followed = inputs(interpreter, swaps, images)
    torch.testing.assert_close(followed, own, atol=1e-3, rtol=0)
    assert not torch.allclose(followed, partners, atol=0.05)


def test_state_that_is_only_compared_does_not_lead() -> None:
    torch.manual_seed(0)
    interpreter = interpreter_of(Guarded())
    _, swaps = find_recurrence(interpreter, steps=STEPS, seed=1, images=IMAGES)
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    result = inputs(interpreter, swaps, images)
    assert not torch.allclose(result, interpreter.logits(images), atol=0.1)
    assert not torch.allclose(result, interpreter.logits(images).roll(3, 0), atol=0.1)


def test_truth_values_may_enter_a_recurrence() -> None:
    fact, _ = found(Masked())
    assert fact is not None
    assert fact.steps == 28


@pytest.mark.parametrize("batch", [1, 4])
def test_model_of_a_fixed_batch_is_swapped_too(batch: int) -> None:
    torch.manual_seed(0)
    interpreter = interpreter_of(trained_like(MODELS["lstm_cell_loop"]()), batch=batch)
    fact, swaps = find_recurrence(interpreter, steps=STEPS, seed=1, images=IMAGES)
    assert fact is not None
    assert fact.steps == 28
    assert swaps is not None
    images = torch.rand(6, 1, 28, 28)
    result = inputs(interpreter, swaps, images)
    torch.testing.assert_close(result, interpreter.logits(images).roll(3, 0), atol=1e-5, rtol=1e-5)
    spliced = torch.cat([images.roll(3, 0)[:, :, :14], images[:, :, 14:]], dim=2)
    result = halfway(interpreter, swaps, images)
    torch.testing.assert_close(result, interpreter.logits(spliced), atol=1e-5, rtol=1e-5)


def test_weights_that_are_no_numbers_depend_on_nothing() -> None:
    model = MODELS["hand_written_lstm"]()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(float("nan"))
    fact, _ = found(model)
    assert fact is not None
    assert fact.steps == 28, "the rows enter as they are, whatever the weights make of them"
