"""Every part of the recipe against a loop written by hand, and resumed to the last bit."""

import math
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import small
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.events import EpochCompleted, RunCompleted, StepCompleted
from workbench.core.project import Project
from workbench.core.train import OptimizerSpec, SchedulerSpec
from workbench.engine import checkpoint
from workbench.engine.fit import fit

EPOCHS, BATCH = 4, 40
FEATURES = 13  # of the wines


def wines(**recipe: Any) -> Project:
    usual = {"lr": 0.02, "batch_size": BATCH, "epochs": EPOCHS, "optimizer": "SGD"}
    layers = (
        small.layer("Linear", out_features=6),
        small.layer("Tanh"),
        small.layer("Linear", out_features=3),
    )
    return small.project(*layers, data="Wine", **(usual | recipe))


class ByHand:
    """Losses and lr of every step, and the weights at the end."""

    def __init__(self, project: Project) -> None:
        splits = project.data.load()
        raw = torch.from_numpy(splits["train"].inputs)
        mean, std = raw.double().mean(0).float(), raw.double().std(0, correction=0).float()
        self.inputs = (raw - mean) / std
        self.val = (torch.from_numpy(splits["val"].inputs) - mean) / std
        self.targets = torch.from_numpy(splits["train"].targets)
        self.val_targets = torch.from_numpy(splits["val"].targets)
        torch.manual_seed(project.train.seed)
        self.network = nn.Sequential(nn.Linear(FEATURES, 6), nn.Tanh(), nn.Linear(6, 3))
        self.criterion = nn.CrossEntropyLoss()
        self.losses: list[float] = []
        self.rates: list[float] = []

    def run(
        self,
        optimizer: torch.optim.Optimizer,
        step: Callable[[Tensor, Tensor], Tensor],
        after_step: Callable[[], None] = lambda: None,
        after_epoch: Callable[[float], None] = lambda loss: None,
        batch: int = BATCH,
    ) -> "ByHand":
        for epoch in range(1, EPOCHS + 1):
            generator = torch.Generator().manual_seed(epoch)  # the recipe's seed is 0
            for chosen in torch.randperm(len(self.targets), generator=generator).split(batch):
                self.rates.append(optimizer.param_groups[0]["lr"])
                self.losses.append(step(self.inputs[chosen], self.targets[chosen]).item())
                after_step()
            with torch.no_grad():
                loss = nn.functional.cross_entropy(
                    self.network(self.val), self.val_targets, reduction="none"
                )
            after_epoch(loss.double().mean().item())
        return self

    def plain(self, optimizer: torch.optim.Optimizer) -> Callable[[Tensor, Tensor], Tensor]:
        def step(inputs: Tensor, targets: Tensor) -> Tensor:
            optimizer.zero_grad()
            loss = self.criterion(self.network(inputs), targets)
            loss.backward()
            optimizer.step()
            return loss.detach()

        return step


def assert_equal(project: Project, folder: Path, hand: ByHand) -> None:
    run = small.new_run(project, folder)
    steps = small.of_kind(fit(project, run), StepCompleted)
    assert [step.metrics["loss"] for step in steps] == hand.losses
    assert [step.lr for step in steps] == hand.rates
    for mine, theirs in zip(
        checkpoint.load(run.last)["model"].values(), hand.network.parameters(), strict=True
    ):
        assert torch.equal(mine, theirs)


FUSED = {"SGD", "Adam", "AdamW", "Adagrad"}
OPTIMIZERS = [name for name in OptimizerSpec.choices() if name not in ("LBFGS", "Muon")]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_does_what_torchs_own_does(name: str, tmp_path: Path) -> None:
    project = wines(optimizer=name)
    hand = ByHand(project)
    more = {"fused": True} if name in FUSED else {}
    optimizer = getattr(torch.optim, name)(hand.network.parameters(), lr=0.02, **more)
    assert_equal(project, tmp_path, hand.run(optimizer, hand.plain(optimizer)))


def test_lbfgs_measures_each_batch_as_often_as_torchs_own(tmp_path: Path) -> None:
    project = wines(optimizer="LBFGS", batch_size="all", lr=1.0)
    hand = ByHand(project)
    optimizer = torch.optim.LBFGS(hand.network.parameters(), lr=1.0, line_search_fn="strong_wolfe")

    def step(inputs: Tensor, targets: Tensor) -> Tensor:
        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = hand.criterion(hand.network(inputs), targets)
            loss.backward()
            return loss

        return optimizer.step(closure).detach()

    assert_equal(project, tmp_path, hand.run(optimizer, step, batch=len(hand.targets)))


STEPS = 4  # an epoch: 144 wines in batches of 40
SCHEDULERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "NoScheduler": ({}, {}),
    "StepLR": ({"step_size": 2, "gamma": 0.5}, {"step_size": 2, "gamma": 0.5}),
    "MultiStepLR": ({"milestones": (1, 3)}, {"milestones": [1, 3]}),
    "ExponentialLR": ({"gamma": 0.7}, {"gamma": 0.7}),
    "CosineAnnealingLR": ({"eta_min": 0.001}, {"T_max": EPOCHS, "eta_min": 0.001}),
    "CosineAnnealingWarmRestarts": ({"T_0": 1, "T_mult": 2}, {"T_0": 1, "T_mult": 2}),
    "OneCycleLR": ({}, {"max_lr": 0.02, "total_steps": EPOCHS * STEPS}),
    "ReduceLROnPlateau": ({"patience": 0, "threshold": 0.5}, {"patience": 0, "threshold": 0.5}),
}


@pytest.mark.parametrize("name", SchedulerSpec.choices())
def test_every_scheduler_moves_lr_as_torchs_own_does(name: str, tmp_path: Path) -> None:
    mine, theirs = SCHEDULERS[name]
    project = wines(scheduler=SchedulerSpec.named(name)(**mine))
    hand = ByHand(project)
    optimizer = torch.optim.SGD(hand.network.parameters(), lr=0.02, fused=True)
    if name == "NoScheduler":
        hand.run(optimizer, hand.plain(optimizer))
        assert set(hand.rates) == {0.02}
    else:
        scheduler = getattr(lr_scheduler, name)(optimizer, **theirs)
        takes_loss = name == "ReduceLROnPlateau"
        each_step, each_epoch = (
            (scheduler.step, lambda loss: None),
            (
                lambda: None,
                scheduler.step if takes_loss else lambda loss: scheduler.step(),
            ),
        )
        after = each_step if name == "OneCycleLR" else each_epoch
        hand.run(optimizer, hand.plain(optimizer), *after)
        assert len(set(hand.rates)) > 1
    assert_equal(project, tmp_path, hand)


def test_lr_warms_up_before_the_scheduler(tmp_path: Path) -> None:
    scheduler = SchedulerSpec.named("ExponentialLR")(gamma=0.5)
    project = wines(scheduler=scheduler, warmup_steps=6)
    run = small.new_run(project, tmp_path)
    rates = [step.lr for step in small.of_kind(fit(project, run), StepCompleted)]
    rising = [0.02 * (0.01 + 0.99 * number / 6) for number in range(7)]
    assert rates[:7] == pytest.approx(rising)
    assert rates[7:] == pytest.approx([0.02] + 4 * [0.01] + 4 * [0.005])


def test_a_scheduler_that_warms_up_by_itself_is_told(tmp_path: Path) -> None:
    project = wines(scheduler=SchedulerSpec.named("OneCycleLR")(), warmup_steps=3)
    with pytest.raises(UserError, match="OneCycleLR warms up by itself"):
        list(fit(project, small.new_run(project, tmp_path)))


def test_gradients_are_clipped_at_their_common_norm(tmp_path: Path) -> None:
    project = wines(max_norm=0.1)
    hand = ByHand(project)
    optimizer = torch.optim.SGD(hand.network.parameters(), lr=0.02, fused=True)

    def step(inputs: Tensor, targets: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = hand.criterion(hand.network(inputs), targets)
        loss.backward()
        assert nn.utils.clip_grad_norm_(hand.network.parameters(), 0.1) > 0.1
        optimizer.step()
        return loss.detach()

    assert_equal(project, tmp_path, hand.run(optimizer, step))


@pytest.mark.parametrize("balance", ["none", "weights"])
def test_accumulated_batches_learn_like_one_large_batch(tmp_path: Path, balance: str) -> None:
    data = DatasetSpec.named("Wine")(balance=balance)
    told = []
    for number, recipe in enumerate(({"batch_size": 40}, {"batch_size": 10, "accumulate": 4})):
        project = wines(**recipe).replace(data=data)
        run = small.new_run(project, tmp_path / str(number))
        told.append([e.metrics["loss"] for e in small.of_kind(fit(project, run), StepCompleted)])
    assert len(told[0]) == len(told[1]) == EPOCHS * STEPS
    assert told[1] == pytest.approx(told[0], rel=1e-5)


def test_the_average_of_the_weights_is_what_is_measured_and_kept(tmp_path: Path) -> None:
    project = wines(ema_decay=0.9)
    hand = ByHand(project)
    optimizer = torch.optim.SGD(hand.network.parameters(), lr=0.02, fused=True)
    average = AveragedModel(hand.network, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    hand.run(optimizer, hand.plain(optimizer), lambda: average.update_parameters(hand.network))
    run = small.new_run(project, tmp_path)
    *_, last_epoch = small.of_kind(fit(project, run), EpochCompleted)
    with torch.no_grad():
        loss = nn.functional.cross_entropy(average.module(hand.val), hand.val_targets)
    assert last_epoch.val["loss"] == pytest.approx(loss.item(), rel=1e-6)
    kept = checkpoint.load(run.best)["model"].values()
    assert last_epoch.best
    for mine, theirs in zip(kept, average.module.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_training_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    project = wines(lr=0.9, epochs=200, patience=5, batch_size=10)
    run = small.new_run(project, tmp_path)
    events = list(fit(project, run))
    epochs, ended = small.of_kind(events, EpochCompleted), events[-1]
    assert isinstance(ended, RunCompleted)
    assert ended.reason == "early"
    best = min(epochs, key=lambda epoch: epoch.val["loss"]).epoch
    assert ended.epoch == len(epochs) == best + 5 < 200
    assert checkpoint.load(run.best)["epoch"] == best


def test_bf16_learns_and_fp16_is_refused_where_there_is_no_cuda(tmp_path: Path) -> None:
    project = wines(precision="bf16", epochs=20)
    *_, ended = fit(project, small.new_run(project, tmp_path))
    assert ended.test["accuracy"] > 0.8
    for precision in ("fp16", "tf32"):
        project = wines(precision=precision)
        with pytest.raises(UserError, match=f"{precision} needs a CUDA device"):
            list(fit(project, small.new_run(project, tmp_path)))


RESUMED: dict[str, dict[str, Any]] = {
    **{name: {"optimizer": name} for name in OptimizerSpec.choices()},
    **{
        name: {"scheduler": SchedulerSpec.named(name)(**SCHEDULERS[name][0])} for name in SCHEDULERS
    },
    "warm-up": {"warmup_steps": 7, "scheduler": SchedulerSpec.named("StepLR")(step_size=1)},
    "average": {"ema_decay": 0.8},
    "accumulated": {"accumulate": 3, "batch_size": 10},
    "bf16": {"precision": "bf16", "deterministic": True},
    "patience": {"patience": 2, "lr": 0.9, "epochs": 30, "batch_size": 10},
}


@pytest.mark.parametrize("recipe", RESUMED)
def test_a_resumed_run_goes_on_as_if_never_stopped(recipe: str, tmp_path: Path) -> None:
    project = wines(**RESUMED[recipe])
    whole = small.new_run(project, tmp_path / "whole")
    losses = {e.step: e.metrics["loss"] for e in small.of_kind(fit(project, whole), StepCompleted)}
    run = small.new_run(project, tmp_path / "stopped")
    with closing(fit(project, run)) as events:
        next(e for e in events if isinstance(e, StepCompleted) and e.step >= math.ceil(STEPS * 1.5))
    for event in small.of_kind(fit(project, run, resume=True), StepCompleted):
        assert event.metrics["loss"] == losses[event.step]
    for mine, theirs in zip(
        checkpoint.load(run.last)["model"].values(),
        checkpoint.load(whole.last)["model"].values(),
        strict=True,
    ):
        assert torch.equal(mine, theirs)
