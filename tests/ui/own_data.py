"""Data as people have them: a folder of photographs, a table; written as real files."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HEIGHT, WIDTH = 24, 32


def photograph(kind: int, draw: np.random.Generator) -> NDArray[np.uint8]:
    """A disc, a square or stripes of any colour on any other, with noise."""
    down, right = np.mgrid[0:HEIGHT, 0:WIDTH]
    x, y, size = draw.uniform(10, 22), draw.uniform(8, 16), draw.uniform(5, 7)
    inside = (
        (right - x) ** 2 + (down - y) ** 2 < size**2,
        (abs(right - x) < size) & (abs(down - y) < size),
        (down + right) // 3 % 2 == 0,
    )[kind]
    ground, colour = draw.uniform(20, 90, 3), draw.uniform(140, 250, 3)
    image = np.where(inside[..., None], colour, ground) + draw.normal(0, 4, (HEIGHT, WIDTH, 3))
    return image.clip(0, 255).astype(np.uint8)


def write_photographs(folder: Path, counts: Mapping[str, int], seed: int = 0) -> Path:
    """One folder per class, with as many PNG files as `counts` says."""
    draw = np.random.default_rng(seed)
    for kind, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            file = folder / name / f"{number:03}.png"
            Image.fromarray(photograph(kind, draw)).save(file)
    return folder


def write_flowers(path: Path, count: int = 150, seed: int = 0) -> Path:
    """A table of three species with a row number, gaps, a category and two measures."""
    draw = np.random.default_rng(seed)
    lines = ["id,length,width,colour,species"]
    for row in range(count):
        kind = row % 3
        width = "" if row % 25 == 0 else f"{draw.normal(2 - kind / 2, 0.2):.2f}"
        colour = ("red", "blue", "white")[draw.integers(3)]
        species = ("setosa", "versicolor", "virginica")[kind]
        lines.append(f"{row},{draw.normal(4 + kind, 0.3):.2f},{width},{colour},{species}")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
