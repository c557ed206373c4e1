"""Threads that sleep soon when they wait for others, against GNU OpenMP's own: part of `fit.py`."""

import statistics
import sys
import time

import torch
from against import stepper
from side import Side, answer
from works import BATCH, CNN, MLP, asked, median_ratio

from workbench.engine import machine

TURNS, SECONDS = 9, 1.0
MODELS = {"cnn": (CNN, True), "mlp": (MLP, False)}


def waiting() -> None:
    """Bare steps with the threads that torch chooses."""
    for name in asked(MODELS):
        with Side("waiting", "ours", name) as ours, Side("waiting", "usual", name) as usual:
            found = [(ours.turn(), usual.turn()) for _ in range(TURNS)]
        mine, theirs = (list(times) for times in zip(*found, strict=True))
        threads, ratio = torch.get_num_threads(), median_ratio(mine, theirs)
        print(
            f"waiting: {name} on {threads} threads: {ratio:.2f} "
            f"times as fast as OpenMP's own way ({1e3 * statistics.median(mine):.3g} and "
            f"{1e3 * statistics.median(theirs):.3g} ms a step)",
            flush=True,
        )


def side(_: str, name: str) -> None:
    """Steps on one batch."""
    machine.tune_allocator()
    model, channels_last = MODELS[name]
    step = stepper(model, channels_last)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    inputs = torch.rand(BATCH, 1, 28, 28).contiguous(memory_format=layout)
    targets = torch.randint(0, 10, (BATCH,))
    since = answer(None)
    while True:
        steps = 0
        while (taken := time.perf_counter() - since) < SECONDS:
            step(inputs, targets)
            steps += 1
        since = answer(taken / steps)


if __name__ == "__main__":
    side(*sys.argv[1:])
