"""How lr will move over a run, before it starts: by the schedule of the run itself."""

import math
import warnings
from collections.abc import Generator

import torch
from torch import nn

from workbench.core.events import Event, Progress
from workbench.core.shown import LrPlanned
from workbench.core.train import TrainConfig
from workbench.engine.stepper import Stepper

MOST_STEPS = 1000
"""Steps of a schedule that moves at every step: more can't be told apart on a screen."""
PIECE = 10_000
"""Steps between two signs of life."""


def plan(train: TrainConfig, samples: int) -> Generator[Event]:
    """lr over a run of `train` on `samples` samples, as LrPlanned; where it follows the loss, as
    if that got better all the time.

    Raises:
        UserError: the parts of the recipe do not go together.
    """
    steps = train.steps_per_epoch(samples)
    if train.scheduler.every_step:
        steps = min(steps, math.ceil(MOST_STEPS / train.epochs))
    plain = train.replace(precision="fp32", compile=False, ema_decay=0.0, device="cpu")
    network = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    stepper = Stepper(network, plain, torch.mul, torch.device("cpu"), steps)
    places, lrs = [0.0], [stepper.lr]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
        for step in range(train.epochs * steps - 1):
            epoch, within = divmod(step + 1, steps)
            if not _holds(stepper, within):
                stepper.after_step()
                if not within:
                    stepper.end_epoch(-float(epoch))
                if stepper.lr != lrs[-1]:
                    places.append((step + 1) / steps)
                    lrs.append(stepper.lr)
            if step % PIECE == 0:
                yield Progress(text="Planning lr", done=step, total=train.epochs * steps)
    yield LrPlanned(epochs=tuple(places), lrs=tuple(lrs), total=train.epochs)


def _holds(stepper: Stepper, within: int) -> bool:
    """Whether lr stays as it is after this step of an epoch."""
    return bool(within) and not stepper.warming and not stepper.config.scheduler.every_step
