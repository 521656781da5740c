"""Small pictures as PNG files (ISO/IEC 15948), grey or colour."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE = {1: 0, 3: 2}
"""Channels → grey or RGB."""


def encode_png(image: npt.NDArray[np.uint8]) -> bytes:
    """The picture as a file, the same bytes for the same pixels.

    Args:
        image: uint8 (C, H, W); grey or RGB.

    Raises:
        ValueError: it has neither one channel nor three.
    """
    channels, height, width = image.shape
    if channels not in _COLOUR_TYPE:
        raise ValueError(f"a picture has 1 or 3 channels, not {channels}")
    rows = np.moveaxis(image, 0, 2).reshape(height, width * channels)
    unfiltered = np.pad(rows, ((0, 0), (1, 0)))  # each row begins with the number of its filter; 0 is none
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPE[channels], 0, 0, 0)
    # Stored: builds of zlib compress the same pixels to different bytes, and photographs hardly at all.
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(unfiltered.tobytes(), 0)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
