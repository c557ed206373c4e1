"""The batches of an epoch: taken some at a time, and while those before are used."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

TOGETHER = 8 << 20
"""Bytes that are taken in one go: for a small network, calls and threads count by themselves."""
AHEAD = 2
"""How many such pieces there are at the most beside the one in use, so that memory is bounded."""
WORTH_A_THREAD = 1 << 18
"""Bytes of a piece, below which handing it over costs as much as taking it."""
ALIGNED = 64
"""Bytes: matrix products of a batch that begins elsewhere may differ in their last bits."""

Pair = tuple[Tensor, Tensor]


def in_batches(
    take: Callable[[Tensor], Pair], order: Tensor, size: int, row_bytes: int
) -> Iterator[Pair]:
    """What `take` gives for the samples of `order`, in batches of `size`.

    On the CPU a thread takes them ahead; `take` must not use torch's own threads there, which would
    contend with those of the training step.

    Raises:
        Exception: what `take` raises, when its batch is due.
    """
    batch_bytes = size * row_bytes
    together = 1 if batch_bytes % ALIGNED else max(1, TOGETHER // batch_bytes)
    pieces = torch.split(order, together * size)
    is_small = len(pieces) == 1 or together * batch_bytes < WORTH_A_THREAD
    alone = is_small or order.device.type != "cpu"
    for inputs, targets in map(take, pieces) if alone else _ahead(take, pieces):
        yield from zip(torch.split(inputs, size), torch.split(targets, size), strict=True)


def _ahead(take: Callable[[Tensor], Pair], pieces: Sequence[Tensor]) -> Iterator[Pair]:
    waiting: deque[Future[Pair]] = deque()
    pool = ThreadPoolExecutor(1, thread_name_prefix="batches")
    try:
        for piece in pieces:
            waiting.append(pool.submit(take, piece))
            if len(waiting) == AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
