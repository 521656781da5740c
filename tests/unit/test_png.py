"""Pictures as PNG files, read back by Pillow."""

import io

import numpy as np
import pytest
from PIL import Image

from grader.png import encode_png


@pytest.mark.parametrize(("shape", "mode"), [((1, 28, 28), "L"), ((3, 32, 32), "RGB"), ((3, 5, 9), "RGB")])
def test_png_holds_every_pixel(shape: tuple[int, int, int], mode: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    read = Image.open(io.BytesIO(encode_png(image)))
    assert read.mode == mode
    pixels = np.asarray(read).reshape(shape[1], shape[2], shape[0])
    assert (np.moveaxis(pixels, 2, 0) == image).all()


def test_png_of_the_same_pixels_is_the_same_however_they_lie_in_memory() -> None:
    image = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)
    assert encode_png(image) == encode_png(np.asfortranarray(image))


@pytest.mark.parametrize("channels", [0, 2, 4])
def test_png_of_other_channels_is_refused(channels: int) -> None:
    with pytest.raises(ValueError, match="1 or 3 channels"):
        encode_png(np.zeros((channels, 4, 4), dtype=np.uint8))
