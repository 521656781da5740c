"""Attention: found however it is written, and not where an honest network multiplies or divides."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader.artifact import Caps, read_artifact
from grader.graph.description import describe
from tests.unit.artifact.models import MODELS, export
from tests.unit.graph.sequences import HONEST as RECURRENT

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_debug_log() -> Iterator[None]:
    """torch writes thousands of debug records per export; collecting them takes longer than the test."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


class Net(nn.Module):
    """Layers for rows and for maps, and a forward pass that a case gives."""

    def __init__(self, forward: Callable[["Net", Tensor], Tensor]) -> None:
        super().__init__()
        self.run = forward
        self.rows, self.rnn = nn.Linear(28, 12), nn.GRU(28, 12, batch_first=True)
        self.score, self.values, self.cell = nn.Linear(12, 1), nn.Linear(12, 12), nn.Linear(40, 24)
        self.head, self.steps = nn.Linear(12, 10), nn.Linear(28, 10)
        self.stem = nn.Conv2d(1, 6, 7, stride=4, padding=2)  # (N, 6, 7, 7)
        self.second, self.place = nn.Conv2d(6, 6, 3, padding=1), nn.Conv2d(6, 1, 3, padding=1)
        self.squeeze, self.tail = nn.Linear(6, 6), nn.Linear(6, 10)
        self.slope = nn.Parameter(torch.ones(1, 6, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.run(self, x)

    def states(self, x: Tensor) -> Tensor:
        """One for each row, (N, 28, 12): from a dense layer, which is exported in a fifth of a recurrent one's time."""
        return torch.tanh(self.rows(x.squeeze(1)))

    def maps(self, x: Tensor) -> Tensor:
        """(N, 6, 7, 7), none below zero."""
        return torch.relu(self.stem(x))

    def gate(self, maps: Tensor) -> Tensor:
        """One number per channel, (N, 6, 1, 1)."""
        return torch.sigmoid(self.squeeze(maps.mean(dim=(2, 3))))[:, :, None, None]

    def classified(self, maps: Tensor) -> Tensor:
        """(N, 6, H, W) to (N, 10)."""
        return self.tail(maps.mean(dim=(2, 3)))


def attention(model: nn.Module, tmp_path: Path, *, decompose: bool = True) -> tuple[str, ...]:
    path = tmp_path / "model.pt2"
    path.write_bytes(export(model, decompose=decompose))
    facts = describe(read_artifact(path, Caps()), image_shape=(1, 28, 28), max_batch=8, caps=Caps())
    return facts.attention


def shares(scores: Tensor) -> Tensor:
    return scores / scores.sum(dim=1, keepdim=True)


def log_sum(scores: Tensor) -> Tensor:
    return torch.log(torch.exp(scores).sum(dim=1, keepdim=True))


WEIGHTS: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda a: a.softmax(dim=1),
    "exponential_of_log_softmax": lambda a: a.log_softmax(dim=1).exp(),
    "exponentials_over_their_sum": lambda a: shares(torch.exp(a)),
    "exponential_written_twice": lambda a: torch.exp(a) / torch.exp(a).sum(dim=1, keepdim=True),
    "less_the_maximum": lambda a: shares(torch.exp(a - a.amax(dim=1, keepdim=True))),
    "sum_and_a_little": lambda a: torch.exp(a) / (torch.exp(a).sum(dim=1, keepdim=True) + 1e-6).clamp(min=1e-3),
    "sum_spread_out": lambda a: torch.exp(a) / torch.exp(a).sum(dim=1, keepdim=True).expand_as(a),
    "steps_over_their_mean": lambda a: torch.exp(a) / (28 * torch.exp(a).mean(dim=1, keepdim=True)),
    "times_one_over_the_sum": lambda a: torch.exp(a) * (1 / torch.exp(a).sum(dim=1, keepdim=True)),
    "sigmoid": lambda a: shares(torch.sigmoid(a)),
    "softplus": lambda a: shares(F.softplus(a)),
    "softmax_then_relu": lambda a: torch.relu(a.softmax(dim=1)),
    "softmax_then_clamp": lambda a: a.softmax(dim=1).clamp(0, 1),
    "softmax_then_dropout": lambda a: F.dropout(a.softmax(dim=1), training=False),
    "softmax_summed_along_one": lambda a: a.softmax(dim=1).sum(dim=2, keepdim=True),
    "shares_then_relu": lambda a: torch.relu(shares(torch.sigmoid(a))),
}
"""What makes weights (N, 28, 1) of scores."""


def stacked(n: Net, x: Tensor) -> Tensor:
    states = n.states(x)
    weights = shares(torch.sigmoid(n.score(states)))
    return n.head(torch.stack([weights[:, step] * states[:, step] for step in range(28)]).sum(dim=0))


def side_by_side(n: Net, x: Tensor) -> Tensor:
    states = n.states(x)
    weights = shares(torch.sigmoid(n.score(states)))
    return n.head(torch.cat([(weights * states)[:, :14], (weights * states)[:, 14:]], dim=1).mean(dim=1))


def added_into(n: Net, x: Tensor) -> Tensor:
    states = n.states(x)
    weights = shares(torch.sigmoid(n.score(states)))
    result = torch.zeros(1)
    for step in range(28):
        result = torch.addcmul(result, weights[:, step], states[:, step])
    return n.head(result)


def another_axis_first(n: Net, x: Tensor) -> Tensor:
    states = n.states(x)
    weighed = shares(torch.sigmoid(n.score(states))) * states
    return n.tail(weighed.unflatten(2, (2, 6)).mean(dim=2).sum(dim=1))


def over_states(pooled: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Net, Tensor], Tensor]:
    """Scores (N, 28, 1) and states (N, 28, 12) to (N, 12)."""

    def run(n: Net, x: Tensor) -> Tensor:
        states = n.states(x)
        return n.head(pooled(n.score(states), states))

    return run


ATTENDING: dict[str, Callable[[Net, Tensor], Tensor]] = {
    **{
        name: over_states(lambda scores, states, weights=weights: (weights(scores) * states).sum(dim=1))
        for name, weights in WEIGHTS.items()
    },
    "softmax_flattened": over_states(lambda a, h: (a.softmax(dim=1) * h).flatten(1)[:, :12]),
    "shares_transposed": over_states(lambda a, h: (shares(torch.sigmoid(a)) * h).transpose(1, 2).mean(dim=2)),
    "shares_pooled": over_states(
        lambda a, h: F.adaptive_avg_pool1d((shares(torch.sigmoid(a)) * h).transpose(1, 2), 1).flatten(1)
    ),
    "shares_with_an_axis_put_in": over_states(
        lambda a, h: (shares(torch.sigmoid(a)) * h).unsqueeze(1).sum(dim=2).squeeze(1)
    ),
    "einsum": over_states(lambda a, h: torch.einsum("nto,ntd->nd", a, h)),
    "einsum_of_three": over_states(lambda a, h: torch.einsum("nto,ntd,nd->nd", a, h, h[:, -1])),
    "einsum_that_only_multiplies": over_states(
        lambda a, h: torch.einsum("nto,ntd->ntd", a.softmax(dim=1), h).sum(dim=1)
    ),
    "einsum_that_only_multiplies_shares": over_states(
        lambda a, h: torch.einsum("nto,ntd->tdn", shares(torch.sigmoid(a)), h).sum(dim=0).transpose(0, 1)
    ),
    "einsum_with_itself": over_states(lambda a, h: torch.einsum("nid,njd->nid", h, h).mean(dim=1)),
    "weights_squared": over_states(lambda a, h: (lambda w: h[:, -1] + (w * w).sum(dim=1))(a.softmax(dim=1))),
    "weights_added_to": over_states(
        lambda a, h: (torch.addcmul(a.softmax(dim=1), a, torch.ones(28, 1)) * h).sum(dim=1)
    ),
    "bmm": over_states(lambda a, h: torch.bmm(a.transpose(1, 2), h).squeeze(1)),
    "baddbmm": over_states(lambda a, h: torch.baddbmm(torch.zeros(1, 1, 12), a.transpose(1, 2), h).squeeze(1)),
    "stacked": stacked,
    "side_by_side": side_by_side,
    "another_axis_first": another_axis_first,
    "added_into": added_into,
    "kernel_from_the_image": lambda n, x: n.classified(
        F.conv2d(n.maps(x), n.place(n.maps(x))[:1].expand(6, 6, 7, 7), padding=3)
    ),
    "places_of_a_map": lambda n, x: n.tail(
        (n.place(n.maps(x)).flatten(2).softmax(dim=2) * n.maps(x).flatten(2)).sum(dim=2)
    ),
}


@pytest.mark.parametrize("name", ATTENDING)
def test_attention_is_found_however_it_is_written(name: str, tmp_path: Path) -> None:
    assert attention(Net(ATTENDING[name]), tmp_path)


@pytest.mark.parametrize("name", ["vit", "hand_written_attention"])
def test_attention_of_torch_and_of_matrix_products_is_found(name: str, tmp_path: Path) -> None:
    assert attention(MODELS[name](), tmp_path)


def test_attention_written_in_place_is_found(tmp_path: Path) -> None:
    model = Net(
        over_states(
            lambda a, h: torch.exp(a).div_(torch.exp(a).sum(dim=1, keepdim=True)).mul_(h[..., :1])[:, 0].repeat(1, 12)
        )
    )
    assert attention(model, tmp_path, decompose=False)


def test_weighed_outputs_of_a_recurrent_layer_are_named_once(tmp_path: Path) -> None:
    def forward(n: Net, x: Tensor) -> Tensor:
        outputs = n.rnn(x.squeeze(1))[0]
        return n.head((outputs * n.score(outputs).softmax(dim=1)).sum(dim=1))

    assert len(attention(Net(forward), tmp_path)) == 1


# --- honest ---


def normalised(h: Tensor) -> Tensor:
    centred = h - h.mean(dim=-1, keepdim=True)
    return centred * torch.rsqrt((centred * centred).mean(dim=-1, keepdim=True) + 1e-5)


def normalised_by_sums(h: Tensor) -> Tensor:
    centred = h - h.sum(dim=-1, keepdim=True) / 12
    return centred / ((centred**2).sum(dim=-1, keepdim=True) / 12 + 1e-5).sqrt()


def divided_by_root_mean_square(h: Tensor) -> Tensor:
    return h / (h.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt()


def divided_by_mean_deviation(h: Tensor) -> Tensor:
    centred = h - h.mean(dim=-1, keepdim=True)
    return centred / (centred.abs().mean(dim=-1, keepdim=True) + 1e-5)


def cell_with(step: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[[Net, Tensor], Tensor]:
    """A recurrence over four rows; `step` makes the next state of a gate, a candidate and the last state."""

    def run(n: Net, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[0], 12)
        for row in range(10, 14):
            gate, candidate = n.cell(torch.cat([x[:, 0, row], h], dim=1)).chunk(2, dim=1)
            h = step(torch.sigmoid(gate), candidate, h)
        return n.head(h)

    return run


def lstm_that_normalises_its_cell(n: Net, x: Tensor) -> Tensor:
    """The cell is divided by the sum of what was let in, step by step, as in xLSTM's sLSTM."""
    h, c, total = (torch.zeros(x.shape[0], 12) for _ in range(3))
    for row in range(10, 14):
        gate, candidate = n.cell(torch.cat([x[:, 0, row], h], dim=1)).chunk(2, dim=1)
        entry, keep = torch.exp(gate.clamp(max=3)), torch.sigmoid(gate)
        c, total = keep * c + entry * torch.tanh(candidate), keep * total + entry
        h = keep * (c / total)
    return n.head(h)


def channel_then_place(n: Net, x: Tensor) -> Tensor:
    maps = n.maps(x)
    maps = maps * n.gate(maps)
    return n.classified(maps * torch.sigmoid(n.place(maps)))


def gates_multiplied_first(n: Net, x: Tensor) -> Tensor:
    maps = n.maps(x)
    return n.tail((maps * (n.gate(maps) * torch.sigmoid(n.place(maps)))).permute(0, 2, 3, 1).mean(dim=(1, 2)))


def gates_along_height_and_width(n: Net, x: Tensor) -> Tensor:
    maps = n.maps(x)
    height = torch.sigmoid(n.second(maps.mean(dim=3, keepdim=True)))
    width = torch.sigmoid(n.second(maps.mean(dim=2, keepdim=True)))
    return n.tail((maps * (height * width)).flatten(2).mean(dim=2))


def response_normalised(n: Net, x: Tensor) -> Tensor:
    """ConvNeXt V2: each channel is scaled by its norm, divided by the mean of all channels' norms."""
    maps = n.maps(x)
    norms = torch.linalg.vector_norm(maps, dim=(2, 3), keepdim=True)
    maps = n.slope * (maps * (norms / (norms.mean(dim=1, keepdim=True) + 1e-6))) + maps
    return n.tail(gelu_by_hand(maps).flatten(2).mean(dim=2))


def divided_then_added_then_gated(n: Net, x: Tensor) -> Tensor:
    maps = n.maps(x)
    divided = maps / (maps.mean(dim=(2, 3), keepdim=True) + 1e-3)
    return n.classified((divided + n.second(maps)) * torch.sigmoid(n.place(maps)))


def exponentially_pooled(n: Net, x: Tensor) -> Tensor:
    """SoftPool: the mean of a window, in which larger values count for more."""
    maps = n.maps(x)
    weights = torch.exp(maps)
    return n.classified(F.avg_pool2d(weights * maps, 2) / F.avg_pool2d(weights, 2))


def two_branches(n: Net, x: Tensor) -> Tensor:
    left, right = n.maps(x), n.second(n.maps(x))
    first, second = torch.exp(n.gate(left)), torch.exp(n.gate(right))
    return n.classified(left * (first / (first + second)) + right * (second / (first + second)))


def centre_of_mass(n: Net, x: Tensor) -> Tensor:
    rows = torch.arange(28.0)[:, None]
    mass = x / x.sum(dim=(2, 3), keepdim=True)
    centre = (mass * rows).sum(dim=(2, 3), keepdim=True)
    spread = (x * (rows - centre) ** 2).sum(dim=(2, 3)) / x.sum(dim=(2, 3))
    return n.classified(n.maps(x)) + spread


def last_state(change: Callable[[Tensor], Tensor]) -> Callable[[Net, Tensor], Tensor]:
    return lambda n, x: n.head(change(n.states(x))[:, -1])


def gelu_by_hand(h: Tensor) -> Tensor:
    return 0.5 * h * (1 + torch.tanh(0.8 * (h + 0.0447 * h * h * h)))


HONEST: dict[str, Callable[[Net, Tensor], Tensor]] = {
    "softmax_at_the_end": lambda n, x: n.classified(n.maps(x)).softmax(dim=1),
    "log_softmax_at_the_end": lambda n, x: F.log_softmax(n.classified(n.maps(x)), dim=1) * 0.5,
    "softmax_by_hand_at_the_end": lambda n, x: shares(torch.exp(n.classified(n.maps(x)))),
    "log_softmax_by_hand_at_the_end": lambda n, x: (lambda a: a - log_sum(a))(n.classified(n.maps(x))),
    "softmax_bounded_and_divided_again": lambda n, x: shares(n.classified(n.maps(x)).softmax(dim=1).clamp(min=1e-7)),
    "softmax_as_activation": lambda n, x: n.head(torch.tanh(n.values(n.states(x)[:, -1].softmax(dim=1)))),
    "image_divided_by_its_sum": lambda n, x: n.head(n.states(x / x.sum(dim=(1, 2, 3), keepdim=True))[:, -1]),
    "rows_divided_by_their_sum": lambda n, x: n.head(n.states(x / (x.sum(dim=3, keepdim=True) + 1))[:, -1]),
    "image_divided_by_its_sum_then_gated": lambda n, x: n.classified(
        (x / x.mean(dim=(2, 3), keepdim=True)) * torch.sigmoid(n.stem(x)).mean(dim=(1, 2, 3), keepdim=True) * n.slope
    ),
    "image_divided_by_its_sum_then_gated_by_place": lambda n, x: n.steps(
        ((x / x.sum(dim=(2, 3), keepdim=True)).squeeze(1) * torch.sigmoid(n.states(x)[..., :1])).sum(dim=1)
    ),
    "image_standardised": lambda n, x: n.head(
        n.states((x - x.mean(dim=(1, 2, 3), keepdim=True)) / x.std(dim=(1, 2, 3), keepdim=True))[:, -1]
    ),
    "image_standardised_into_convolutions": lambda n, x: n.classified(
        n.maps((x - x.mean(dim=(2, 3), keepdim=True)) / (x.std(dim=(2, 3), keepdim=True) + 1e-5))
    ),
    "centre_of_mass": centre_of_mass,
    "mean_of_states": lambda n, x: n.head(n.states(x).mean(dim=1)),
    "maximum_of_states": lambda n, x: n.head(n.states(x).amax(dim=1)),
    "weights_that_are_learned": lambda n, x: n.head((n.states(x) * n.steps.bias[:1].softmax(dim=0)).sum(dim=1)),
    "state_squared": last_state(lambda h: h * h),
    "swish_by_hand": last_state(lambda h: h * torch.sigmoid(1.5 * h)),
    "gelu_by_hand": last_state(gelu_by_hand),
    "softsign_by_hand": last_state(lambda h: h / (1 + h.abs())),
    "tanh_by_hand": last_state(lambda h: (torch.exp(h) - torch.exp(-h)) / (torch.exp(h) + torch.exp(-h))),
    "state_of_length_one": last_state(lambda h: F.normalize(h, dim=-1)),
    "sigmoid_over_steps": over_states(lambda a, h: (torch.sigmoid(a) * h).sum(dim=1)),
    "layer_norm_in_a_cell": cell_with(lambda gate, new, h: gate * h + (1 - gate) * torch.tanh(normalised(new))),
    "layer_norm_of_the_state": cell_with(lambda gate, new, h: normalised(gate * h + (1 - gate) * torch.tanh(new))),
    "layer_norm_by_sums": cell_with(lambda gate, new, h: normalised_by_sums(gate * h + (1 - gate) * new)),
    "root_mean_square_norm": cell_with(lambda gate, new, h: divided_by_root_mean_square(gate * h + new)),
    "mean_deviation_norm": cell_with(lambda gate, new, h: divided_by_mean_deviation(gate * h + new)),
    "multiplicative_cell": cell_with(lambda gate, new, h: torch.tanh(new + gate * h * new)),
    "lstm_that_normalises_its_cell": lstm_that_normalises_its_cell,
    "squeeze_and_excitation": lambda n, x: n.classified(n.maps(x) * n.gate(n.maps(x))),
    "gate_on_the_only_channel": lambda n, x: n.classified(x * n.gate(n.maps(x))),
    "channel_then_place": channel_then_place,
    "gates_multiplied_first": gates_multiplied_first,
    "gates_along_height_and_width": gates_along_height_and_width,
    "response_normalised": response_normalised,
    "exponentially_pooled": exponentially_pooled,
    "two_branches": two_branches,
    "maps_divided_by_their_mean_then_gated": lambda n, x: n.classified(
        n.maps(x) / (n.maps(x).mean(dim=(2, 3), keepdim=True) + 1e-3) * n.gate(n.maps(x))
    ),
    "divided_then_added_then_gated": divided_then_added_then_gated,
    "channels_over_all_channels": lambda n, x: n.tail(
        n.maps(x).sum(dim=(2, 3)) / (n.maps(x).sum(dim=(1, 2, 3))[:, None] + 1e-3)
    ),
    "outer_product_of_features": lambda n, x: n.steps(
        (n.gate(n.maps(x)).flatten(1)[:, :, None] * n.states(x)[:, -1, None, :5]).flatten(1)[:, :28]
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_network_has_no_attention(name: str, tmp_path: Path) -> None:
    assert attention(Net(HONEST[name]), tmp_path) == ()


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrence_has_no_attention(name: str, tmp_path: Path) -> None:
    assert attention(RECURRENT[name](), tmp_path) == ()


@pytest.mark.parametrize("name", sorted(MODELS.keys() - RECURRENT.keys() - {"vit", "hand_written_attention"}))
def test_other_honest_model_has_no_attention(name: str, tmp_path: Path) -> None:
    assert attention(MODELS[name](), tmp_path) == ()
