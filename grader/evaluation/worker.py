"""The work of an evaluation: vets one artifact, then runs it on images. It holds no labels.

Nothing of the student's is executed as code: the artifact is read by the strict reader and run by the interpreter.
The sandbox around it bounds what a fault in torch's own kernels could do.
"""

import dataclasses
import json
import math
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
from grader.evaluation import measures
from grader.evaluation.exchange import carries_all, exchanged_logits, partners_of, results_of
from grader.evaluation.interpreter import Interpreter, predict
from grader.evaluation.perturbation import perturb
from grader.evaluation.recurrence import Swaps, find_recurrence
from grader.graph import GraphFacts
from grader.graph.description import describe

BATCH_SIZE = 250
"""Images per batch of the main passes, where their intermediate values are small."""
LEAST_BATCH_SIZE = 50
"""Below, the calls of the operations begin to count."""
CACHED_BYTES = 24 * 1024**2
"""What a processor's last cache may hold of a batch. A network of 32 and 64 channels on 28x28 pixels takes 11 to 27 %
less CPU time in batches of 100 than of 250; narrow networks take about the same (torch 2.15.0, 32 MiB of cache)."""
SMALL_BATCHES = 50
"""Batches of a side pass: what depends on the size of a batch does so in each, and size 1 costs most per image."""
REPEATED_IMAGES = 250
"""Images that are run again as they were: operations that give other numbers do so in any batch."""

PERTURBED_IMAGES = 2_500
"""Images of the robustness pass: compared image by image, a drop of 2 points has a standard error of at most 0.3."""
PERTURBED_AT_FIRST = 1_000
"""So many tell enough of a model that reads nearly all of them as before."""

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
    send("facts", json.dumps(dataclasses.asdict(facts), ensure_ascii=False).encode())
    if facts.output_classes != int(job["classes"]):
        return  # the host refuses it; so many logits would not fit its messages
    images, public = torch.from_numpy(pixels).to(torch.float32).div_(255).tensor_split([-int(job["public_images"])])
    interpreter = Interpreter(program)
    main: torch.Tensor | None = None
    for name, logits, seconds in passes(job, facts, interpreter, images, public):
        main = logits if main is None else main
        _send_logits(send, name, logits, seconds, classes=facts.output_classes)
    if job["recurrence_steps"] is not None and main is not None:
        fact, swaps = find_recurrence(
            interpreter, steps=int(job["recurrence_steps"]), seed=int(job["seed"]), images=images
        )
        send("recurrence", json.dumps(dataclasses.asdict(fact) if fact else None).encode())
        sample = images[: int(job["sample_images"])]
        for name, logits, seconds in sequence_passes(job, facts, interpreter, sample, main[: len(sample)], swaps):
            _send_logits(send, name, logits, seconds, classes=facts.output_classes)


def batch_size(facts: GraphFacts) -> int:
    """Images per batch, where the model takes any number so many that their intermediate values stay in the processor's
    cache."""
    return facts.fixed_batch or max(
        LEAST_BATCH_SIZE, min(BATCH_SIZE, CACHED_BYTES // max(1, facts.activation_bytes_per_image))
    )


def passes(
    job: Mapping[str, Any], facts: GraphFacts, interpreter: Interpreter, images: torch.Tensor, public: torch.Tensor
) -> Iterator[tuple[str, torch.Tensor, float]]:
    """Every pass over the images that the mission asks for and the graph does not settle: name, logits (rows, classes),
    seconds."""
    sample = images[: int(job["sample_images"])]
    batch = batch_size(facts)
    name, main, seconds = _timed("main", interpreter, images, batch)
    yield name, main, seconds
    generator = torch.Generator().manual_seed(int(job["seed"]))
    order = torch.randperm(len(sample), generator=generator)  # in any case: draws that follow depend on it
    if not facts.images_apart:
        # In batches of their own: what reports show of these images must tell nothing of others.
        yield _timed("public", interpreter, public, batch)
        yield from mixing_passes(job, facts, interpreter, sample, order)
    rules = job["perturbation"]
    if rules is not None:
        began = time.perf_counter()
        yield "perturbed", perturbed(rules, interpreter, images, main, batch, generator), time.perf_counter() - began
    for group in job["ablate"]:
        if facts.groups.get(group):
            began = time.perf_counter()
            logits = without(group, interpreter, sample, main[: len(sample)], batch)
            yield f"without_{group}", logits, time.perf_counter() - began


def without(group: str, interpreter: Interpreter, sample: torch.Tensor, main: torch.Tensor, batch: int) -> torch.Tensor:
    """Logits (rows, classes) of images that read, of that op group, what it gave for another image."""
    partners = partners_of(main)
    if carries_all(interpreter.program, group):
        return main[partners]  # which the run would give, too
    exchanges = results_of(interpreter.program, group)
    return exchanged_logits(interpreter, exchanges, sample, sample[partners], batch)


def mixing_passes(
    job: Mapping[str, Any], facts: GraphFacts, interpreter: Interpreter, sample: torch.Tensor, order: torch.Tensor
) -> Iterator[tuple[str, torch.Tensor, float]]:
    """Passes that tell whether an image's logits depend on anything but the image: a second time, batches of other
    sizes, other companions. A graph that keeps images apart would give the same in each."""
    batch = batch_size(facts)
    yield _timed("repeated", interpreter, sample[:REPEATED_IMAGES], batch)
    for size in job["batch_sizes"]:
        if facts.fixed_batch in (None, size):
            yield _timed(f"batch_{size}", interpreter, sample[: size * SMALL_BATCHES], size)
    name, logits, seconds = _timed("reordered", interpreter, sample[order], batch)
    yield name, logits[torch.argsort(order)], seconds


def _timed(name: str, interpreter: Interpreter, rows: torch.Tensor, batch: int) -> tuple[str, torch.Tensor, float]:
    began = time.perf_counter()
    logits = predict(interpreter, rows, batch)
    return name, logits, time.perf_counter() - began


def perturbed(
    rules: Mapping[str, Any],
    interpreter: Interpreter,
    images: torch.Tensor,
    main: torch.Tensor,
    batch: int,
    generator: torch.Generator,
) -> torch.Tensor:
    """Logits (rows, classes) of the first images, changed by the mission's rules.

    They are as many as it takes: fewer where it is settled early that the model loses less than it may. What it loses
    is no more than the images that it reads otherwise than before, and those are counted without labels.
    """

    def look(rows: torch.Tensor) -> torch.Tensor:
        changed = perturb(
            rows,
            rotation_degrees=rules["rotation_degrees"],
            noise_grey_levels=rules["noise_grey_levels"],
            shift_pixels=rules["shift_pixels"],
            generator=generator,
        )
        return predict(interpreter, changed, batch)

    first, more = look(images[:PERTURBED_AT_FIRST]), images[PERTURBED_AT_FIRST:PERTURBED_IMAGES]
    allowed = rules["max_drop"]
    otherwise = measures.changed_share(main[: len(first)].numpy(), first.numpy())
    # A model that loses as much as it may has three standard errors less among these once in 4,000 times.
    settled = otherwise < allowed - 3 * math.sqrt(allowed * (1 - allowed) / len(first))
    return first if settled or not len(more) else torch.cat([first, look(more)])


def sequence_passes(
    job: Mapping[str, Any],
    facts: GraphFacts,
    interpreter: Interpreter,
    sample: torch.Tensor,
    main: torch.Tensor,
    swaps: Swaps | None,
) -> Iterator[tuple[str, torch.Tensor, float]]:
    """Passes that tell whether predictions rest on the sequence: name, logits (rows, classes), seconds.

    `swap_partner` has, for each image, the partner's logits of `main`.
    """
    batch = batch_size(facts)

    def logits(rows: torch.Tensor) -> tuple[torch.Tensor, float]:
        began = time.perf_counter()
        return predict(interpreter, rows, batch), time.perf_counter() - began

    generator = torch.Generator().manual_seed(int(job["seed"]))
    height = sample.shape[2]
    yield "rows_shuffled", *logits(sample[:, :, torch.randperm(height, generator=generator)])
    blanked = sample.clone()
    blanked[:, :, height // 2 :] = 0
    yield "rows_blanked", *logits(blanked)
    if swaps is None:
        return
    partners = partners_of(main)
    yield "swap_partner", main[partners], 0.0
    for name, exchanges, held in (
        ("swap_halfway", swaps.halfway, frozenset[str]()),
        ("swap_inputs", swaps.inputs, swaps.results),
    ):
        began = time.perf_counter()
        swapped = exchanged_logits(interpreter, exchanges, sample, sample[partners], batch, held=held)
        yield name, swapped, time.perf_counter() - began


def _send_logits(send: Send, name: str, logits: torch.Tensor, seconds: float, *, classes: int) -> None:
    if logits.shape[1] != classes:  # it depends on the batch, whose sizes a student knows
        raise refuse("wrong_output_shape", batch=len(logits), found=tuple(logits.shape), dtype="float32")
    array = np.ascontiguousarray(logits.numpy(), dtype="<f4")
    send("logits", array.tobytes(), name=name, rows=array.shape[0], columns=array.shape[1], seconds=seconds)


def _both(text: Any) -> dict[str, str]:
    return {"en": text.en[:2000], "ko": text.ko[:2000]}
