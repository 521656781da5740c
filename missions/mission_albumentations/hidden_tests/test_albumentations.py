"""Settles the rubric of mission_albumentations; one test per criterion, on evidence only."""

import runpy
from pathlib import Path
from typing import Any

import numpy.typing as npt

from grader.evidence import Evidence, ProbeResult
from grader.hidden_tests import Mark, model_criteria

READER = Path(__file__).with_name("reader.py")

RANDOM_TRANSFORMS = 2
# Of 64 digits, a transform that counts changes at least 4, and not the same way twice: p=0.2 changes about 13.
LEAST_CHANGED = 4
MOST_TRANSFORMS = 16
MOST_FORMS = 3
READABLE = 0.95
COVERED = 0.9
PASSES = 2.0

Array = npt.NDArray[Any]


def test_training(evidence: Evidence, mark: Mark) -> None:
    """`train` ended within its limits and left a model that can be run."""
    model_criteria.training(evidence, mark)


def test_own_model(evidence: Evidence, mark: Mark) -> None:
    """Neither a ready-made model nor saved weights were handed in."""
    model_criteria.own_model(evidence, mark)


def test_pipeline(evidence: Evidence, mark: Mark) -> None:
    """build_augmentation gives an A.Compose, and at least two of its transforms change digits at random."""
    probe = evidence.probe("pipeline")
    if not probe.value("is_compose", bool):
        kind = probe.value("kind", str)[:60]
        mark.measure(kind)
        mark.fail(
            f"build_augmentation(seed) returned {kind}; return an A.Compose of albumentations.",
            f"build_augmentation(seed)가 {kind}을(를) 반환했습니다. albumentations의 A.Compose를 반환하세요.",
        )
    names = [str(name)[:40] for name in probe.value("transforms", list)[:MOST_TRANSFORMS]]
    few = probe.inputs["few"]
    acts = [_acts_at_random(probe, position, few) for position in range(len(names))]
    acting = [name for name, at_random in zip(names, acts, strict=True) if at_random]
    idle = [name for name, at_random in zip(names, acts, strict=True) if not at_random]
    found = ", ".join(acting)
    mark.measure(
        f"{len(acting)} random: {found}" if acting else "none random",
        f"무작위 변환 {len(acting)}개: {found}" if acting else "무작위 변환 없음",
    )
    mark.require(
        len(acting) >= RANDOM_TRANSFORMS,
        f"{len(acting)} of the pipeline's transforms change digits at random; {RANDOM_TRANSFORMS} are asked."
        + (f" Not counted, because they change nothing or do the same every time: {', '.join(idle)}." if idle else ""),
        f"숫자 이미지를 무작위로 바꾸는 변환이 {len(acting)}개입니다. {RANDOM_TRANSFORMS}개 이상이어야 합니다."
        + (f" 아무것도 바꾸지 않거나 늘 똑같이 바꾸어 세지 않은 변환: {', '.join(idle)}." if idle else ""),
    )


def test_seeded(evidence: Evidence, mark: Mark) -> None:
    """The same seed gives the same images, another seed gives others."""
    probe = evidence.probe("pipeline")
    first, again, other = (probe.array(name) for name in ("augmented", "again", "other"))
    same, different = _share_equal(first, again), 1 - _share_equal(first, other)
    mark.measure(
        f"same seed: {100 * same:.0f}% alike; other seed: {100 * different:.0f}% differ",
        f"같은 시드: {100 * same:.0f}% 일치, 다른 시드: {100 * different:.0f}% 다름",
    )
    mark.require(
        same == 1,
        "Two pipelines with the same seed gave different images. Hand the seed on: A.Compose(..., seed=seed).",
        "같은 시드로 만든 두 파이프라인의 결과가 다릅니다. A.Compose(..., seed=seed)로 시드를 넘기세요.",
    )
    mark.require(
        different >= 0.1,
        "Pipelines with different seeds gave the same images: the seed that build_augmentation gets has no effect.",
        "시드를 바꾸어도 결과가 같습니다. build_augmentation이 받은 시드가 쓰이지 않고 있습니다.",
    )


def test_form(evidence: Evidence, mark: Mark) -> None:
    """A uint8 image (28, 28) comes back as such, with or without a channel axis."""
    probe = evidence.probe("pipeline")
    forms = probe.value("forms", list)[:MOST_FORMS]
    mark.measure(", ".join(" ".join(str(part) for part in form)[:60] for form in forms if isinstance(form, list)))
    for form in forms:
        fits = form in (["ndarray", "uint8", [28, 28]], ["ndarray", "uint8", [28, 28, 1]])
        shown = " ".join(str(part) for part in form)[:60] if isinstance(form, list) else "?"
        mark.require(
            fits,
            f"A uint8 array (28, 28) came back as {shown}.",
            f"uint8 배열 (28, 28)을 넣었더니 {shown}(으)로 나왔습니다.",
        )
    _digits(probe)  # and the images themselves say the same


def test_readable(evidence: Evidence, mark: Mark) -> None:
    """A trusted classifier still reads nearly all augmented digits as what they were."""
    probe = evidence.probe("pipeline")
    read, labels = runpy.run_path(str(READER))["read_digits"](_digits(probe)), probe.kept["labels"]
    right = read == labels
    mark.measure(
        f"{100 * right.mean():.1f}% of {len(labels)} read right", f"{len(labels)}장 중 {100 * right.mean():.1f}%"
    )
    if right.mean() < READABLE:
        worst = sorted(range(10), key=lambda digit: float(right[labels == digit].mean()))[:3]
        hardest = ", ".join(map(str, worst))
        mark.fail(
            f"Only {100 * right.mean():.1f} % of augmented digits can still be read; {100 * READABLE:g} % are asked. "
            f"Hardest to read: {hardest}. Look at some: plt.imshow(pipeline(image=image)['image']).",
            f"증강한 숫자의 {100 * right.mean():.1f}%만 제대로 읽힙니다. {100 * READABLE:g}% 이상이어야 합니다. "
            f"가장 읽기 어려운 숫자: {hardest}. plt.imshow(pipeline(image=image)['image'])로 직접 확인해 보세요.",
        )


def test_used(evidence: Evidence, mark: Mark) -> None:
    """In `train`, the training images go through the pipeline, again and again."""
    probe = evidence.probe("usage")
    passes = _passes(probe)[: len(probe.inputs["train_images"])]
    covered, average = float((passes > 0).mean()), float(passes.mean())
    mark.measure(
        f"{100 * covered:.0f}% of training images, {average:.1f} passes on average",
        f"학습 이미지의 {100 * covered:.0f}%, 평균 {average:.1f}회",
    )
    mark.require(
        probe.value("built", int) > 0,
        "train() never called build_augmentation.",
        "train()에서 build_augmentation을 한 번도 호출하지 않았습니다.",
    )
    calls = max(1, int(passes.sum()) + probe.value("unknown", int) + probe.value("other_shape", int))
    mark.require(
        probe.value("other_shape", int) < 0.1 * calls,
        "train() gives the pipeline images of another shape than (28, 28): albumentations takes (H, W) or (H, W, C), "
        "so (1, 28, 28) is read as one row of 28 pixels with 28 channels. Pass image=images[i, 0].numpy().",
        "train()이 (28, 28)이 아닌 모양의 이미지를 파이프라인에 넣습니다. albumentations는 (H, W)나 (H, W, C)를 "
        "받으므로 (1, 28, 28)은 채널이 28개인 한 줄짜리 이미지로 처리됩니다. image=images[i, 0].numpy()처럼 넣으세요.",
    )
    mark.require(
        covered >= COVERED,
        f"Only {100 * covered:.0f} % of the training images went through the pipeline in train(); "
        f"{100 * COVERED:g} % are asked.",
        f"train()에서 학습 이미지의 {100 * covered:.0f}%만 파이프라인을 거쳤습니다. "
        f"{100 * COVERED:g}% 이상이어야 합니다.",
    )
    mark.require(
        average >= PASSES,
        f"Each training image went through the pipeline {average:.1f} times; augmented once, the network sees the same "
        "images in every epoch. Call the pipeline anew in each epoch.",
        f"학습 이미지가 파이프라인을 평균 {average:.1f}회 거쳤습니다. 한 번만 증강하면 에포크마다 같은 이미지를 "
        "보게 됩니다. 에포크마다 파이프라인을 새로 호출하세요.",
    )


def test_train_only(evidence: Evidence, mark: Mark) -> None:
    """No validation image goes through the pipeline."""
    probe = evidence.probe("usage")
    passes = _passes(probe)[len(probe.inputs["train_images"]) :]
    touched = int((passes > 0).sum())
    mark.measure(f"{touched} of {len(passes)} validation images", f"검증 이미지 {len(passes)}장 중 {touched}장")
    mark.require(
        touched == 0,
        f"{touched} of {len(passes)} validation images went through the pipeline. Validate on images as they are.",
        f"검증 이미지 {len(passes)}장 중 {touched}장이 파이프라인을 거쳤습니다. 검증에는 원래 이미지를 쓰세요.",
    )


def test_parameters(evidence: Evidence, mark: Mark) -> None:
    """The network keeps within its number of parameters."""
    model_criteria.parameters(evidence, mark)


def test_finite(evidence: Evidence, mark: Mark) -> None:
    """Every logit of every test image is a number."""
    model_criteria.finite(evidence, mark)


def test_batch_size(evidence: Evidence, mark: Mark) -> None:
    """An image's logits depend neither on the size of its batch nor on its companions."""
    model_criteria.batch_size(evidence, mark)


def test_deterministic(evidence: Evidence, mark: Mark) -> None:
    """A second pass over the same images gives the same logits."""
    model_criteria.deterministic(evidence, mark)


def test_accuracy(evidence: Evidence, mark: Mark) -> None:
    """The share of test images classified right, with partial credit below the bar."""
    model_criteria.accuracy(evidence, mark)


def _acts_at_random(probe: ProbeResult, position: int, few: Array) -> bool:
    """Whether a transform alone changes digits, and differently when asked again."""
    if position in probe.value("resizing", list):
        return True
    first, again = probe.arrays.get(f"alone_{position}"), probe.arrays.get(f"alone_again_{position}")
    if first is None or again is None or first.shape[:1] != few.shape[:1] or first.shape != again.shape:
        return False
    changed = first.shape != few.shape or _differing(first, few) >= LEAST_CHANGED
    return changed and _differing(first, again) >= LEAST_CHANGED


def _differing(one: Array, two: Array) -> int:
    """Number of images that are not the same in both."""
    return int((one != two).reshape(len(one), -1).any(axis=1).sum())


def _share_equal(one: Array, two: Array) -> float:
    """Share of images that are the same in both."""
    if one.shape != two.shape or one.ndim == 0 or len(one) == 0:
        return 0.0
    return 1 - _differing(one, two) / len(one)


def _digits(probe: ProbeResult) -> Array:
    """The augmented digits, uint8 (N, 28, 28), as many as were sent."""
    count = len(probe.kept["labels"])
    has_channel = "augmented" in probe.arrays and probe.arrays["augmented"].ndim == 4
    shape = (count, 28, 28, 1) if has_channel else (count, 28, 28)
    images: Array = probe.array("augmented", dtype="uint8", shape=shape)
    return images.reshape(count, 28, 28)


def _passes(probe: ProbeResult) -> Array:
    """How often each image went through the pipeline, training images first."""
    count = len(probe.inputs["train_images"]) + len(probe.inputs["valid_images"])
    passes: Array = probe.array("passes", dtype="int64", shape=(count,))
    return passes
