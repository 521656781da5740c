"""Models by their weights: which tensors are equal, the same in another order, or nearly the same.

A model is kept as hashes and short sketches, so that a thousand of them fit in memory. A sketch is a random projection
with fixed signs: distances between sketches are distances between tensors within about 4 % (standard error, 1024
buckets), and exact for tensors of up to 1024 numbers.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.similarity.results import WeightSimilarity

MIN_NUMBERS = 64
"""Smaller tensors, such as the bias of a last layer, say too little."""
MAX_TENSORS = 64
"""Most tensors of a model compared, the largest."""
NEAR = 0.05
"""Largest relative distance of tensors that are nearly the same."""
_SKETCH = 1024
_MAX_CHANNELS = 65_536
_ROWS = 512
_NEAR, _REARRANGED, _EQUAL = 1, 2, 3

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class TensorPrint:
    """One tensor, in short.

    Attributes:
        exact: hash of shape and values.
        unordered: hash that is the same for every order of rows (axis 0), and of numbers within a row: permuting
            the channels of a layer, and with them the inputs of the next one, does not change it.
        sketch: float32 (up to 1024,).
        norm: of the sketch, about that of the tensor.
    """

    shape: tuple[int, ...]
    exact: bytes
    unordered: bytes
    sketch: Floats
    norm: float

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return int(np.prod(self.shape))


ModelPrint = tuple[TensorPrint, ...]


def model_print(tensors: Mapping[str, NDArray[np.generic]]) -> ModelPrint:
    """The model's telling tensors: of floats, not tiny, not constant, finite; the largest, in order of size."""
    telling = [values.astype(np.float32) for values in tensors.values() if _telling(values)]
    telling.sort(key=lambda values: -values.size)
    return tuple(_tensor_print(values) for values in telling[:MAX_TENSORS])


def compare_models(
    models: Sequence[ModelPrint | None], *, common_limit: int, shared: Sequence[ModelPrint] = ()
) -> tuple[dict[tuple[int, int], WeightSimilarity], list[int | None]]:
    """What each two models have in common.

    Args:
        models: one per submission; None where there is none.
        common_limit: a tensor that is found in more other models than this is everybody's and counts for nobody.
        shared: models that everybody starts from, such as a pretrained one; what is nearly theirs does not count.

    Returns:
        By (first, second) with first < second, pairs that share anything; and per submission how many of its
        parameters counted.
    """
    owned = [(owner, tensor) for owner, model in enumerate(models) for tensor in model or ()]
    owned += [(-1 - number, tensor) for number, model in enumerate(shared) for tensor in model]
    links = list(_links(owned))
    common = _common(owned, links, common_limit)
    counted: list[int | None] = [None if model is None else 0 for model in models]
    for index, (owner, tensor) in enumerate(owned):
        if owner >= 0 and index not in common:
            counted[owner] = (counted[owner] or 0) + tensor.numbers
    best: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for one, other, kind in links:
        if not common & {one, other}:
            for index, pair in ((one, (owned[one][0], owned[other][0])), (other, (owned[other][0], owned[one][0]))):
                best[pair][index] = max(kind, best[pair].get(index, 0))
    found: dict[tuple[int, int], WeightSimilarity] = {}
    for first, second in sorted(pair for pair in best if pair[0] < pair[1]):
        smaller = min((first, second), key=lambda owner: (counted[owner] or 0, owner))
        kinds = best[smaller, first + second - smaller]
        sums = [sum(owned[index][1].numbers for index, kind in kinds.items() if kind == wanted) for wanted in (3, 2, 1)]
        found[first, second] = WeightSimilarity(
            equal=sums[0], rearranged=sums[1], near=sums[2], parameters=counted[smaller] or 0
        )
    return found, counted


def _telling(values: NDArray[np.generic]) -> bool:
    if values.dtype.kind != "f" or values.size < MIN_NUMBERS or not np.isfinite(values).all():
        return False
    return bool(np.ptp(values) > 0)


def _tensor_print(values: Floats) -> TensorPrint:
    flat = np.ascontiguousarray(values).reshape(-1)
    shape = tuple(int(size) for size in values.shape)
    name = repr(shape).encode()
    channels = shape[0] if len(shape) > 1 and shape[0] <= _MAX_CHANNELS else 1
    rows = np.sort(flat.reshape(channels, -1), axis=1)
    digests = sorted(hashlib.sha256(row.tobytes()).digest() for row in rows)
    sketch = _sketch(flat)
    return TensorPrint(
        shape=shape,
        exact=hashlib.sha256(name + flat.tobytes()).digest(),
        unordered=hashlib.sha256(name + b"".join(digests)).digest(),
        sketch=sketch,
        norm=float(np.linalg.norm(sketch)),
    )


def _sketch(flat: Floats) -> Floats:
    """At most 1024 sums of numbers with fixed random signs; linear in the tensor."""
    if flat.size <= _SKETCH:
        return flat
    signs = np.random.default_rng(20030609).integers(0, 2, flat.size, dtype=np.int8)
    signed = np.zeros(-(-flat.size // _SKETCH) * _SKETCH, dtype=np.float32)
    signed[: flat.size] = flat * (2 * signs.astype(np.float32) - 1)
    sketch: Floats = signed.reshape(-1, _SKETCH).sum(axis=0)
    return sketch


def _links(owned: Sequence[tuple[int, TensorPrint]]) -> Iterator[tuple[int, int, int]]:
    """(one, other, kind): indices of two tensors of different models that are alike, each two once."""
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, (_, tensor) in enumerate(owned):
        groups[tensor.shape].append(index)
    for members in groups.values():
        tensors = [owned[index][1] for index in members]
        owners = np.array([owned[index][0] for index in members])
        exact, unordered = _ids([one.exact for one in tensors]), _ids([one.unordered for one in tensors])
        sketches, norms = np.stack([one.sketch for one in tensors]), np.array([one.norm for one in tensors])
        for start in range(0, len(members), _ROWS):
            rows = slice(start, start + _ROWS)
            squares = norms[rows, None] ** 2 + norms[None, :] ** 2 - 2 * (sketches[rows] @ sketches.T)
            near = squares <= (NEAR * np.maximum(norms[rows, None], norms[None, :])) ** 2
            kind = np.where(near, _NEAR, 0)
            kind[unordered[rows, None] == unordered[None, :]] = _REARRANGED
            kind[exact[rows, None] == exact[None, :]] = _EQUAL
            kind[owners[rows, None] == owners[None, :]] = 0
            for row, column in zip(*np.nonzero(kind), strict=True):
                if start + row < column:
                    yield members[start + row], members[column], int(kind[row, column])


def _ids(digests: Sequence[bytes]) -> NDArray[np.int64]:
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(digest, len(numbers)) for digest in digests], dtype=np.int64)


def _common(
    owned: Sequence[tuple[int, TensorPrint]], links: Sequence[tuple[int, int, int]], limit: int
) -> frozenset[int]:
    """Tensors that are everybody's: nearly in a shared model, or in too many others."""
    others: dict[int, set[int]] = defaultdict(set)
    for one, other, _ in links:
        others[one].add(owned[other][0])
        others[other].add(owned[one][0])
    return frozenset(index for index, found in others.items() if min(found) < 0 or len(found) > limit)
