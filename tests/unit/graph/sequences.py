"""Networks that read an image row by row, and networks that only look as if they did."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tests.unit.artifact.models import MODELS, Recurrent

HIDDEN = 12


class Head(nn.Module):
    """What all of them end with."""

    def __init__(self, width: int = HIDDEN) -> None:
        super().__init__()
        self.head = nn.Linear(width, 10)


# --- honest ---


class TwoLinears(Head):
    """`h = tanh(W x + U h)`, state from the first row on, one layer for the rows and one for the state."""

    def __init__(self) -> None:
        super().__init__()
        self.read, self.carry = nn.Linear(28, HIDDEN), nn.Linear(HIDDEN, HIDDEN, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[0], HIDDEN)
        for row in x.squeeze(1).unbind(1):
            h = torch.tanh(self.read(row) + self.carry(h))
        return self.head(h)


class RowsReadAtOnce(TwoLinears):
    """The rows pass through their layer together, before the loop."""

    def forward(self, x: Tensor) -> Tensor:
        rows = self.read(x[:, 0])
        h = torch.tanh(rows[:, 0])
        for step in range(1, 28):
            h = torch.tanh(rows[:, step] + self.carry(h))
        return self.head(h)


class HandWrittenGru(Head):
    """Three gates with weights of their own; the candidate reads a gated state."""

    def __init__(self) -> None:
        super().__init__()
        self.reset, self.update, self.candidate = (nn.Linear(28 + HIDDEN, HIDDEN) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(x.shape[0], HIDDEN)
        for step in range(28):
            row = x[:, 0, step]
            both = torch.cat([row, h], dim=1)
            r, z = torch.sigmoid(self.reset(both)), torch.sigmoid(self.update(both))
            n = torch.tanh(self.candidate(torch.cat([row, r * h], dim=1)))
            h = (1 - z) * h + z * n
        return self.head(h)


class TransposedWeights(Head):
    """The weight is transposed anew in each step, as in `h @ U.T`."""

    def __init__(self) -> None:
        super().__init__()
        self.w, self.u = nn.Parameter(torch.randn(HIDDEN, 28) * 0.1), nn.Parameter(torch.randn(HIDDEN, HIDDEN) * 0.2)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[0], HIDDEN)
        for step in range(28):
            h = torch.tanh(x[:, 0, step] @ self.w.T + h @ self.u.T)
        return self.head(h)


class LayerInALoop(Head):
    """`nn.GRU` called with one row at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(28, HIDDEN, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(1, x.shape[0], HIDDEN)
        out = x[:, 0, :1, :HIDDEN]
        for step in range(28):
            out, h = self.rnn(x[:, 0, step : step + 1], h)
        return self.head(out[:, -1])


class TwoCells(Head):
    """Two stacked cells; the second reads the first."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.GRUCell(28, HIDDEN), nn.GRUCell(HIDDEN, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        h = k = torch.zeros(x.shape[0], HIDDEN)
        for step in range(28):
            h = self.first(x[:, 0, step], h)
            k = self.second(h, k)
        return self.head(k)


class BothDirections(Head):
    """One cell downwards, one upwards, both read by the head."""

    def __init__(self) -> None:
        super().__init__(2 * HIDDEN)
        self.down, self.up = nn.RNNCell(28, HIDDEN), nn.RNNCell(28, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        h = k = torch.zeros(x.shape[0], HIDDEN)
        for step in range(28):
            h, k = self.down(x[:, 0, step], h), self.up(x[:, 0, 27 - step], k)
        return self.head(torch.cat([h, k], dim=1))


class Columns(Recurrent):
    """Column by column instead."""

    def __init__(self) -> None:
        super().__init__(nn.GRU)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x.squeeze(1).transpose(1, 2))[0][:, -1])


class TimeFirst(Head):
    """(28, N, 28), mean over the outputs of all steps."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(28, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x.squeeze(1).permute(1, 0, 2))[0].mean(dim=0))


class Patches(Head):
    """Forty-nine patches of 4 x 4 through an embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.rnn = nn.Linear(16, 16), nn.GRU(16, HIDDEN, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        patches = x.reshape(-1, 7, 4, 7, 4).transpose(2, 3).reshape(-1, 49, 16)
        return self.head(self.rnn(torch.relu(self.embed(patches)))[0][:, -1])


class WindowsOfRows(Head):
    """Each step sees its row and the two before it."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(84, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[0], HIDDEN)
        for step in range(2, 28):
            h = self.cell(x[:, 0, step - 2 : step + 1].flatten(1), h)
        return self.head(h)


class ResidualLayers(Head):
    """Two layers of torch, the second on the sum of the first and what that read."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(28, HIDDEN)
        self.first, self.second = (nn.GRU(HIDDEN, HIDDEN, batch_first=True) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        rows = self.embed(x.squeeze(1))
        return self.head(self.second(rows + self.first(rows)[0])[0][:, -1])


class ResidualBothWays(Head):
    """The first layer reads in both directions: each step of the second knows the whole image, and its own row."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(28, 2 * HIDDEN)
        self.first = nn.GRU(2 * HIDDEN, HIDDEN, batch_first=True, bidirectional=True)
        self.second = nn.GRU(2 * HIDDEN, HIDDEN, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.embed(x.squeeze(1))
        return self.head(self.second(rows + self.first(rows)[0])[0][:, -1])


class RowReadTwice(Head):
    """Two layers by hand; the second reads the row once more, beside what the first gave or multiplied with it."""

    def __init__(self, *, beside: bool) -> None:
        super().__init__()
        self.beside = beside
        self.first, self.embed = nn.Linear(28 + HIDDEN, HIDDEN), nn.Linear(28, HIDDEN)
        self.second = nn.Linear(3 * HIDDEN if beside else 2 * HIDDEN, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        h = k = torch.zeros(x.shape[0], HIDDEN)
        for step in range(28):
            row = x[:, 0, step]
            h = torch.tanh(self.first(torch.cat([row, h], dim=1)))
            read = torch.cat([h, self.embed(row)], dim=1) if self.beside else h * torch.tanh(self.embed(row))
            k = torch.tanh(self.second(torch.cat([read, k], dim=1)))
        return self.head(k)


class NormalisedSum(ResidualLayers):
    """The second layer reads the normalised sum of the rows and what the first gave."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.embed(x.squeeze(1))
        return self.head(self.second(self.norm(rows + self.first(rows)[0]))[0][:, -1])


class RowsAndTheirNeighbours(Head):
    """Two rows enter each step by layers of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.read, self.before, self.carry = nn.Linear(28, HIDDEN), nn.Linear(28, HIDDEN), nn.Linear(HIDDEN, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[0], HIDDEN)
        for step in range(28):
            h = torch.tanh(self.carry(h) + self.read(x[:, 0, step]) + self.before(x[:, 0, max(step - 1, 0)]))
        return self.head(h)


HONEST: dict[str, Callable[[], nn.Module]] = {
    **{
        name: MODELS[name]
        for name in (
            "lstm",
            "lstm_two_layers_both_ways",
            "gru",
            "rnn",
            "rnn_relu",
            "lstm_cell_loop",
            "hand_written_lstm",
            "hand_written_rnn",
        )
    },
    "two_linears": TwoLinears,
    "rows_read_at_once": RowsReadAtOnce,
    "hand_written_gru": HandWrittenGru,
    "transposed_weights": TransposedWeights,
    "layer_in_a_loop": LayerInALoop,
    "two_cells": TwoCells,
    "both_directions": BothDirections,
    "columns": Columns,
    "time_first": TimeFirst,
    "patches": Patches,
    "windows_of_rows": WindowsOfRows,
    "residual_layers": ResidualLayers,
    "residual_both_ways": ResidualBothWays,
    "rows_and_their_neighbours": RowsAndTheirNeighbours,
    "row_read_twice": lambda: RowReadTwice(beside=True),
    "row_read_twice_and_multiplied": lambda: RowReadTwice(beside=False),
    "normalised_sum": NormalisedSum,
}

# --- decoys ---


class SameRowEachStep(Recurrent):
    """A layer that is fed the first row 28 times."""

    def __init__(self) -> None:
        super().__init__(nn.GRU)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x[:, 0, :1].expand(-1, 28, -1))[0][:, -1])


class WholeImageEachStep(Head):
    """A cell that is fed the whole image at each step."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(784, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[0], HIDDEN)
        for _ in range(28):
            h = self.cell(x.flatten(1), h)
        return self.head(h)


class ProjectedSequence(Head):
    """A dense layer makes all 28 steps, each from the whole image."""

    def __init__(self) -> None:
        super().__init__()
        self.spread, self.rnn = nn.Linear(784, 28 * 8), nn.GRU(8, HIDDEN, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(self.spread(x.flatten(1)).view(-1, 28, 8))[0][:, -1])


class SharedDeepMlp(Head):
    """One dense layer applied 28 times, with a skip connection: depth, not time."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.layer = nn.Linear(784, HIDDEN), nn.Linear(HIDDEN, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x.flatten(1))
        for _ in range(28):
            h = h + torch.tanh(self.layer(h))
        return self.head(h)


class InjectedDeepMlp(SharedDeepMlp):
    """The same, and the embedded image is added at each application."""

    def forward(self, x: Tensor) -> Tensor:
        seen = self.embed(x.flatten(1))
        h = torch.zeros_like(seen)
        for _ in range(28):
            h = torch.tanh(self.layer(h) + seen)
        return self.head(h)


class SharedTransformer(Head):
    """One attention layer applied six times."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.mix = nn.Linear(28, HIDDEN), nn.MultiheadAttention(HIDDEN, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x.squeeze(1))
        for _ in range(6):
            h = h + self.mix(h, h, h, need_weights=False)[0]
        return self.head(h.mean(dim=1))


class SharedConvolutions(Head):
    """One convolution applied 28 times."""

    def __init__(self) -> None:
        super().__init__(784)
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(28):
            x = torch.tanh(self.conv(x))
        return self.head(x.flatten(1))


class UnsharedSteps(Head):
    """Twenty-eight layers in a row, each with weights of its own, each with a row of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(28 + HIDDEN, HIDDEN) for _ in range(28))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[0], HIDDEN)
        for step, layer in enumerate(self.layers):
            h = torch.tanh(layer(torch.cat([x[:, 0, step], h], dim=1)))
        return self.head(h)


class OneTensorOfSteps(Head):
    """The same with the weights stacked in one parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn(28, 28 + HIDDEN, HIDDEN) * 0.1)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[0], HIDDEN)
        for step in range(28):
            h = torch.tanh(torch.cat([x[:, 0, step], h], dim=1) @ self.weights[step])
        return self.head(h)


class BagOfRows(TwoLinears):
    """Every row through the same layers, and the sum of all: no order, no state."""

    def forward(self, x: Tensor) -> Tensor:
        rows = [self.carry(torch.tanh(self.read(row))) for row in x.squeeze(1).unbind(1)]
        return self.head(torch.stack(rows).sum(dim=0))


class FewSteps(Head):
    """A layer over four bands of seven rows."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(196, HIDDEN, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x.view(-1, 4, 196))[0][:, -1])


class StepsOverImages(Head):
    """`batch_first` forgotten: the layer walks from image to image."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(28, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x.squeeze(1))[0][:, -1])


class DeadLayer(Head):
    """A recurrent layer whose result nothing reads."""

    def __init__(self) -> None:
        super().__init__(784)
        self.rnn = nn.GRU(28, HIDDEN, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        self.rnn(x.squeeze(1))
        return self.head(x.flatten(1))


class ConstantSequence(Head):
    """A recurrent layer over a learned sequence: a constant in disguise."""

    def __init__(self) -> None:
        super().__init__(784 + HIDDEN)
        self.rnn = nn.GRU(28, HIDDEN, batch_first=True)
        self.sequence = nn.Parameter(torch.randn(1, 28, 28))

    def forward(self, x: Tensor) -> Tensor:
        last = self.rnn(self.sequence)[0][:, -1].expand(x.shape[0], -1)
        return self.head(torch.cat([x.flatten(1), last], dim=1))


class ErasedRows(TwoLinears):
    """The loop is there, and each row enters it times zero."""

    def forward(self, x: Tensor) -> Tensor:
        h = self.read(x[:, 0].mean(dim=1))
        for row in x.squeeze(1).unbind(1):
            h = torch.tanh(0.0 * self.read(row) + self.carry(h))
        return self.head(h)


class VanishingRows(TwoLinears):
    """The same with a factor that a float32 can't tell from zero."""

    def forward(self, x: Tensor) -> Tensor:
        h = self.read(x[:, 0].mean(dim=1))
        for row in x.squeeze(1).unbind(1):
            h = torch.tanh((1.0 + 1e-9 * row.mean(dim=1, keepdim=True)) + self.carry(h))
        return self.head(h)


class TwoRowsInTurn(Head):
    """Twenty-eight steps over the same two rows, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(28, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[0], HIDDEN)
        for step in range(28):
            h = self.cell(x[:, 0, 12 + step % 2], h)
        return self.head(h)


class RowsBesideTheChain(SharedDeepMlp):
    """A shared deep MLP; the rows are added to what its layers give, outside of the chain."""

    def __init__(self) -> None:
        super().__init__()
        self.read = nn.Linear(28, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x.flatten(1))
        beside = torch.zeros_like(h)
        for row in x.squeeze(1).unbind(1):
            h = torch.tanh(self.layer(h))
            beside = beside + torch.tanh(h + self.read(row))
        return self.head(beside)


DECOYS: dict[str, Callable[[], nn.Module]] = {
    "same_row_each_step": SameRowEachStep,
    "whole_image_each_step": WholeImageEachStep,
    "projected_sequence": ProjectedSequence,
    "shared_deep_mlp": SharedDeepMlp,
    "injected_deep_mlp": InjectedDeepMlp,
    "shared_transformer": SharedTransformer,
    "shared_convolutions": SharedConvolutions,
    "unshared_steps": UnsharedSteps,
    "one_tensor_of_steps": OneTensorOfSteps,
    "bag_of_rows": BagOfRows,
    "few_steps": FewSteps,
    "steps_over_images": StepsOverImages,
    "dead_layer": DeadLayer,
    "constant_sequence": ConstantSequence,
    "erased_rows": ErasedRows,
    "vanishing_rows": VanishingRows,
    "two_rows_in_turn": TwoRowsInTurn,
    "rows_beside_the_chain": RowsBesideTheChain,
    "vit": MODELS["vit"],
    "hand_written_attention": MODELS["hand_written_attention"],
    "mlp": MODELS["mlp"],
    "cnn": MODELS["cnn"],
}
