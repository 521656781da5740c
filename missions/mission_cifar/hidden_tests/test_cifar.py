"""Settles the rubric of mission_cifar; one test per criterion, on evidence only.

The dataset is judged on batch files with random pixels and labels, made for this grading: `inputs.py` makes them,
`probes.py` uses the student's functions on them in the sandbox.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.evidence import Evidence
from grader.hidden_tests import Mark, model_criteria

Array = npt.NDArray[Any]


def test_training(evidence: Evidence, mark: Mark) -> None:
    """`train` ended within its limits and left a model that can be run."""
    model_criteria.training(evidence, mark)


def test_own_work(evidence: Evidence, mark: Mark) -> None:
    """Neither a ready-made dataset or model nor saved weights were handed in."""
    model_criteria.own_model(evidence, mark)


def test_convolution(evidence: Evidence, mark: Mark) -> None:
    """Convolutions are executed, and the accuracy rests on them."""
    model_criteria.required_group(evidence, mark, "conv")


def test_parameters(evidence: Evidence, mark: Mark) -> None:
    """The network keeps within its number of parameters."""
    model_criteria.parameters(evidence, mark)


def test_finite(evidence: Evidence, mark: Mark) -> None:
    """Every logit of every test image is a number."""
    model_criteria.finite(evidence, mark)


def test_batch_size(evidence: Evidence, mark: Mark) -> None:
    """An image's logits depend neither on the size of its batch nor on its companions."""
    model_criteria.batch_size(evidence, mark)


def test_length(evidence: Evidence, mark: Mark) -> None:
    """`len` counts the pictures of all five training batches."""
    probe = evidence.probe("items")
    length, expected = probe.value("length", int), len(probe.kept["train_labels"])
    mark.measure(f"{length} of {expected} images", f"{expected}장 중 {length}장")
    mark.require(
        length == expected,
        f"len() of a folder with five batches of different sizes is {length}, but they hold {expected} images. "
        "Read all of data_batch_1 to data_batch_5, whatever their sizes.",
        f"크기가 서로 다른 배치 다섯 개의 이미지는 모두 {expected}장인데 len()이 {length}입니다. "
        "배치 크기를 가정하지 말고 data_batch_1부터 data_batch_5까지 모두 읽으세요.",
    )


def test_images(evidence: Evidence, mark: Mark) -> None:
    """Each item's picture is the right one: uint8, rows, columns, then colour, in the order of the files."""
    probe = evidence.probe("items")
    expected: Array = probe.kept["train_images"]
    types = probe.values.get("image_types")
    mark.require(
        types == ["ndarray"],
        f"Without a transform an image must be a numpy array; here it is {_listed(types)}.",
        f"transform이 없을 때 이미지는 numpy 배열이어야 하는데, {_listed(types)}입니다.",
    )
    images = probe.array("images", dtype="uint8")
    mark.measure(f"uint8 {images.shape[1:]}")
    mark.require(
        images.shape[1:] != (3, 32, 32),
        "An image has shape (3, 32, 32); the channels must come last: (32, 32, 3). Move the axis with "
        "transpose(1, 2, 0).",
        "이미지 모양이 (3, 32, 32)입니다. 채널이 마지막에 오는 (32, 32, 3)이어야 하므로 "
        "transpose(1, 2, 0)으로 축을 옮기세요.",
    )
    images = probe.array("images", dtype="uint8", shape=(None, 32, 32, 3))
    right = _count_equal(images, expected)
    mark.measure(f"{right} of {len(expected)} right", f"{len(expected)}장 중 {right}장 일치")
    if right == len(expected) == len(images):
        return
    mark.fail(*_what_went_wrong(images, expected))


def test_labels(evidence: Evidence, mark: Mark) -> None:
    """Each item's label is a whole number, and the one of its picture."""
    probe = evidence.probe("items")
    labels, expected = probe.array("labels", dtype="int64", shape=(None,)), probe.kept["train_labels"]
    right = _count_equal(labels, expected)
    mark.measure(f"{right} of {len(expected)} right", f"{len(expected)}개 중 {right}개 일치")
    mark.require(
        not (labels < 0).any(),
        "A label is no whole number. Return the class as an int, 0 to 9.",
        "정수가 아닌 레이블이 있습니다. 클래스를 0~9의 int로 반환하세요.",
    )
    mark.require(
        right == len(expected) == len(labels),
        f"{right} of {len(expected)} labels belong to their images. Join the labels of the batches in the same order "
        "as their images: data_batch_1 first, data_batch_5 last.",
        f"레이블 {len(expected)}개 중 {right}개만 해당 이미지와 맞습니다. 이미지를 이어 붙인 순서(data_batch_1부터 "
        "data_batch_5까지)와 똑같은 순서로 레이블을 이어 붙이세요.",
    )


def test_split(evidence: Evidence, mark: Mark) -> None:
    """`test` reads test_batch and nothing else; an unknown split is refused."""
    probe = evidence.probe("split")
    expected: Array = probe.kept["test_labels"]
    length, labels = probe.value("length", int), probe.array("labels", dtype="int64")
    mark.measure(f"{length} of {len(expected)} test images", f"테스트 이미지 {len(expected)}장 중 {length}장")
    mark.require(
        length == len(expected) and np.array_equal(labels, expected),
        f"split='test' must give the {len(expected)} items of test_batch; here it gives {length}, or other labels.",
        f"split='test'이면 test_batch의 항목 {len(expected)}개를 순서대로 돌려주어야 하는데, "
        f"개수({length}개)나 레이블이 다릅니다.",
    )
    unknown = probe.values.get("unknown")
    accepted = [name for name in ("valid", "Train", "") if "ValueError" not in _names(unknown, name)]
    shown = f"split={accepted[0] if accepted else ''!r}"
    mark.require(
        not accepted,
        f"{shown} must raise ValueError: a typing mistake would otherwise go unnoticed.",
        f"{shown}이면 ValueError가 발생해야 합니다. 그래야 오타를 바로 알아챌 수 있습니다.",
    )


def test_transform(evidence: Evidence, mark: Mark) -> None:
    """The transform is called once per access, on the picture, and its result comes out."""
    probe = evidence.probe("transform")
    before, calls, asked = probe.value("calls_before", int), probe.value("calls", int), len(probe.inputs["positions"])
    mark.measure(f"{calls} calls for {asked} accesses", f"{asked}번 꺼낼 때 {calls}번 호출")
    mark.require(
        before == 0,
        f"The transform was called {before} times before any item was asked for. Call it in __getitem__: a random one "
        "must give something new each time.",
        f"항목을 꺼내기도 전에 transform이 {before}번 호출되었습니다. 무작위 증강이 매번 새로 "
        "적용되도록 __getitem__에서 호출하세요.",
    )
    mark.require(
        calls == asked,
        f"{asked} accesses, one of them a repetition, called the transform {calls} times; it must be once each.",
        f"같은 항목을 다시 꺼낸 것을 포함해 {asked}번 꺼냈는데 transform이 {calls}번 호출되었습니다. "
        "꺼낼 때마다 정확히 한 번이어야 합니다.",
    )
    mark.require(
        probe.values.get("passed_on") is True,
        "What the transform returns must be the item's image, unchanged.",
        "transform이 반환한 값이 그대로 항목의 이미지가 되어야 합니다.",
    )
    mark.require(
        np.array_equal(probe.array("seen"), probe.array("plain")),
        "The transform must get the image that the dataset gives without one: uint8, (32, 32, 3).",
        "transform에는 transform이 없을 때 돌려주는 이미지, 즉 uint8 (32, 32, 3) 배열을 넘겨야 합니다.",
    )


def test_indexing(evidence: Evidence, mark: Mark) -> None:
    """Positions beyond the ends raise IndexError, negative ones count from the end, a loop ends."""
    probe = evidence.probe("indexing")
    beyond, count = probe.values.get("beyond"), len(probe.kept["train_labels"])
    missed = [name for name in ("count", "count + 5", "-count - 1") if "IndexError" not in _names(beyond, name)]
    looped = probe.value("looped", int)
    mark.measure(f"a loop gives {looped} of {count}", f"반복문에서 {count}개 중 {looped}개")
    position = f"dataset[{missed[0]}]".replace("count", "len(dataset)") if missed else ""
    mark.require(
        not missed,
        f"{position} must raise IndexError.",
        f"{position}에서 IndexError가 발생해야 합니다.",
    )
    mark.require(
        looped == count,
        f"`for image, label in dataset` gives {looped} items instead of {count}.",
        f"`for image, label in dataset`로 {count}개가 아니라 {looped}개를 얻습니다.",
    )
    ends = (probe.values.get("last_by_minus_1"), probe.values.get("first_by_minus_count"))
    mark.require(
        ends == ("equal", "equal"),
        "dataset[-1] must be the last item and dataset[-len(dataset)] the first, as with a list.",
        "리스트처럼 dataset[-1]은 마지막 항목, dataset[-len(dataset)]은 첫 항목이어야 합니다.",
    )


def test_broken_batch(evidence: Evidence, mark: Mark) -> None:
    """A batch that is cut, missing or no batch at all is named."""
    probe = evidence.probe("broken_batch")
    told, damage = probe.values.get("told"), probe.kept["damage"]
    every = [f"data_batch_{number}" for number in range(1, 6)]
    words = {
        "truncated": ("cut short", "잘린"),
        "missing": ("missing", "없는"),
        "garbage": ("no pickle at all", "내용이 엉뚱한"),
    }
    named = 0
    problems: list[tuple[str, str]] = []
    for kind, name in damage.items():
        said = told.get(kind) if isinstance(told, dict) else None
        text = said if isinstance(said, str) else ""
        if name in text and not any(other in text for other in every if other != name):
            named += 1
        elif not text:
            problems.append(
                (
                    f"With {name} {words[kind][0]}, nothing is raised.",
                    f"{words[kind][1]} {name}이(가) 있어도 오류가 발생하지 않습니다.",
                )
            )
        else:
            problems.append(
                (
                    f"With {name} {words[kind][0]}, the error does not say which file it is: “{text[:150]}”.",
                    f"{words[kind][1]} {name}이(가) 있을 때 오류에 파일 이름이 없습니다: “{text[:150]}”",
                )
            )
    mark.measure(f"{named} of {len(damage)} named", f"{len(damage)}개 중 {named}개를 알려 줌")
    if problems:
        mark.fail(*problems[0])


def test_workers(evidence: Evidence, mark: Mark) -> None:
    """Several workers give the same items, and the dataset can be pickled for them."""
    probe = evidence.probe("workers")
    pickled = probe.value("pickled", str)
    mark.measure("2 workers", "워커 2개")
    mark.require(
        not pickled,
        f"The dataset can't be pickled, so workers on Windows and macOS can't get it ({pickled[:200]}). "
        "Keep no lambda, open file or generator in it.",
        f"데이터셋을 피클로 만들 수 없어 윈도와 macOS에서는 워커에 전달되지 않습니다({pickled[:200]}). "
        "람다, 열린 파일, 제너레이터를 데이터셋에 보관하지 마세요.",
    )
    same = all(np.array_equal(probe.array(name), probe.array(f"worker_{name}")) for name in ("images", "labels"))
    mark.require(
        same,
        "A DataLoader with two workers gives other items than the dataset itself.",
        "워커가 두 개인 DataLoader가 데이터셋과 다른 항목을 돌려줍니다.",
    )


def test_loader(evidence: Evidence, mark: Mark) -> None:
    """Batches hold everything once, in the right form; shuffled for training, in order for testing."""
    probe = evidence.probe("loader")
    dtypes = probe.values.get("dtypes")
    mark.measure(_listed(dtypes))
    mark.require(
        dtypes == ["torch.float32, torch.int64"],
        f"A batch must be (torch.float32, torch.int64); here it is ({_listed(dtypes)}).",
        f"배치는 (torch.float32, torch.int64)여야 하는데 ({_listed(dtypes)})입니다.",
    )
    _check_training_batches(probe, mark)
    images = probe.array("test_images", dtype="float32", shape=(None, 3, 32, 32))
    expected: Array = probe.array("dataset_images")
    mark.require(
        np.array_equal(probe.array("test_labels", dtype="int64"), probe.array("dataset_labels")),
        "split='test' must not be shuffled, and no item may be left out.",
        "split='test'는 섞지 말고, 빠지는 항목 없이 순서대로 돌려주어야 합니다.",
    )
    fits = expected.shape == (len(images), 32, 32, 3) and expected.dtype == np.uint8
    mark.require(
        fits and bool(np.abs(images - expected.transpose(0, 3, 1, 2).astype(np.float32) / 255).max(initial=0.0) < 1e-5),
        "A test image of the loader must be the dataset's, channels first and divided by 255.",
        "데이터 로더의 테스트 이미지는 데이터셋의 이미지를 채널 우선 순서로 바꾸고 255로 나눈 것이어야 합니다.",
    )


def _check_training_batches(probe: Any, mark: Mark) -> None:
    first, second = (probe.array(name, dtype="int64", shape=(None,)) for name in ("first_epoch", "second_epoch"))
    expected: Array = probe.kept["train_labels"]
    images = probe.array("train_images", dtype="float32", shape=(None, 3, 32, 32))
    mark.require(
        bool(np.isfinite(images).all() and images.min(initial=0) >= 0 and images.max(initial=0) <= 1),
        "Pixels of a batch must lie in [0, 1]; normalisation belongs to the model.",
        "배치의 픽셀 값은 [0, 1] 범위여야 합니다. 정규화는 모델 안에서 하세요.",
    )
    mark.require(
        all(np.array_equal(np.sort(epoch), np.sort(expected)) for epoch in (first, second)),
        "An epoch of split='train' must hold each item once, those of the last, smaller batch too.",
        "split='train'의 한 에포크에는 마지막의 작은 배치까지 모든 항목이 한 번씩 들어 있어야 합니다.",
    )
    mark.require(
        not np.array_equal(first, expected) and not np.array_equal(first, second),
        "split='train' must be shuffled, anew in each epoch.",
        "split='train'은 에포크마다 새로 섞어야 합니다.",
    )
    sizes = probe.values.get("train_sizes")
    mark.require(
        isinstance(sizes, list) and sizes[:1] == [8],
        "The loader must keep to batch_size.",
        "데이터 로더가 batch_size를 따라야 합니다.",
    )


def test_accuracy(evidence: Evidence, mark: Mark) -> None:
    """The share of test images classified right, with partial credit below the bar."""
    model_criteria.accuracy(evidence, mark)


def test_high_accuracy(evidence: Evidence, mark: Mark) -> None:
    """Bonus: a share well above the bar."""
    partial = mark.criterion.partial
    bar = partial.full if partial else 1.0
    accuracy = evidence.evaluation.accuracy
    mark.measure(f"{100 * accuracy:.2f} %", f"{100 * accuracy:.2f}%")
    mark.require(
        accuracy >= bar,
        f"The bonus is for {100 * bar:g} % and more.",
        f"가산점은 {100 * bar:g}% 이상일 때 받습니다.",
    )


def _count_equal(found: Array, expected: Array) -> int:
    """How many of the expected items stand where they should."""
    count = min(len(found), len(expected))
    return int(sum(np.array_equal(found[position], expected[position]) for position in range(count)))


def _what_went_wrong(images: Array, expected: Array) -> tuple[str, str]:
    """The mistake that explains the pictures, of those that are common."""
    count = min(len(images), len(expected))
    if count == 0:
        return "The dataset gives no images.", "데이터셋에서 이미지를 하나도 꺼낼 수 없습니다."
    sample, truth = images[:count], expected[:count]
    planes = truth.transpose(0, 3, 1, 2)
    if np.array_equal(sample, planes.reshape(count, 32, 32, 3)):
        return (
            "The pixels were reshaped to (32, 32, 3) as they lie in the file. There the 1,024 red values come first: "
            "reshape to (3, 32, 32), then transpose(1, 2, 0).",
            "파일에 놓인 순서 그대로 (32, 32, 3)으로 바꾸었습니다. 파일에는 빨강 1,024개가 먼저 오므로, "
            "(3, 32, 32)로 바꾼 다음 transpose(1, 2, 0)으로 축을 옮겨야 합니다.",
        )
    if np.array_equal(sample, truth[..., ::-1]):
        return "The colours come as blue, green, red instead of red, green, blue.", "색 순서가 RGB가 아니라 BGR입니다."
    if np.array_equal(sample, truth.transpose(0, 2, 1, 3)):
        return (
            "Rows and columns are exchanged: after reshape(3, 32, 32), transpose(1, 2, 0) is what you need.",
            "행과 열이 바뀌었습니다. reshape(3, 32, 32) 다음에는 transpose(1, 2, 0)을 써야 합니다.",
        )
    if len(images) != len(expected) and np.array_equal(sample, truth):
        return (
            f"The images are right as far as they go, but {len(images)} of {len(expected)} are there.",
            f"이미지 내용은 맞지만 {len(expected)}장 중 {len(images)}장만 있습니다.",
        )
    known = {image.tobytes() for image in expected}
    if all(image.tobytes() in known for image in images):
        return (
            "The images are right, but in another order than in data_batch_1 to data_batch_5.",
            "이미지 내용은 맞지만 순서가 data_batch_1부터 data_batch_5까지의 순서와 다릅니다.",
        )
    return (
        "The images are not those of the batch files.",
        "배치 파일에 들어 있는 이미지와 다릅니다.",
    )


def _names(found: object, key: str) -> Sequence[object]:
    """The list under `key`; empty where there is none."""
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, list) else ()


def _listed(value: object) -> str:
    """A list of words, as far as it is one."""
    return ", ".join(str(item)[:60] for item in value[:5]) if isinstance(value, list) else "?"
