"""The floor: one process that loads and evaluates one model after another; nothing is isolated or checked.

python -m benchmarks.bare_loop BATCH_SIZE FOLDER…: a row per folder's model.pt2, then the seconds of the loop alone.
"""

import sys
import time
from pathlib import Path

import torch

from grader import data
from grader.course import Course

ROOT = Path(__file__).resolve().parent.parent


def main(batch_size: int, folders: list[str]) -> None:
    """Evaluates every model on the whole test set."""
    spec = Course(ROOT).mission("mission_cnn").spec
    pack = data.load(spec.data.pack, cache_dir=None)
    images = torch.from_numpy(pack.array("test", "images").copy()).to(torch.float32) / 255
    labels = torch.from_numpy(pack.array("test", "labels").copy())
    began, cpu = time.monotonic(), time.process_time()
    for folder in folders:
        model = torch.export.load(Path(folder) / "model.pt2").module()
        with torch.inference_mode():
            predicted = torch.cat([model(part).argmax(1) for part in images.split(batch_size)])
        print(f"{Path(folder).name},{(predicted == labels).float().mean().item():.4f}")
    print(f"{time.monotonic() - began},{time.process_time() - cpu}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
