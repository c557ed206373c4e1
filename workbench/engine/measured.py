"""What of the recipe is there for speed is measured before it is used, and what came of it told."""

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import torch
from torch import Tensor, nn

from workbench.core.train import TrainConfig
from workbench.engine.batches import Batch
from workbench.engine.build import convolves

ROUNDS, LONGEST = 7, 0.5
"""Pairs of steps, and seconds after which no further pair is measured."""
FORMATS = {"bf16": torch.bfloat16, "fp16": torch.float16}

Measure = Callable[[Tensor, Tensor], Tensor]
"""The loss of an output for the targets as the data has them."""
Chosen = tuple[TrainConfig, dict[str, str]]


def chosen(network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, str]:
    """What needs no measuring, with the reason; the factors are of two cores, see benchmarks/."""
    fused = [group.get("fused") for group in optimizer.param_groups]
    told = {"layout": "contiguous: the network has no convolutions"}
    if convolves(network):
        told["layout"] = "channels_last: convolutions are faster, 1.6 times on a small CNN"
    told["optimizer"] = "not fused: torch has no fused form of it for this device"
    if any(fused):
        told["optimizer"] = "fused: one pass over the parameters, 1.06 to 1.3 times as fast"
    return told


def confirmed(
    config: TrainConfig, network: nn.Module, batch: Batch, measure: Measure, device: torch.device
) -> Chosen:
    """The recipe without what is no faster on its first batch than leaving it off: torch.compile,
    and bf16 on a CPU; and why. In deterministic mode the recipe is kept, since clocks are not.

    Only copies learn, and no random number of the run is drawn.
    """
    told: dict[str, str] = {}
    for field, value, plain in (("precision", "bf16", "fp32"), ("compile", True, False)):
        if getattr(config, field) != value:
            continue
        if config.deterministic or (field == "precision" and device.type != "cpu"):
            told[field] = f"{value}: as asked for"
            continue
        without = config.replace(**{field: plain})
        faster, told[field] = _compared(config, without, network, batch, measure, device)
        config = config if faster else without
    return config, told


def _compared(
    config: TrainConfig,
    without: TrainConfig,
    network: nn.Module,
    batch: Batch,
    measure: Measure,
    device: torch.device,
) -> tuple[bool, str]:
    try:
        with _apart(device):
            steps = [_step(each, network, batch, measure, device) for each in (config, without)]
            seconds = _raced(steps)
    except Exception as error:  # a compiler that is missing raises one of a dozen types
        return False, f"off: it failed here ({str(error).splitlines()[0][:200]})"
    ours, plain = (1000 * value for value in seconds)
    return ours < plain, f"{'on' if ours < plain else 'off'}: {ours:.2f} ms a step, {plain:.2f} off"


@contextmanager
def _apart(device: torch.device) -> Iterator[None]:
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield


def _step(
    config: TrainConfig, network: nn.Module, batch: Batch, measure: Measure, device: torch.device
) -> Callable[[], None]:
    learning = copy.deepcopy(network).train()
    forward = torch.compile(learning) if config.compile else learning
    dtype = FORMATS.get(config.precision)

    def step() -> None:
        learning.zero_grad()
        with torch.autocast(device.type, dtype=dtype, enabled=dtype is not None):
            loss = measure(forward(batch.inputs), batch.targets)
        torch.autograd.backward(loss)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return step


def _raced(steps: list[Callable[[], None]]) -> list[float]:
    """Median seconds of each, taken in turns, behind two unmeasured ones."""
    for step in steps:
        step()
        step()
    taken: list[list[float]] = [[] for _ in steps]
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        for step, seconds in zip(steps, taken, strict=True):
            before = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - before)
        if time.perf_counter() - begun > LONGEST:
            break
    return [median(seconds) for seconds in taken]
