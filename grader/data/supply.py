"""What a source of data is, and what all of them are held to."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from grader.data.decode import DecodeError
from grader.data.packs import Array, ArraySpec, Contents, PackSpec, npy_sha256

Progress = Callable[[str, int, int | None], None]
"""Called with what is being fetched, bytes so far, and bytes in all where known."""


class SourceError(Exception):
    """This source can't give the pack; the next one may."""


class Source(Protocol):
    """One way to get a pack."""

    @property
    def name(self) -> str:
        """`folder`, `wheel`, `mirror` or `drawn`."""

    def contents(self, spec: PackSpec, downloads: Path, progress: Progress) -> Contents:
        """The pack's files by name, each with the registry's checksum or made from what has it.

        Args:
            spec: the pack.
            downloads: folder to keep half-finished downloads in.
            progress: told of every step forward.

        Raises:
            SourceError: not from here.
            OSError: a local file can't be read or written.
        """


def checked(array: Array, spec: ArraySpec, origin: str) -> Array:
    """`array`, if it is the one the registry means.

    Raises:
        DecodeError: another dtype, shape or content.
    """
    same_form = array.dtype == spec.dtype and array.shape == spec.shape
    if not same_form or (spec.sha256 is not None and npy_sha256(array) != spec.sha256):
        raise DecodeError(f"{origin}: the content does not have its checksum")
    return array
