"""Honest models of every kind that students hand in, and how they export them."""

import io
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import Dim

from grader.artifact import Caps, Program, read_artifact


class Cnn(nn.Module):
    """Two convolutions, batch norm, dropout, in-place activation, normalisation by buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.1307]).view(1, 1, 1, 1))
        self.register_buffer("std", torch.tensor([0.3081]).view(1, 1, 1, 1))
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 8, 3),
            nn.LeakyReLU(0.1),
            nn.MaxPool2d(2),
        )
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(8 * 6 * 6, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = (x.float() - self.mean) / self.std
        return self.head(self.dropout(self.features(x).flatten(1)))


class Mlp(nn.Module):
    """Three dense layers on flattened pixels, 0 to 255 undone by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Flatten(),
            nn.Linear(784, 32),
            nn.GELU(),
            nn.LayerNorm(32),
            nn.Linear(32, 16),
            nn.SiLU(),
            nn.Linear(16, 10),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x * 255 / 255.0)


class Recurrent(nn.Module):
    """Rows of the image as a sequence through a module of torch."""

    def __init__(self, kind: type[nn.RNNBase], **options: object) -> None:
        super().__init__()
        self.rnn = kind(28, 12, batch_first=True, **options)  # type: ignore[arg-type]
        self.head = nn.Linear(24 if options.get("bidirectional") else 12, 10)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(x.squeeze(1))
        return self.head(states[:, -1])


class LstmCellLoop(nn.Module):
    """`nn.LSTMCell` stepped over the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(28, 12)
        self.head = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.size(0), 12, device=x.device)
        c = torch.zeros(x.size(0), 12, device=x.device)
        for row in range(28):
            h, c = self.cell(x[:, 0, row], (h, c))
        return self.head(h)


class HandWrittenLstm(nn.Module):
    """Gates computed by one dense layer and split by `chunk`."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = nn.Linear(28 + 12, 48)
        self.head = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x.squeeze(1)
        h = x.new_zeros(x.size(0), 12)
        c = torch.zeros_like(h)
        for row in x.unbind(1):
            i, f, g, o = self.gates(torch.cat([row, h], dim=1)).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.head(h)


class HandWrittenRnn(nn.Module):
    """Plain matrices, no module."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(28, 12) * 0.1)
        self.u = nn.Parameter(torch.randn(12, 12) * 0.1)
        self.b = nn.Parameter(torch.zeros(12))
        self.head = nn.Parameter(torch.randn(12, 10))

    def forward(self, x: Tensor) -> Tensor:
        batch = x.shape[0]
        rows = x.view(batch, 28, 28)
        h = torch.zeros(batch, 12)
        for t in range(rows.shape[1]):
            h = torch.tanh(rows[:, t, :] @ self.w + h @ self.u + self.b)
        return torch.einsum("bi,ij->bj", h, self.head)


class ConvOnly(nn.Module):
    """Convolutions and activations down to one pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 4, 5, stride=2), nn.ReLU(), nn.Conv2d(4, 6, 5, stride=2), nn.ELU(), nn.Conv2d(6, 10, 4)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x).squeeze(-1).squeeze(-1)


class GlobalPool(nn.Module):
    """Depthwise convolutions, group norm, hard activations, averages over space."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding="same")
        self.depthwise = nn.Conv2d(8, 8, 3, groups=8, dilation=2)
        self.norm = nn.GroupNorm(2, 8)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.hardswish(self.stem(x))
        x = F.avg_pool2d(F.relu6(self.norm(self.depthwise(x))), 2)
        x = F.pad(self.up(x), (1, 1, 0, 0))
        x = x + x.amax(dim=(2, 3), keepdim=True) - x.mean(dim=(2, 3), keepdim=True)
        return F.log_softmax(self.head(torch.flatten(self.pool(x), 1)), dim=1)


class Vit(nn.Module):
    """Patches, a class token, two encoder layers."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(1, 16, 7, stride=7)
        self.token = nn.Parameter(torch.randn(1, 1, 16))
        self.position = nn.Parameter(torch.randn(1, 17, 16))
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        patches = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.size(0), -1, -1), patches], dim=1) + self.position
        return self.head(self.encoder(x)[:, 0])


class HandWrittenAttention(nn.Module):
    """Attention by `matmul` and `softmax`, heads by `reshape` and `permute`."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(28, 16)
        self.qkv = nn.Linear(16, 48)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x.squeeze(1))
        batch, steps, width = x.shape
        qkv = self.qkv(x).reshape(batch, steps, 3, 2, width // 2).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        weights = (q @ k.transpose(-2, -1) / (width // 2) ** 0.5).softmax(dim=-1)
        x = x + (weights @ v).transpose(1, 2).reshape(batch, steps, width)
        return self.head(x.mean(dim=1))


class ManyInPlace(nn.Module):
    """In-place arithmetic on intermediate values, and one in-place step on the input."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=2)
        self.scale = nn.Parameter(torch.ones(1, 4, 1, 1))
        self.head = nn.Linear(4 * 13 * 13, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x.clone()
        x -= 0.5
        x.mul_(2.0)
        y = self.conv(x)
        y += self.scale
        y.clamp_(min=0)
        y.sigmoid_()
        return self.head(y.view(y.size(0), -1))


class SharedWeights(nn.Module):
    """One layer under two names, and a tied transpose."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(28, 28)
        self.second = self.first
        self.table = nn.Parameter(torch.randn(10, 28))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.second(torch.relu(self.first(x.squeeze(1))))).sum(dim=1)
        return F.linear(x, self.table) + torch.tensor([0.5]) + torch.ones(10)


class ChannelsLast(nn.Module):
    """Weights whose strides are not those of a contiguous tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3)
        self.second = nn.Conv2d(4, 10, 3)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x))).amax(dim=(2, 3))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "cnn": Cnn,
    "mlp": Mlp,
    "lstm": lambda: Recurrent(nn.LSTM),
    "lstm_two_layers_both_ways": lambda: Recurrent(nn.LSTM, num_layers=2, bidirectional=True),
    "gru": lambda: Recurrent(nn.GRU),
    "rnn": lambda: Recurrent(nn.RNN),
    "rnn_relu": lambda: Recurrent(nn.RNN, nonlinearity="relu", num_layers=2, dropout=0.3),
    "lstm_cell_loop": LstmCellLoop,
    "hand_written_lstm": HandWrittenLstm,
    "hand_written_rnn": HandWrittenRnn,
    "conv_only": ConvOnly,
    "global_pool": GlobalPool,
    "vit": Vit,
    "hand_written_attention": HandWrittenAttention,
    "many_in_place": ManyInPlace,
    "shared_weights": SharedWeights,
    "channels_last": ChannelsLast,
}


def export(
    model: nn.Module,
    *,
    image_shape: tuple[int, int, int] = (1, 28, 28),
    batch: int = 2,
    dynamic: bool = True,
    decompose: bool = True,
) -> bytes:
    """The `.pt2` of `model`, as the runner writes it, or as a student does by hand (`decompose=False`)."""
    shapes = ({0: Dim("batch", min=1, max=4096)},) if dynamic else None
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(
            model.eval(), (torch.rand(batch, *image_shape),), dynamic_shapes=shapes, strict=False
        )
        if decompose:
            program = program.run_decompositions({})
        archive = io.BytesIO()
        torch.export.save(program, archive)
    return archive.getvalue()


def program_of(
    model: nn.Module, folder: Path, *, batch: int = 2, dynamic: bool = True, decompose: bool = True
) -> Program:
    """What the reader makes of the exported model; the file lies in `folder`."""
    path = folder / "model.pt2"
    path.write_bytes(export(model, batch=batch, dynamic=dynamic, decompose=decompose))
    return read_artifact(path, Caps())
