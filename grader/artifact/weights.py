"""The raw weights: bytes become tensors only where a literal shape fits them exactly."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from grader.artifact.archive import CONSTANTS_CONFIG, WEIGHTS_CONFIG
from grader.artifact.arguments import DTYPES
from grader.artifact.caps import MIB, Caps
from grader.artifact.document import field, literal_int, parse_object
from grader.artifact.refusal import quote, refuse

MAX_DIMENSIONS = 8
MAX_FIGURE: Final = 2**31
"""A size, stride or offset; also the product of all sizes but zeros. torch counts in 64 bits, and fails beyond: also
where there is nothing to count, as in a stride over a dimension of size 1."""
_PATH: Final = re.compile(r"[^\W_][\w.\- ]{0,254}|_[\w.\- ]{0,254}")
_FILES: Final = {
    "data/weights/": re.compile(r"weight_\d{1,6}", re.ASCII),
    "data/constants/": re.compile(r"tensor_\d{1,6}", re.ASCII),
}
_NUMPY: Final[Mapping[torch.dtype, str]] = {
    torch.uint8: "u1",
    torch.int32: "<i4",
    torch.int64: "<i8",
    torch.float32: "<f4",
    torch.float64: "<f8",
    torch.bool: "?",
}


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A tensor and the member whose bytes it shows; two of the same member share memory."""

    tensor: torch.Tensor
    storage: str


@dataclass(frozen=True, slots=True)
class _Layout:
    """Shape, strides and offset, in elements; literal and bounded."""

    dtype: torch.dtype
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int

    @property
    def elements(self) -> int:
        count = 1
        for size in self.sizes:
            count *= size
        return count

    @property
    def reach(self) -> int:
        """Elements of storage up to and including the last one shown."""
        if not self.elements:
            return 0
        return self.offset + 1 + sum((size - 1) * stride for size, stride in zip(self.sizes, self.strides, strict=True))


def read_weights(members: Mapping[str, memoryview], caps: Caps) -> dict[str, Stored]:
    """Weights and constants of the archive, by their path in the student's module.

    Args:
        members: unvetted bytes.
        caps: bounds bytes and elements before memory is taken.

    Returns:
        Tensors on the CPU in memory of their own, shaped and strided as saved.

    Raises:
        ArtifactRejected: a weight is pickled, of a foreign type, larger than its bytes, or there is more than one of
            a path; bytes that no weight refers to.
    """
    total = sum(len(content) for name, content in members.items() if name.startswith(tuple(_FILES)))
    if total > caps.weight_bytes:
        raise refuse("weights_too_large", limit_mib=caps.weight_bytes // MIB)
    found: dict[str, Stored] = {}
    buffers: dict[tuple[str, torch.dtype], torch.Tensor] = {}
    elements: dict[str, int] = {}
    used = {WEIGHTS_CONFIG, CONSTANTS_CONFIG}
    for config, folder in ((WEIGHTS_CONFIG, "data/weights/"), (CONSTANTS_CONFIG, "data/constants/")):
        for path, unvetted in _entries(members, config, caps).items():
            if path in found:
                raise refuse("duplicate_name", name=quote(path))
            member, layout = _entry(path, unvetted, folder)
            content = members.get(member)
            if content is None:
                raise refuse("missing_member", name=quote(member))
            tensor = _tensor(path, content, layout, buffers, member)
            elements[member] = max(elements.get(member, 0), tensor.numel())
            found[path] = Stored(tensor, member)
            used.add(member)
    if sum(elements.values()) > caps.parameters:
        raise refuse("too_many_parameters", found=sum(elements.values()), limit=caps.parameters)
    for name in members:
        if name.startswith(tuple(_FILES)) and name not in used:
            raise refuse("unexpected_member", name=quote(name))
    return found


def _entries(members: Mapping[str, memoryview], config: str, caps: Caps) -> dict[str, Any]:
    if config not in members:
        raise refuse("missing_member", name=quote(config))
    document = parse_object(members[config], quote(config), max_bytes=caps.graph_bytes)
    return field(document, "config", dict)


def _entry(path: str, unvetted: Any, folder: str) -> tuple[str, _Layout]:
    """The member that holds the bytes, and how to look at them."""
    if not _PATH.fullmatch(path):
        raise refuse("bad_name", name=quote(path))
    if type(unvetted) is dict and unvetted.get("use_pickle") is not False:
        raise refuse("pickled_weight", name=quote(path))
    file = field(unvetted, "path_name", str)
    if not _FILES[folder].fullmatch(file):
        raise refuse("bad_name", name=quote(file))
    meta = field(unvetted, "tensor_meta", dict)
    dtype = DTYPES.get(field(meta, "dtype", int))
    if dtype is None or meta.get("layout") != 7:
        raise refuse("unsupported_dtype", name=quote(path))
    sizes = tuple(literal_int(size) for size in field(meta, "sizes", list)[: MAX_DIMENSIONS + 1])
    strides = tuple(literal_int(stride) for stride in field(meta, "strides", list)[: MAX_DIMENSIONS + 1])
    offset = literal_int(meta.get("storage_offset"))
    if len(sizes) != len(strides) or len(sizes) > MAX_DIMENSIONS:
        raise refuse("weight_size", name=quote(path))
    extent = math.prod(size or 1 for size in sizes)
    if min((offset, *sizes, *strides)) < 0 or max((extent, offset, *strides)) > MAX_FIGURE:
        raise refuse("weight_size", name=quote(path))
    return folder + file, _Layout(dtype, sizes, strides, offset)


def _tensor(
    path: str,
    content: memoryview,
    layout: _Layout,
    buffers: dict[tuple[str, torch.dtype], torch.Tensor],
    member: str,
) -> torch.Tensor:
    available, left_over = divmod(len(content), layout.dtype.itemsize)
    # `elements` as well as `reach`: strides of zero would show a few bytes as a tensor of any size.
    if left_over or max(layout.reach, layout.elements) > available:
        raise refuse("weight_size", name=quote(path))
    if not layout.elements:
        return torch.zeros(layout.sizes, dtype=layout.dtype)
    key = (member, layout.dtype)
    if key not in buffers:
        if layout.dtype is torch.bool and np.frombuffer(content, dtype="u1").max() > 1:
            raise refuse("weight_size", name=quote(path))  # a bool of another bit pattern is undefined behaviour
        buffers[key] = torch.from_numpy(np.frombuffer(content, dtype=_NUMPY[layout.dtype]).copy())
    return buffers[key].as_strided(layout.sizes, layout.strides, layout.offset)
