"""Calls the student's pipeline and training inside the sandbox and reports what was seen; judged elsewhere."""

import inspect
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import albumentations as A
import numpy as np
import torch
from torch.utils.data import TensorDataset

MOST_TRANSFORMS = 16
ENOUGH_PASSES = 4  # of every training image: by then, each kind of use has shown itself
PATIENCE_S = 60.0
RECORD_BYTES = 4
OTHER_SHAPE, UNKNOWN_IMAGE = -2, -1


def pipeline(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """Builds the pipeline with two seeds, runs digits through it, and through each of its transforms alone.

    Args:
        student: gives `build_augmentation`.
        inputs: `digits`, uint8 (N, 28, 28); `few`, uint8 (M, 28, 28); `seed` and `other_seed`, int.
        workdir: not used.

    Returns:
        `is_compose`, `kind`, and for a pipeline: `augmented`, `again` (same seed) and `other` (other seed), images
        as they came; `forms`, the distinct [type, dtype, shape] of the results; `transforms`, names of the leaves;
        and for leaf i `alone_i` and `alone_again_i`: the few digits through it, twice; `resizing`, positions of leaves
        whose results differ in size.
    """
    build = student.get("build_augmentation")
    seed, other_seed = inputs["seed"], inputs["other_seed"]
    built = build(seed)
    results: dict[str, Any] = {"is_compose": isinstance(built, A.Compose), "kind": type(built).__name__}
    if not results["is_compose"]:
        return results
    leaves = list(_leaves(built))[:MOST_TRANSFORMS]
    results["transforms"] = [type(leaf).__name__ for leaf in leaves]
    forms: set[tuple[str, str, tuple[int, ...]]] = set()
    for name, augment in (("augmented", built), ("again", build(seed)), ("other", build(other_seed))):
        images = [augment(image=digit)["image"] for digit in inputs["digits"]]
        forms |= {(type(image).__name__, str(image.dtype), tuple(image.shape)) for image in images}
        if len({np.shape(image) for image in images}) == 1:
            results[name] = np.stack([np.asarray(image) for image in images])
    results["forms"] = [[kind, dtype, list(shape)] for kind, dtype, shape in sorted(forms)[:8]]
    results["resizing"] = []
    for position, leaf in enumerate(leaves):
        for name in ("alone", "alone_again"):
            # One after the other, the second pass goes on where the first left the generator.
            images = [leaf(image=digit)["image"] for digit in inputs["few"]]
            if len({np.shape(image) for image in images}) == 1:
                results[f"{name}_{position}"] = np.stack([np.asarray(image) for image in images])
            else:
                results["resizing"].append(position)
    return results


def usage(student: Any, inputs: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """Trains on a few images while watching what goes through pipelines that `build_augmentation` made.

    Args:
        student: gives `build_augmentation` and `train`.
        inputs: `train_images`, uint8 (N, 1, 28, 28), `train_labels`, `valid_images`, `valid_labels`, int64;
            no two images alike; `seed`, int.
        workdir: an empty folder.

    Returns:
        `passes`, int64 (N + M,): how often each training image, then each validation image, went through;
        `unknown`: calls with an image of the right shape that is none of these; `other_shape`: calls with another
        shape or without an image; `built`: how often build_augmentation was called; `stopped`: training was ended
        because enough was seen or its time was up.
    """
    images = np.concatenate([inputs["train_images"], inputs["valid_images"]])
    watch = Watch(images, workdir / "calls", patience_s=PATIENCE_S, enough=ENOUGH_PASSES * len(inputs["train_images"]))
    _replace(student.get("build_augmentation"), watch.around)
    folder = workdir / "work"
    folder.mkdir()
    offered = {
        "train_set": _dataset(inputs["train_images"], inputs["train_labels"]),
        "valid_set": _dataset(inputs["valid_images"], inputs["valid_labels"]),
        "device": torch.device("cpu"),
        "time_budget_s": PATIENCE_S,
        "seed": inputs["seed"],
        "log": watch.log,
        "workdir": folder,
    }
    train = student.get("train")
    try:
        train(**{name: offered[name] for name in inspect.signature(train).parameters if name in offered})
    except Enough:
        watch.stopped = True
    return watch.seen()


class Enough(BaseException):
    """Ends the student's training; no `except Exception` holds it up."""


class Watch:
    """Writes down which images pass through a pipeline, in a file, so that worker processes are seen as well.

    Args:
        images: uint8 (N, 1, 28, 28), no two alike.
        path: file to be made.
        patience_s: wall-clock seconds after which training is ended.
        enough: calls after which it is ended too.
    """

    def __init__(self, images: np.ndarray, path: Path, *, patience_s: float, enough: int) -> None:
        self._position = {image.tobytes(): position for position, image in enumerate(images)}
        self._path = path
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._deadline = time.monotonic() + patience_s
        self._enough = enough * RECORD_BYTES
        self._process = os.getpid()
        self._built = 0
        self.stopped = False

    def around(self, build: Callable[..., Any]) -> Callable[..., Any]:
        """`build`, with pipelines that are watched."""

        def build_watched(*args: Any, **values: Any) -> Any:
            built = build(*args, **values)
            self._built += 1
            if isinstance(built, A.Compose):
                # A subclass keeps isinstance, to_dict and everything else the student may call.
                built.__class__ = type("Compose", (type(built),), {"__call__": self._call(type(built).__call__)})
            return built

        return build_watched

    def _call(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(pipeline: Any, *args: Any, **data: Any) -> Any:
            self._note(data)
            return original(pipeline, *args, **data)

        return call

    def _note(self, data: dict[str, Any]) -> None:
        images = [data["image"]] if "image" in data else list(data.get("images", [None]))
        for image in images:
            os.write(self._file, self._identity(image).to_bytes(RECORD_BYTES, "little", signed=True))
        if os.getpid() == self._process:
            self._end_in_time()

    def log(self, **values: Any) -> None:
        """Stands in for the grader's log. Where workers augment, only here can training be ended."""
        self._end_in_time()

    def _end_in_time(self) -> None:
        if time.monotonic() > self._deadline or os.fstat(self._file).st_size >= self._enough:
            raise Enough

    def _identity(self, image: Any) -> int:
        if np.shape(image) not in ((28, 28), (28, 28, 1)):
            return OTHER_SHAPE
        pixels = np.asarray(image)
        if pixels.dtype.kind == "f":
            # Floats in [0, 1] or 0..255 are recognised too: whether that is wise is another question.
            pixels = np.rint(pixels * (255 if pixels.max(initial=0) <= 1 else 1))
        return self._position.get(pixels.astype(np.uint8).tobytes(), UNKNOWN_IMAGE)

    def seen(self) -> dict[str, Any]:
        """What was written down, as `usage` returns it."""
        calls = np.fromfile(self._path, dtype="<i4")
        known = calls[calls >= 0]
        return {
            "passes": np.bincount(known, minlength=len(self._position)).astype(np.int64),
            "unknown": int((calls == UNKNOWN_IMAGE).sum()),
            "other_shape": int((calls == OTHER_SHAPE).sum()),
            "built": self._built,
            "stopped": self.stopped,
        }


def _leaves(node: Any) -> Iterator[Any]:
    """The transforms of a pipeline, those inside OneOf, SomeOf, Sequential and the like included."""
    inner = getattr(node, "transforms", None)
    if inner is None:
        yield node
    else:
        for child in inner:
            yield from _leaves(child)


def _replace(function: Callable[..., Any], around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Puts the watched function wherever the submission's modules hold the original."""
    watched = around(function)
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is function:
                setattr(module, name, watched)


def _dataset(images: np.ndarray, labels: np.ndarray) -> TensorDataset:
    return TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
