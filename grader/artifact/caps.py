"""How large an exported model may be, in every direction in which it can be large."""

from dataclasses import dataclass

MIB = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Limits on one artifact; each is enforced before the memory or the time is spent.

    The defaults let torchvision's resnet18 through on 32x32 images in batches of 250 (11.2 M parameters, 45 MB,
    33 MB of activations, 37 M multiply-accumulates per image) with room for wider networks.

    Attributes:
        archive_bytes: the file as a whole.
        weight_bytes: sum over the raw weights and constants.
        graph_bytes: each JSON document inside; parsing takes about ten times as much memory.
        nodes: operations in the graph; an unrolled LSTM over 28 rows has about 500.
        parameters: stored numbers, trainable or not, each storage counted once.
        activation_bytes: peak of intermediate values alive at once, for one batch.
        work: multiply-accumulates plus element operations, per image.
    """

    archive_bytes: int = 256 * MIB
    weight_bytes: int = 256 * MIB
    graph_bytes: int = 16 * MIB
    nodes: int = 10_000
    parameters: int = 64_000_000
    activation_bytes: int = 2048 * MIB
    work: int = 4_000_000_000
