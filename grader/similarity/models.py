"""Models out of `.pt2` archives, through the strict reader: raw bytes of weights, nothing unpickled.

Brings torch with it: imported only where there are models to compare.
"""

from pathlib import Path

from grader.artifact import Caps
from grader.artifact.archive import read_members
from grader.artifact.weights import read_weights
from grader.similarity.weights import ModelPrint, model_print


def read_model(path: Path, caps: Caps = Caps()) -> ModelPrint:  # noqa: B008 - frozen
    """The weights of an exported model, in short.

    Args:
        path: an unvetted file.
        caps: bounds bytes and parameters before memory is taken.

    Raises:
        ArtifactRejected: it is no archive that the grader would execute.
    """
    stored = read_weights(read_members(path, caps), caps)
    return model_print({name: one.tensor.numpy() for name, one in stored.items()})
