"""Folders of real images, written by the tests in every format."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.catalog.datasets.image_folder import ImageFolder
from workbench.core.events import DatasetRecognized
from workbench.engine.sources import recognize

LOSSLESS = ("png", "bmp", "tiff", "webp")
GREY = ("png", "bmp", "tiff", "png")  # WebP always has colours


def picture(seed: int, height: int = 12, width: int = 12, channels: int = 3) -> NDArray[np.uint8]:
    shape = (height, width, 3) if channels == 3 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def write(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lossless = {"lossless": True} if path.suffix == ".webp" else {}
    Image.fromarray(pixels).save(path, **lossless)


def folder(root: Path, each: int = 20, channels: int = 3, classes: str = "ab") -> Path:
    """`each` images of 12 x 12 for every class, in all lossless formats."""
    suffixes = LOSSLESS if channels == 3 else GREY
    for place, label in enumerate(classes):
        for number in range(each):
            name = f"{number:03}.{suffixes[number % 4]}"
            write(root / label / name, picture(1000 * place + number, channels=channels))
    return root


def opened(root: Path, **options: object) -> ImageFolder:
    *_, last = recognize(root, **options)
    assert isinstance(last, DatasetRecognized)
    assert isinstance(last.data, ImageFolder)
    return last.data
