"""Where the first number that is not finite came from, against a loop by hand that looks."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import small
import torch
from torch import nn

from workbench.core.data import DatasetSpec
from workbench.core.errors import Diverged
from workbench.core.events import (
    CheckpointSaved,
    EpochCompleted,
    RecipeChanged,
    RunCompleted,
    StepCompleted,
)
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.core.train import SchedulerSpec
from workbench.engine import checkpoint, training
from workbench.engine.changes import Changes
from workbench.engine.fit import fit

HIDDEN, SIZE = 3, 32


def deep(**recipe: object) -> Project:
    """Linear layers in a row: their product overshoots soon, and faster with every step."""
    layers = [small.layer("Linear", out_features=16, name=f"fc{n}") for n in range(1, HIDDEN + 1)]
    last = small.layer("Linear", out_features=1, name="out")
    usual = {"data": DatasetSpec.named("Diabetes")(), "batch_size": SIZE, "epochs": 30, "lr": 0.5}
    return small.project(*layers, last, **{**usual, **recipe})  # type: ignore[arg-type]


def places(project: Project, behind: int = 0, lr: float = 0.0) -> Iterator[tuple[int, str]]:
    """Step and place of every number that is not finite, in the order in which they come; `lr` is
    that of the steps behind one."""
    train = project.data.load()["train"]
    raw, targets = torch.from_numpy(train.inputs), torch.from_numpy(train.targets)
    inputs = (raw - raw.double().mean(0).float()) / raw.double().std(0, correction=0).float()
    mean, std = project.data.info().target_scale
    torch.manual_seed(0)
    sizes = [inputs.shape[1], *[16] * HIDDEN, 1]
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    names = [f"fc{n}" for n in range(1, HIDDEN + 1)] + ["out"]
    optimizer = torch.optim.SGD(nn.ModuleList(layers).parameters(), lr=project.train.lr, fused=True)
    step = 0
    for epoch in range(1, project.train.epochs + 1):
        generator = torch.Generator().manual_seed(epoch)
        for chosen in torch.randperm(len(targets), generator=generator).split(SIZE):
            step += 1
            if lr and step == behind + 1:
                optimizer.param_groups[0]["lr"] = lr
            x = inputs[chosen]
            for name, layer in zip(names, layers, strict=True):
                x = layer(x)
                if not x.isfinite().all():
                    yield step, f"output of Linear {name}"
            loss = nn.functional.mse_loss(x, (targets[chosen][:, None] - mean) / std)
            optimizer.zero_grad()
            loss.backward()
            for name, layer in reversed(list(zip(names, layers, strict=True))):
                grads = [layer.weight.grad, layer.bias.grad]
                if not all(each.isfinite().all() for each in grads if each is not None):
                    yield step, f"gradient of Linear {name}"
            optimizer.step()
            if not all(each.isfinite().all() for layer in layers for each in layer.parameters()):
                yield step, "weights"


@pytest.mark.parametrize("lr", [0.5, 0.05])
def test_step_and_place_are_those_of_a_loop_by_hand(tmp_path: Path, lr: float) -> None:
    project = deep(lr=lr)
    with pytest.raises(Diverged) as told:
        list(fit(project, small.new_run(project, tmp_path)))
    found = re.search(r"was in the (.+), in step (\d+)\.", str(told.value))
    assert found, str(told.value)
    step, place = next(places(project))
    at_loss = re.search(r"at step (\d+)", str(told.value))
    assert at_loss
    assert int(at_loss[1]) in (step, step + 1)
    # the loss itself may be the first, where the outputs are large and their squares infinite
    if "loss" not in found[1]:
        assert (int(found[2]), found[1]) == (step, place)


def test_what_was_changed_in_the_first_epoch_is_changed_in_the_same_step_again(
    tmp_path: Path,
) -> None:
    """No checkpoint lies before the change, so that the run is made again from its start."""
    project, changes, made = deep(lr=1e-5), Changes(), list[RecipeChanged]()
    run = small.new_run(project, tmp_path)

    def train() -> None:
        for event in fit(project, run, changes=changes):
            if isinstance(event, StepCompleted) and not made:
                changes.put(lr=50.0)
            made.extend([event] if isinstance(event, RecipeChanged) else [])

    with pytest.raises(Diverged) as told:
        train()
    assert not run.last.exists()
    found = re.search(r"was in the (.+), in step (\d+)\.", str(told.value))
    assert found, str(told.value)
    assert (int(found[2]), found[1]) == next(places(project, made[0].step, 50.0))


def test_lr_moves_as_it_did_without_a_validation_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It grows from epoch to epoch; with the lr of the only checkpoint nothing would be found."""
    monkeypatch.setattr(training, "CHECKPOINT_SHARE", 1e-9)
    rising = SchedulerSpec.named("CosineAnnealingLR")(eta_min=2.0)
    unheld = DatasetSpec.named("Diabetes")(val_fraction=0.0)
    project = deep(data=unheld, lr=1e-5, scheduler=rising)
    with pytest.raises(Diverged) as told:
        list(fit(project, small.new_run(project, tmp_path)))
    found = re.search(r"was in the (.+), in step (\d+)\.", str(told.value))
    assert found, str(told.value)
    assert told.value.values["step"] - 1 <= int(found[2]) <= told.value.values["step"]


def astray(project: Project, run: Run) -> tuple[int, Diverged]:
    """The step of the last checkpoint of a run whose lr is set far too high in its fourth epoch,
    and how it ends."""
    changes, saved, epochs = Changes(), 0, 0
    try:
        for event in fit(project, run, changes=changes):
            epochs += isinstance(event, EpochCompleted)
            saved = event.step if isinstance(event, CheckpointSaved) else saved
            if epochs == 3:
                changes.put(lr=0.5)
    except Diverged as error:
        return saved, error
    raise AssertionError("it did not diverge")


def test_the_steps_are_made_again_from_a_healthy_checkpoint_with_what_was_changed_since(
    tmp_path: Path,
) -> None:
    project = deep(lr=1e-5)
    run = small.new_run(project, tmp_path)
    saved, told = astray(project, run)
    assert 0 < saved < told.values["step"]
    found = re.search(r"was in the (.+), in step (\d+)\.", str(told))
    assert found, str(told)
    assert told.values["step"] - 1 <= int(found[2]) <= told.values["step"]
    healthy = checkpoint.load(run.last)
    assert healthy["step"] == saved
    *_, ended = fit(project, run, resume=True)
    assert isinstance(ended, RunCompleted)  # what was tried since is no part of it
