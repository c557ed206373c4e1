"""The learning-rate range test: short training at a growing lr shows where the loss falls.

Smith, Cyclical Learning Rates for Training Neural Networks, 2017.
"""

import math
from collections.abc import Generator, Iterator
from itertools import count

import torch

from workbench.core.errors import UserError
from workbench.core.events import Event, LrFound, LrTried
from workbench.core.project import Project
from workbench.core.train import NoScheduler
from workbench.engine import machine, pretrained
from workbench.engine.balance import StepLoss
from workbench.engine.batches import Batch, Batches, loading
from workbench.engine.build import build
from workbench.engine.placed import placed
from workbench.engine.stepper import Stepper
from workbench.engine.working import check_precision, usual_threads, working

SMALLEST, LARGEST = 1e-6, 10.0
STEPS = 150
KEPT = 0.9
"""Share of the old in the smoothed loss."""
DIVERGED = 4.0
"""Times the smallest smoothed loss."""
FIRST = 10
"""Steps in which the mean is still that of a few batches, so that its slope says nothing."""


def find_lr(project: Project) -> Generator[Event]:
    """Train a network of its own at an lr that grows exponentially with the steps, until the loss
    diverges; suggests the lr at which it fell most steeply. Leaves nothing in any run.

    Raises:
        UserError: the project can't be trained, or its optimizer searches for its step length.
    """
    project.check()
    if project.train.optimizer.kind == "LBFGS":
        raise UserError("LBFGS searches for the length of its steps itself: leave lr at 1.")
    yield from loading(project.data)
    device = machine.device(project.train.device)
    check_precision(project.train, device)
    devices = [device] if device.type == "cuda" else []
    threads = usual_threads(project)
    with working(project.train, device, threads), torch.random.fork_rng(devices=devices):
        tried: list[LrTried] = []
        for event in _tried(project, device):
            tried.append(event)
            yield event
        diverged = len(tried) < STEPS
        yield LrFound(lr=steepest(tried), diverged=diverged)


def steepest(tried: list[LrTried]) -> float | None:
    """The lr around which the smoothed loss falls most over the logarithm of lr; None if nowhere.

    The slope at a step is that of the line between its neighbours; log(lr) grows evenly.
    """
    around = list(zip(tried, tried[1:], tried[2:], strict=False))[FIRST - 1 :]
    falls = [(before.smoothed - after.smoothed, at.lr) for before, at, after in around]
    fall, lr = max(falls, default=(0.0, 0.0))
    return lr if fall > 0 else None


def _tried(project: Project, device: torch.device) -> Iterator[LrTried]:
    stepper, batches = _prepared(project, device)
    mean, best = 0.0, math.inf
    for step, batch in enumerate(_endless(project, batches), 1):
        lr = SMALLEST * (LARGEST / SMALLEST) ** ((step - 1) / (STEPS - 1))
        for group in stepper.optimizer.param_groups:
            group["lr"] = lr
        loss = stepper.step(batch)[1].item()
        mean = KEPT * mean + (1 - KEPT) * loss
        smoothed = mean / (1 - KEPT**step)  # as Adam corrects its means
        best = min(best, smoothed)
        if not math.isfinite(loss) or smoothed > best + (DIVERGED - 1) * abs(best):
            return
        yield LrTried(step=step, lr=lr, loss=loss, smoothed=smoothed)
        if step == STEPS:
            return


def _prepared(project: Project, device: torch.device) -> tuple[Stepper, Batches]:
    recipe = project.train.replace(
        scheduler=NoScheduler(), warmup_steps=0, ema_decay=0.0, compile=False
    )
    torch.manual_seed(recipe.seed)
    info = project.data.info()
    network, batches = placed(build(project.model, info.shape), project.data, device)
    pretrained.load(project.model, network)
    measure = StepLoss(recipe.loss, info, batches.class_weights())
    return Stepper(network.train(), recipe, measure, device, STEPS), batches


def _endless(project: Project, batches: Batches) -> Iterator[Batch]:
    samples = batches.size("train")
    recipe = project.train
    size = min(recipe.batch_length(samples) * recipe.accumulate, samples)
    for epoch in count(1):
        yield from batches.shuffled(size, recipe.seed, epoch)
