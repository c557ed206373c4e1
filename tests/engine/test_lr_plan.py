"""The planned lr against torch's own schedulers, step by step."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler as torchs

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.core.errors import UserError
from workbench.core.shown import LrPlanned
from workbench.core.template import Template
from workbench.core.train import OptimizerSpec, SchedulerSpec, TrainConfig
from workbench.engine.lr_plan import plan

EPOCHS, SAMPLES, BATCH = 8, 200, 10
STEPS = SAMPLES // BATCH


def recipe(**changes: Any) -> TrainConfig:
    train = Template.shelf["softmax_regression"].project().train
    return train.replace(**{"epochs": EPOCHS, "batch_size": BATCH, "lr": 0.1, **changes})


def planned(train: TrainConfig, samples: int = SAMPLES) -> LrPlanned:
    *_, told = plan(train, samples)
    assert isinstance(told, LrPlanned)
    return told


def at_each_step(told: LrPlanned, steps: int) -> list[float]:
    """What holds at every step, by the places where it changes."""
    found = []
    for step in range(told.total * steps):
        held = [
            lr for place, lr in zip(told.epochs, told.lrs, strict=True) if place <= step / steps
        ]
        found.append(held[-1])
    return found


def by_hand(make: Callable[[torch.optim.Optimizer], Any], each_step: bool) -> list[float]:
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1, momentum=0.9)
    scheduler, found = make(optimizer), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(EPOCHS):
            for _ in range(STEPS):
                found.append(optimizer.param_groups[0]["lr"])
                if each_step:
                    scheduler.step()
            if not each_step:
                scheduler.step()
    return found


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("StepLR", lambda o: torchs.StepLR(o, step_size=3, gamma=0.5)),
        ("ExponentialLR", lambda o: torchs.ExponentialLR(o, gamma=0.9)),
        ("CosineAnnealingLR", lambda o: torchs.CosineAnnealingLR(o, T_max=EPOCHS)),
        ("CosineAnnealingWarmRestarts", lambda o: torchs.CosineAnnealingWarmRestarts(o, T_0=5)),
        ("OneCycleLR", lambda o: torchs.OneCycleLR(o, max_lr=0.1, total_steps=EPOCHS * STEPS)),
    ],
)
def test_the_plan_is_what_torch_does(kind: str, make: Callable[..., Any]) -> None:
    own = {"step_size": 3, "gamma": 0.5} if kind == "StepLR" else {}
    scheduler = SchedulerSpec.named(kind)(**own)
    sgd = OptimizerSpec.named("SGD")(momentum=0.9)
    told = planned(recipe(scheduler=scheduler, optimizer=sgd))
    expected = by_hand(make, each_step=kind == "OneCycleLR")
    assert at_each_step(told, STEPS) == pytest.approx(expected, rel=1e-12)


def test_warm_up_grows_step_by_step_to_lr() -> None:
    told = planned(recipe(warmup_steps=5))
    lrs = at_each_step(told, STEPS)
    assert lrs[0] == pytest.approx(0.001)
    assert lrs[:5] == sorted(set(lrs[:5]))
    assert lrs[5:] == pytest.approx([0.1] * (EPOCHS * STEPS - 5))


def test_accumulation_makes_fewer_steps_of_a_cycle() -> None:
    cycle = SchedulerSpec.named("OneCycleLR")()
    assert len(planned(recipe(scheduler=cycle, accumulate=4)).lrs) == EPOCHS * STEPS // 4


def test_a_long_run_is_planned_in_few_steps() -> None:
    cycle = SchedulerSpec.named("OneCycleLR")()
    told = planned(recipe(scheduler=cycle), samples=10_000_000)
    assert len(told.lrs) == 1000
    assert max(told.lrs) == pytest.approx(0.1, rel=1e-3)


def test_parts_that_do_not_go_together_are_told() -> None:
    cycle = SchedulerSpec.named("OneCycleLR")()
    with pytest.raises(UserError, match="warms up by itself"):
        planned(recipe(scheduler=cycle, warmup_steps=5))
    for kind in ("Adagrad", "LBFGS", "Muon"):
        with pytest.raises(UserError, match="moves the momentum too, and this optimizer has none"):
            planned(recipe(scheduler=cycle, optimizer=OptimizerSpec.named(kind)()))
