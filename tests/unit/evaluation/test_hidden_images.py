"""The order of hidden images, which only their labels tell."""

import io

import numpy as np

from grader.evaluation.hidden_images import HiddenImages, shuffle_images


def shuffled(salt: str, labels_from: int = 0) -> tuple[np.ndarray, HiddenImages]:
    labels = (np.arange(50) + labels_from) % 10
    images = np.arange(50, dtype=np.uint8).reshape(50, 1, 1, 1)
    hidden = shuffle_images(images, labels, name="numbers", salt=salt)
    kept = np.load(io.BytesIO(hidden.to_keep()), allow_pickle=False)
    return kept[hidden.order][:, 0, 0, 0], hidden


def test_labels_stay_with_their_images() -> None:
    order, hidden = shuffled("a")
    assert sorted(order) == list(range(50))
    assert (hidden.labels == order % 10).all()


def test_order_is_the_same_for_the_same_grading_and_another_for_any_other() -> None:
    first = shuffled("a")[0]
    assert (first == shuffled("a")[0]).all()
    assert (first != shuffled("b")[0]).any()
    assert (first != shuffled("a", labels_from=1)[0]).any(), "the order must depend on the secret labels"


def test_programs_keep_the_images_in_an_order_that_only_the_labels_tell() -> None:
    _, first = shuffled("a")
    _, second = shuffled("b")
    _, other = shuffled("a", labels_from=1)
    assert first.to_keep() == second.to_keep()
    assert list(first.kept_order) != sorted(first.kept_order)
    assert list(first.kept_order) != list(other.kept_order)


def test_public_images_are_found_where_programs_keep_them() -> None:
    _, hidden = shuffled("a")
    kept = np.load(io.BytesIO(hidden.to_keep()), allow_pickle=False)
    assert len(hidden.public) == 2
    assert kept[hidden.public_order][:, 0, 0, 0].tolist() == hidden.public.tolist()
    assert hidden.public_labels.tolist() == (hidden.public % 10).tolist()
    assert shuffled("b")[1].public.tolist() == hidden.public.tolist()
