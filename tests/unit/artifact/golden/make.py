"""Writes this torch version's golden artifacts next to this file: run it once in an environment of each version.

Two archives per version, as the runner exports and as a student does by hand, and the logits that the module itself
gave. They are kept as they were written; only what names source lines is left out before saving: it is most of the
bytes, and holds paths.
"""

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

HERE = Path(__file__).resolve().parent


class Golden(nn.Module):
    """Small, and still one of each: convolution, norm, pooling, LSTM, attention, dense layer, buffers, constants."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.25]))
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.rnn = nn.LSTM(8, 4, batch_first=True)
        self.head = nn.Linear(4 * 4 * 4 + 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = x.float() - self.mean
        y = nn.functional.max_pool2d(torch.relu_(self.norm(self.conv(x))), 2)
        rows, _ = self.rnn(x.squeeze(1))
        rows = nn.functional.scaled_dot_product_attention(rows, rows, rows)
        joined = torch.cat([self.drop(y).flatten(1), rows.mean(dim=1)], dim=1)
        return self.head(joined) * torch.tensor(0.5) + torch.ones(x.shape[0], 3)


def images() -> Tensor:
    """Five images, float32 (5, 1, 8, 8) in [0, 1), the same on every version and machine."""
    return ((torch.arange(5 * 64) * 37) % 256).to(torch.float32).reshape(5, 1, 8, 8) / 256


def main() -> None:
    """Writes the files of the torch that runs this."""
    version = ".".join(torch.__version__.split("+")[0].split(".")[:2])
    torch.manual_seed(0)
    model = Golden().eval()
    model.norm.running_mean.uniform_(-0.5, 0.5)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.save(HERE / f"torch-{version}.npy", model(images()).numpy())
        shapes = ({0: Dim("batch", min=1, max=4096)},)
        program = torch.export.export(model, (images()[:2],), dynamic_shapes=shapes, strict=False)
        for name, written in (("by-hand", program), ("decomposed", program.run_decompositions({}))):
            for node in written.graph.nodes:
                for origin in ("stack_trace", "nn_module_stack", "source_fn_stack", "from_node", "torch_fn"):
                    node.meta.pop(origin, None)
            torch.export.save(written, HERE / f"torch-{version}-{name}.pt2")


if __name__ == "__main__":
    main()
