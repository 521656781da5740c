"""What anyone would write to measure models: import torch, load, evaluate; nothing is isolated or checked.

python bare_script.py BATCH_SIZE TEST_FOLDER MODEL…: a row with the accuracy of each, then two numbers: the seconds that
loading and evaluating took, and those of evaluating alone.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch


def main(batch_size: int, test_folder: Path, models: list[str]) -> None:
    """Evaluates every model once on the whole test set."""
    images = torch.from_numpy(np.load(test_folder / "images.npy", allow_pickle=False)).to(torch.float32) / 255
    labels = torch.from_numpy(np.load(test_folder / "labels.npy", allow_pickle=False))
    evaluating, began = 0.0, time.monotonic()
    for file in models:
        model = torch.export.load(file).module()
        loaded = time.monotonic()
        with torch.inference_mode():
            predicted = torch.cat([model(part).argmax(1) for part in torch.split(images, batch_size)])
        accuracy = (predicted == labels).float().mean().item()
        evaluating += time.monotonic() - loaded
        print(f"{file},{accuracy:.4f}")
    print(f"{time.monotonic() - began},{evaluating}")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
