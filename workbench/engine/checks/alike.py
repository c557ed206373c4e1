"""Images that look the same: the difference hash, and a second look at what it says.

The difference hash (dHash, N. Krawetz, 2013): the image in grey at 9 x 8 pixels; each of the
64 bits says whether a pixel is brighter than its right neighbour.
"""

from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from workbench.core.data import EVALUATED, Split
from workbench.core.events import Event, Progress
from workbench.engine.checks import Place, Subject
from workbench.engine.preparation import in_pieces

NEAR_BITS = 10
"""Images are candidates where their hashes differ in at most this many of 64 bits, the hash's
author's own limit."""
ALIKE = 0.995
"""And near copies where their grey pixels at 16 x 16 also correlate at least so much: by a hash of
64 bits alone, one in ten pictures of Fashion-MNIST would be one."""
MOST_APART = 0.25
"""And no two of these pixels are further apart, in standard deviations of the image: icons that
differ by a mark alone correlate as well as copies do."""
SMALLEST = 24  # pixels a side; below, pictures of the same thing are alike without being copies
MOST_PAIRS = 4 << 30  # comparisons, a few seconds
HELD, TRAINED = 512, 8192
"""Held-back and training images that are compared in one go: each way to compare them takes some
ten megabytes."""


def near_pairs(subject: Subject) -> Generator[Event, None, list[tuple[Place, Place]]]:
    """Held-back images, each with the first image of the training split that is almost the same;
    and images of the test with the first of validation."""
    if min(subject.info.shape[1:]) < SMALLEST:
        return []
    known: dict[Split, Looks] = {
        "train": (yield from _looks(subject, "train", len(subject.splits["train"].targets)))
    }
    most = max(1, MOST_PAIRS // max(len(known["train"].hashes), 1))
    found: list[tuple[Place, Place]] = []
    for split in EVALUATED:
        held = yield from _looks(subject, split, min(len(subject.splits[split].targets), most))
        for other, looks in known.items():
            for start in range(0, len(held.hashes), HELD):
                yield Progress(text="Comparing images", done=start, total=len(held.hashes))
                for row, match in _alike(held.part(start, HELD), looks):
                    found.append(((split, start + row), (other, match)))
        known[split] = held
    return found


class Looks(NamedTuple):
    """What is kept of images: their hashes (n,), and grey pixels (n, 256), each of mean 0 and
    length 1, in half precision, since there may be a million of them."""

    hashes: NDArray[np.uint64]
    small: NDArray[np.float16]

    def part(self, start: int, count: int) -> "Looks":
        """`count` of them."""
        return Looks(self.hashes[start : start + count], self.small[start : start + count])


def _looks(subject: Subject, split: Split, count: int) -> Generator[Event, None, Looks]:
    """Of the first `count` images."""
    found = Looks(np.empty(count, np.uint64), np.empty((count, 256), np.float16))
    for start, piece in in_pieces(subject.splits[split].inputs):
        yield Progress(text="Looking at images", done=start, total=count)
        own = found.part(start, len(piece))
        if not len(own.hashes):
            break
        grey = torch.from_numpy(piece[: len(own.hashes)]).float().mean(1, keepdim=True)
        own.hashes[:] = _hashes(_resized(grey, (8, 9)))
        own.small[:] = _centred(_resized(grey, (16, 16)))
    return found


def _resized(grey: torch.Tensor, size: tuple[int, int]) -> NDArray[np.float32]:
    shrunk = interpolate(grey, size, mode="bilinear", antialias=True, align_corners=False)
    found: NDArray[np.float32] = shrunk[:, 0].numpy()
    return found


def _hashes(small: NDArray[np.float32]) -> NDArray[np.uint64]:
    bits = (small[:, :, :-1] > small[:, :, 1:]).reshape(len(small), 64)
    return np.packbits(bits, axis=1).view(np.uint64)[:, 0]


def _centred(small: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = small.reshape(len(small), -1)
    rows = rows - rows.mean(1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = rows / np.where(lengths > 0, lengths, 1)
    return scaled


def _alike(held: Looks, train: Looks) -> list[tuple[int, int]]:
    """Held-back images, each with the first training image that is like it."""
    first: dict[int, int] = {}
    for start in range(0, len(train.hashes), TRAINED):
        for row, other in _near(held, train.part(start, TRAINED)):
            first.setdefault(row, start + other)
    return sorted(first.items())


def _near(held: Looks, train: Looks) -> Iterator[tuple[int, int]]:
    """The same, where few are compared."""
    bits = np.bitwise_count(held.hashes[:, None] ^ train.hashes[None, :])
    own, others = held.small.astype(np.float32), train.small.astype(np.float32)
    like = (bits <= NEAR_BITS) & (own @ others.T >= ALIKE)
    for row in np.flatnonzero(like.any(1)).tolist():
        candidates = np.flatnonzero(like[row])
        apart = np.abs(others[candidates] - own[row]).max(1)
        near = candidates[apart * 16 <= MOST_APART]  # of 256 pixels, 1/16 is a deviation
        if len(near):
            yield row, int(near[0])
