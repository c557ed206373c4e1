"""Images that look the same: the difference hash, and a second look at what it says.

The difference hash (dHash, N. Krawetz, 2013): the image in grey at 9 x 8 pixels; each of the
64 bits says whether a pixel is brighter than its right neighbour.
"""

from collections.abc import Generator, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from workbench.core.data import EVALUATED, Split
from workbench.core.events import Event, Progress
from workbench.engine.checks import Place, Subject

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
CHUNK = 1 << 22
BATCH = 1024


def near_pairs(subject: Subject) -> Generator[Event, None, list[tuple[Place, Place]]]:
    """Held-back images, each with the first image of the training split that is almost the same."""
    if min(subject.info.shape[1:]) < SMALLEST:
        return []
    train = yield from _looks(subject, "train")
    found: list[tuple[Place, Place]] = []
    for split in EVALUATED:
        held = yield from _looks(subject, split)
        rows = max(1, CHUNK // max(len(train[0]), 1))
        most = max(1, MOST_PAIRS // max(len(train[0]), 1))
        for start in range(0, min(len(held[0]), most), rows):
            yield Progress(text="Comparing images", done=start, total=len(held[0]))
            for row, other in _alike(held, train, start, start + rows):
                found.append(((split, row), ("train", other)))
    return found


Looks = tuple[NDArray[np.uint64], NDArray[np.float32]]
"""Hashes (n,), and grey images (n, 256), each of mean 0 and length 1."""


def _looks(subject: Subject, split: Split) -> Generator[Event, None, Looks]:
    inputs = subject.splits[split].inputs
    hashes, small = [np.empty(0, np.uint64)], [np.empty((0, 256), np.float32)]
    for start in range(0, len(inputs), BATCH):
        yield Progress(text="Looking at images", done=start, total=len(inputs))
        grey = torch.from_numpy(inputs[start : start + BATCH]).float().mean(1, keepdim=True)
        hashes.append(_hashes(_resized(grey, (8, 9))))
        small.append(_centred(_resized(grey, (16, 16))))
    return np.concatenate(hashes), np.concatenate(small)


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


def _alike(held: Looks, train: Looks, start: int, stop: int) -> Iterator[tuple[int, int]]:
    bits = np.bitwise_count(held[0][start:stop, None] ^ train[0][None, :])
    correlation = held[1][start:stop] @ train[1].T
    rows, others = np.nonzero((bits <= NEAR_BITS) & (correlation >= ALIKE))
    near = np.empty(len(rows), bool)
    for begin in range(0, len(rows), BATCH):
        part = slice(begin, begin + BATCH)
        apart = np.abs(held[1][rows[part] + start] - train[1][others[part]]).max(1)
        near[part] = apart * 16 <= MOST_APART  # of 256 pixels with length 1, 1/16 is a deviation
    rows, others = rows[near], others[near]
    told, first = np.unique(rows, return_index=True)
    yield from zip((told + start).tolist(), others[first].tolist(), strict=True)
