"""Uses a student's dataset and loader on fresh batch files, in the sandbox, and reports what they gave.

What comes out is judged outside, against pictures and labels that are not here.
"""

import itertools
import operator
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader

FOLDER = "cifar-10-batches-py"


def items(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """Every item of the training part, one by one."""
    dataset = student.get("CustomDataset")(_write(inputs, workdir), "train")
    length = len(dataset)
    given = [dataset[position] for position in range(min(length, 1000))]
    return {
        "length": int(length),
        "image_types": sorted({type(image).__name__ for image, _ in given}),
        "images": _stack([image for image, _ in given]),
        "labels": _labels([label for _, label in given]),
    }


def transform(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """What a transform that keeps count gets, and whether what it returns comes out."""
    make, root = student.get("CustomDataset"), str(_write(inputs, workdir))
    plain, recorder = make(root, "train", transform=None), Recorder()
    dataset = make(root, "train", transform=recorder)
    len(dataset)
    before = len(recorder.seen)
    results = [dataset[position][0] for position in inputs["positions"]]
    made = recorder.made[before:]
    return {
        "calls_before": before,
        "calls": len(made),
        "passed_on": len(made) == len(results)
        and all(result is own for result, own in zip(results, made, strict=True)),
        # Called another number of times, it may have seen its own results: that is told by the numbers alone.
        "seen": _stack(recorder.seen[before:] if len(made) == len(results) else []),
        "plain": _stack([plain[position][0] for position in inputs["positions"]]),
    }


class Recorder:
    """A transform that keeps what it sees and returns something recognisable."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.made: list[Any] = []

    def __call__(self, image: Any) -> Any:
        self.seen.append(np.array(image))
        self.made.append(np.full((2, 2), len(self.made), dtype=np.float32))
        return self.made[-1]


def indexing(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """Positions at and beyond both ends, and a loop over the dataset."""
    dataset, count = student.get("CustomDataset")(_write(inputs, workdir), "train"), inputs["count"]
    first, last = dataset[0], dataset[count - 1]
    beyond = {"count": count, "count + 5": count + 5, "-count - 1": -count - 1}
    return {
        "beyond": {name: _raised(lambda at=position: dataset[at]) for name, position in beyond.items()},
        "last_by_minus_1": _raised(lambda: dataset[-1]) or _equal(dataset[-1], last),
        "first_by_minus_count": _raised(lambda: dataset[-count]) or _equal(dataset[-count], first),
        "looped": sum(1 for _ in itertools.islice(iter(dataset), count + 3)),
    }


def split(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """The test part, and parts that do not exist."""
    make, root = student.get("CustomDataset"), _write(inputs, workdir)
    dataset = make(root, "test")
    length = len(dataset)
    return {
        "length": int(length),
        "labels": _labels([dataset[position][1] for position in range(min(length, 1000))]),
        "unknown": {name: _raised(lambda part=name: make(root, part)) for name in ("valid", "Train", "")},
    }


def broken_batch(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """A sound folder first, then folders in which one file is cut, missing, or no batch at all."""
    make, root = student.get("CustomDataset"), _write(inputs, workdir / "sound")
    sound = make(root, "train")
    _ = sound[0], sound[len(sound) - 1]
    told = {}
    for damage, name in inputs["damage"].items():
        damaged = workdir / damage
        shutil.copytree(root, damaged)
        path = damaged / FOLDER / name
        content = path.read_bytes()
        path.unlink()
        if damage == "truncated":
            path.write_bytes(content[: len(content) * 2 // 3])
        elif damage == "garbage":
            path.write_bytes(b"this is no batch file\n" * 50)
        told[damage] = _complaint(make, damaged)
    return {"told": told}


def workers(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """The same items through two workers, through none, and after pickling."""
    dataset = student.get("CustomDataset")(_write(inputs, workdir), "train")
    direct = [dataset[position] for position in range(len(dataset))]
    loaded = DataLoader(dataset, batch_size=4, num_workers=2, collate_fn=list, timeout=30)
    through_workers = [item for batch in loaded for item in batch]
    try:
        copy = pickle.loads(pickle.dumps(dataset))  # noqa: S301 (in the sandbox, as a worker would)
        pickled = "" if _equal(copy[len(direct) - 1], direct[-1]) == "equal" else "other items"
    except Exception as error:
        pickled = f"{type(error).__name__}: {error}"[:500]
    return {
        "pickled": pickled,
        "images": _stack([image for image, _ in direct]),
        "labels": _labels([label for _, label in direct]),
        "worker_images": _stack([image for image, _ in through_workers]),
        "worker_labels": _labels([label for _, label in through_workers]),
    }


def loader(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """Two epochs of the training part, one of the test part."""
    make, root = student.get("make_loader"), _write(inputs, workdir)
    train = make(root, "train", batch_size=8, num_workers=0)
    epochs = [list(train) for _ in range(2)]
    test = list(make(root, "test", batch_size=6, num_workers=2))
    dataset = student.get("CustomDataset")(root, "test")
    everything = [*epochs[0], *epochs[1], *test]
    return {
        "dtypes": sorted({f"{images.dtype}, {labels.dtype}" for images, labels in everything}),
        "train_sizes": [len(labels) for _, labels in epochs[0]],
        "test_sizes": [len(labels) for _, labels in test],
        "train_shapes": sorted({str(tuple(images.shape[1:])) for images, _ in epochs[0]}),
        "train_images": np.concatenate([images.numpy() for images, _ in epochs[0]]),
        "first_epoch": np.concatenate([labels.numpy() for _, labels in epochs[0]]),
        "second_epoch": np.concatenate([labels.numpy() for _, labels in epochs[1]]),
        "test_images": np.concatenate([images.numpy() for images, _ in test]),
        "test_labels": np.concatenate([labels.numpy() for _, labels in test]),
        "dataset_images": _stack([dataset[position][0] for position in range(len(dataset))]),
        "dataset_labels": _labels([dataset[position][1] for position in range(len(dataset))]),
    }


def _write(inputs: dict[str, Any], root: Path) -> Path:
    """Writes the batch files below `root`, where a dataset looks for them."""
    (root / FOLDER).mkdir(parents=True)
    for name, content in inputs.items():
        if name.startswith("file_"):
            (root / FOLDER / name.removeprefix("file_")).write_bytes(content.tobytes())
    return root


def _stack(images: list[Any]) -> Any:
    """All images as one array; they must agree in shape."""
    arrays = [np.asarray(image) for image in images]
    shapes = sorted({str(array.shape) for array in arrays})
    if len(shapes) > 1:
        raise ValueError(f"the images of one dataset have different shapes: {', '.join(shapes[:5])}")
    return np.stack(arrays) if arrays else np.empty(0, dtype=np.uint8)


def _labels(labels: list[Any]) -> Any:
    """int64 (N,); -1 for what is no whole number."""
    numbers = []
    for label in labels:
        try:
            numbers.append(min(max(operator.index(label), -1), 2**31))
        except TypeError:
            numbers.append(-1)
    return np.array(numbers, dtype=np.int64)


def _raised(action: Any) -> list[str]:
    """Names of the classes of the exception that `action` raises, most special first; empty where it raises none."""
    try:
        action()
    except Exception as error:
        return [kind.__name__ for kind in type(error).__mro__]
    return []


def _equal(item: tuple[Any, Any], other: tuple[Any, Any]) -> str:
    same = np.array_equal(np.asarray(item[0]), np.asarray(other[0])) and item[1] == other[1]
    return "equal" if same else "different"


def _complaint(make: Any, root: Path) -> str:
    """What a dataset over a damaged folder says, with the errors behind it; empty where it says nothing."""
    try:
        dataset = make(root, "train")
        for position in range(len(dataset)):
            dataset[position]
    except Exception as error:
        said: list[str] = []
        current: BaseException | None = error
        while current is not None and len(said) < 5:
            said.append(f"{type(current).__name__}: {current}"[:1000])
            current = current.__cause__ or current.__context__
        return "\n".join(said)
    return ""
