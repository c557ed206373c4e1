"""lr while it warms up, and the schedule behind it: against formulas written out by hand."""

import math
from collections.abc import Callable

import pytest
import torch
from test_lr_plan import EPOCHS, STEPS, at_each_step, planned, recipe
from torch import nn

from workbench.core.train import OptimizerSpec, SchedulerSpec
from workbench.engine.batches import Batch
from workbench.engine.stepper import Stepper

LR = 0.1


def expected(warm: int, after: Callable[[int], float]) -> list[float]:
    """lr at each step: growing for `warm` of them, then by the epochs that ended behind those."""
    found = []
    for step in range(EPOCHS * STEPS):
        ended = sum(warm <= end * STEPS <= step for end in range(1, EPOCHS))
        found.append(LR * (0.01 + 0.99 * step / warm) if step < warm else after(ended))
    return found


@pytest.mark.parametrize("warm", [5, STEPS, STEPS + 1, 2 * STEPS + STEPS // 2])
@pytest.mark.parametrize("kind", ["StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR"])
def test_a_schedule_begins_with_the_epoch_in_which_the_warm_up_ends(kind: str, warm: int) -> None:
    before = math.ceil(warm / STEPS) - 1  # whole epochs of nothing but growing
    own, after = {
        "StepLR": ({"step_size": 2, "gamma": 0.5}, lambda n: LR * 0.5 ** (n // 2)),
        "MultiStepLR": (
            {"milestones": (1, 4), "gamma": 0.5},
            lambda n: LR * 0.5 ** ((n >= 1) + (n >= 4)),
        ),
        "ExponentialLR": ({"gamma": 0.9}, lambda n: LR * 0.9**n),
        "CosineAnnealingLR": (
            {},  # it comes to its end with the run, not behind it
            lambda n: LR * (1 + math.cos(math.pi * n / (EPOCHS - before))) / 2,
        ),
    }[kind]
    scheduler = SchedulerSpec.named(kind)(**own)
    told = planned(recipe(scheduler=scheduler, warmup_steps=warm))
    assert at_each_step(told, STEPS) == pytest.approx(expected(warm, after), rel=1e-9)


def test_a_warm_up_as_long_as_the_run_leaves_the_schedule_nothing() -> None:
    scheduler = SchedulerSpec.named("CosineAnnealingLR")()
    warm = 10 * EPOCHS * STEPS
    told = planned(recipe(scheduler=scheduler, warmup_steps=warm))
    grown = [LR * (0.01 + 0.99 * step / warm) for step in range(EPOCHS * STEPS)]
    assert at_each_step(told, STEPS) == pytest.approx(grown, rel=1e-9)


@pytest.mark.parametrize("kind", ["warm-up", "OneCycleLR"])
def test_steps_that_fp16_leaves_out_count_and_no_warning_is_told(kind: str) -> None:
    """The first steps of such a run find a scale: gradients overflow, and nothing is changed."""
    own = {"warmup_steps": 4}
    if kind == "OneCycleLR":
        own = {"scheduler": SchedulerSpec.named(kind)()}
    sgd = OptimizerSpec.named("SGD")(momentum=0.9)
    config = recipe(precision="fp16", optimizer=sgd, **own)
    network = nn.Linear(1, 1)

    def measure(output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return (output.float() * targets).sum()

    stepper = Stepper(network, config, measure, torch.device("cpu"), STEPS, fused=False)
    planned_lrs = at_each_step(planned(config), STEPS)
    huge, plain = (Batch(torch.ones(1, 1), torch.full((1, 1), size)) for size in (1e36, 1.0))
    first = network.weight.detach().clone()
    rates = []
    for batch in (huge, huge, plain, plain, plain):
        rates.append(stepper.lr)
        stepper.step(batch)
        if batch is huge:
            assert torch.equal(network.weight, first)
    assert not torch.equal(network.weight, first)
    assert rates == pytest.approx(planned_lrs[:5])
