"""A run against the bare step, the loop by hand and the peers: parts of `fit.py`."""

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from loops import LOOPS, PEERS
from side import Side, answer
from torch import Tensor, nn
from works import BATCH, CNN, MLP, TITLES, WORKS, Random28, Steady, asked, median_ratio, work

from workbench.core.model import ModelSpec
from workbench.core.runs import create_run
from workbench.engine import batches, machine
from workbench.engine.build import build
from workbench.engine.fit import fit

TURNS = 7
STEADY_SECONDS = 0.5
STEADY_TURNS = 15


# -- the bare step


def stepper(model: ModelSpec, channels_last: bool) -> Callable[[Tensor, Tensor], None]:
    """A bare training step on a network of its own."""
    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.preserve_format
    network = build(model, (1, 28, 28)).to(memory_format=layout)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    criterion = nn.CrossEntropyLoss()

    def step(inputs: Tensor, targets: Tensor) -> None:
        optimizer.zero_grad()
        criterion(network(inputs), targets).backward()
        optimizer.step()

    return step


def limit() -> None:
    """Batches and a run against the same step on one batch over and over."""
    machine.tune_allocator()
    for name, model, channels_last in (("CNN", CNN, True), ("MLP", MLP, False)):
        against_limit(name, model, channels_last)


def against_limit(name: str, model: ModelSpec, channels_last: bool) -> None:
    data = Random28(val_fraction=0.0)
    feed = batches.Batches(data, torch.device("cpu"), channels_last)
    same = next(feed.shuffled(BATCH, 0, 1))
    feeds = {
        "bare": endless(lambda: [same]),
        "batches": endless(lambda: feed.shuffled(BATCH, 0, 1)),
    }
    step = stepper(model, channels_last)
    found: dict[str, list[float]] = {side: [] for side in (*feeds, "fit")}
    with tempfile.TemporaryDirectory() as folder:
        project = work(model, data, 10_000, 0.001)
        run = Steady(fit(project, create_run(project, Path(folder))))
        for _ in range(STEADY_TURNS):
            for side, pairs in feeds.items():
                found[side].append(pace(step, pairs))
            found["fit"].append(run.pace(STEADY_SECONDS))
        run.close()
    for side in ("batches", "fit"):
        ratio = median_ratio(found[side], found["bare"])
        print(f"limit: {name}, 28x28: {side} at {ratio:.2f} of the bare step")
    times = ", ".join(f"{side} {told(times)}" for side, times in found.items())
    print(f"    {times}; tuned: {run.tuning['gains']}", flush=True)


def pace(step: Callable[[Any, Any], None], pairs: Iterator[Any]) -> float:
    """Seconds per step."""
    step(*next(pairs))
    since, steps = time.perf_counter(), 0
    while (taken := time.perf_counter() - since) < STEADY_SECONDS:
        step(*next(pairs))
        steps += 1
    return taken / steps


def endless(make: Callable[[], Any]) -> Iterator[Any]:
    while True:
        yield from make()


def told(times: list[float]) -> str:
    return f"{1e3 * statistics.median(times):.3g} ms"


# -- other loops


def against(part: str, name: str, loops: list[str]) -> None:
    """Our run against other loops over the same work, epoch by epoch."""
    with ExitStack() as sides:
        running = {
            loop: sides.enter_context(Side("against", loop, name, str(TURNS + 1)))
            for loop in ("ours", *loops)
        }
        found: dict[str, list[float]] = {loop: [] for loop in running}
        for _ in range(TURNS):
            for loop, process in running.items():
                found[loop].append(process.turn())
        reached = {loop: process.turn() for loop, process in running.items()}
    for loop in loops:
        ratio = median_ratio(found["ours"], found[loop])
        print(
            f"{part}: {TITLES[name]}: {ratio:.2f} times as fast as {loop} "
            f"(an epoch {told(found['ours'])} and {told(found[loop])}; "
            f"test accuracy {reached['ours']:.3f} and {reached[loop]:.3f})",
            flush=True,
        )


def hand() -> None:
    """Against the loop that a careful person writes."""
    for name in asked(WORKS):
        against("hand", name, ["by hand"])


def peers() -> None:
    """Against Lightning, skorch and Ignite, as far as they are installed."""
    there = [peer for peer, package in PEERS.items() if importlib.util.find_spec(package)]
    for peer in PEERS.keys() - set(there):
        print(f"peers: {peer} is not installed here ({PEERS[peer]}) and was left out.")
    for name in asked(WORKS) if there else ():
        against("peers", name, there)


def side(loop: str, name: str, epochs: str) -> None:
    """The process of one side: it trains an epoch whenever it is asked."""
    since = answer(None)

    def turn() -> None:
        nonlocal since
        since = answer(time.perf_counter() - since)

    answer(LOOPS[loop](WORKS[name](int(epochs)), turn))


if __name__ == "__main__":
    side(*sys.argv[1:])
