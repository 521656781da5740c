"""The work of an evaluation: vets one artifact, then runs it on images. It holds no labels.

Nothing of the student's is executed as code: the artifact is read by the strict reader and run by the interpreter.
The sandbox around it bounds what a fault in torch's own kernels could do.
"""

import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from grader.artifact import Caps, read_artifact
from grader.artifact.refusal import refuse
from grader.errors import ArtifactRejected
from grader.evaluation.interpreter import Interpreter, predict
from grader.evaluation.perturbation import perturb
from grader.evaluation.recurrence import Swaps, find_recurrence, pair_up, swapped_logits
from grader.graph import GraphFacts
from grader.graph.description import describe

BATCH_SIZE = 250
"""Images per batch of the main passes: 50 to 250 were fastest, 1,000 took twice as long (torch 2.15.0, 2 cores)."""
SMALL_BATCHES = 200
"""Batches of a side pass, so that batch size 1 costs no more than 200 calls."""

PERTURBED_IMAGES = 2_500
"""Images of the robustness pass: compared image by image, a drop of 2 points has a standard error of at most 0.3."""

Send = Callable[..., None]


def work(job: Mapping[str, Any], model: Path, pixels: npt.NDArray[np.uint8], send: Send) -> None:
    """Does one job, from bytes to logits; what is wrong with the model is said, not raised.

    Args:
        model: the artifact; untrusted.
        pixels: uint8 (N + P, C, H, W): all images in this job's order, then the public ones once more.
    """
    send("vetting")
    try:
        run(job, model, pixels, send)
    except ArtifactRejected as error:
        send("rejected", code=error.code, message=_both(error.message), advice=_both(error.advice))
    except MemoryError:
        os.abort()  # the host reads a fatal signal as the model's doing, not the machine's
    send("done")


def run(job: Mapping[str, Any], model: Path, pixels: npt.NDArray[np.uint8], send: Send) -> None:
    """Vets, describes and runs the artifact; sends facts and logits as they come.

    Raises:
        ArtifactRejected: the artifact is not one the reader accepts, or can't be run on these images.
    """
    torch.set_num_threads(int(job["threads"]))
    torch.manual_seed(0)
    caps = Caps(**job["caps"])
    channels, height, width = job["image_shape"]
    program = read_artifact(model, caps)
    facts = describe(
        program,
        image_shape=(channels, height, width),
        max_batch=max([BATCH_SIZE, *job["batch_sizes"]]),
        caps=caps,
        conv_only=job["conv_only"],
    )
    send("facts", json.dumps(dataclasses.asdict(facts)).encode())
    if facts.output_classes != int(job["classes"]):
        return  # the host refuses it; so many logits would not fit its messages
    images, public = torch.from_numpy(pixels).to(torch.float32).div_(255).tensor_split([-int(job["public_images"])])
    interpreter = Interpreter(program)
    main: torch.Tensor | None = None
    for name, logits, seconds in passes(job, facts, interpreter, images, public):
        main = logits if main is None else main
        _send_logits(send, name, logits, seconds, classes=facts.output_classes)
    if job["recurrence_steps"] is not None and main is not None:
        fact, swaps = find_recurrence(interpreter, steps=int(job["recurrence_steps"]), seed=int(job["seed"]))
        send("recurrence", json.dumps(dataclasses.asdict(fact) if fact else None).encode())
        sample = images[: int(job["sample_images"])]
        for name, logits, seconds in sequence_passes(job, facts, interpreter, sample, main[: len(sample)], swaps):
            _send_logits(send, name, logits, seconds, classes=facts.output_classes)


def passes(
    job: Mapping[str, Any], facts: GraphFacts, interpreter: Interpreter, images: torch.Tensor, public: torch.Tensor
) -> Iterator[tuple[str, torch.Tensor, float]]:
    """Every pass over the images that the mission asks for: its name, logits (rows, classes), seconds.

    Public images share no batch with others: what reports show of them must tell nothing of those.
    """
    sample = images[: int(job["sample_images"])]

    def timed(name: str, model: Interpreter, rows: torch.Tensor, batch: int) -> tuple[str, torch.Tensor, float]:
        began = time.perf_counter()
        logits = predict(model, rows, batch)
        return name, logits, time.perf_counter() - began

    batch = facts.fixed_batch or BATCH_SIZE
    yield timed("main", interpreter, images, batch)
    yield timed("public", interpreter, public, batch)
    yield timed("repeated", interpreter, sample, batch)
    for size in job["batch_sizes"]:
        if facts.fixed_batch in (None, size):
            yield timed(f"batch_{size}", interpreter, sample[: size * SMALL_BATCHES], size)
    generator = torch.Generator().manual_seed(int(job["seed"]))
    order = torch.randperm(len(sample), generator=generator)
    name, logits, seconds = timed("reordered", interpreter, sample[order], batch)
    yield name, logits[torch.argsort(order)], seconds
    rules = job["perturbation"]
    if rules is not None:
        changed = perturb(
            images[:PERTURBED_IMAGES],
            rotation_degrees=rules["rotation_degrees"],
            noise_grey_levels=rules["noise_grey_levels"],
            shift_pixels=rules["shift_pixels"],
            generator=generator,
        )
        yield timed("perturbed", interpreter, changed, batch)
    for group in job["ablate"]:
        if facts.groups.get(group):
            yield timed(f"without_{group}", interpreter.ablated(frozenset({group})), sample, batch)


def sequence_passes(
    job: Mapping[str, Any],
    facts: GraphFacts,
    interpreter: Interpreter,
    sample: torch.Tensor,
    main: torch.Tensor,
    swaps: Swaps | None,
) -> Iterator[tuple[str, torch.Tensor, float]]:
    """Passes that tell whether predictions rest on the sequence: name, logits (rows, classes), seconds.

    Rows of the swaps follow the order of the sample; `swap_partner` has, for each, the partner's logits of `main`.
    """
    batch = facts.fixed_batch or min(BATCH_SIZE, len(sample) // 2 * 2)

    def logits(rows: torch.Tensor) -> tuple[torch.Tensor, float]:
        began = time.perf_counter()
        return predict(interpreter, rows, batch), time.perf_counter() - began

    generator = torch.Generator().manual_seed(int(job["seed"]))
    height = sample.shape[2]
    yield "rows_shuffled", *logits(sample[:, :, torch.randperm(height, generator=generator)])
    blanked = sample.clone()
    blanked[:, :, height // 2 :] = 0
    yield "rows_blanked", *logits(blanked)
    if swaps is None or not 1 < batch <= len(sample):
        return
    order, partners = pair_up(main, batch)
    rows = torch.argsort(order)
    yield "swap_partner", main[partners][rows], 0.0
    for name, exchanges in (("swap_halfway", swaps.halfway), ("swap_final", swaps.final)):
        began = time.perf_counter()
        parts = (sample[order[start : start + batch]] for start in range(0, len(order), batch))
        swapped = torch.cat([swapped_logits(interpreter, exchanges, part) for part in parts])
        yield name, swapped[rows], time.perf_counter() - began


def _send_logits(send: Send, name: str, logits: torch.Tensor, seconds: float, *, classes: int) -> None:
    if logits.shape[1] != classes:  # it depends on the batch, whose sizes a student knows
        raise refuse("wrong_output_shape", batch=len(logits), found=tuple(logits.shape), dtype="float32")
    array = np.ascontiguousarray(logits.numpy(), dtype="<f4")
    send("logits", array.tobytes(), name=name, rows=array.shape[0], columns=array.shape[1], seconds=seconds)


def _both(text: Any) -> dict[str, str]:
    return {"en": text.en[:2000], "ko": text.ko[:2000]}
