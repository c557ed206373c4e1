"""lr and epochs changed while training: from the next step on, told, kept and resumed."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import small
import torch

from workbench.core.events import Event, RecipeChanged, RunCompleted, StepCompleted
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.core.train import SchedulerSpec
from workbench.engine import checkpoint
from workbench.engine.changes import Changes
from workbench.engine.fit import fit
from workbench.engine.sinks import record

STEPS = 12  # of an epoch


def recipe(**changed: Any) -> Project:
    return small.linear(**{"epochs": 6, "lr": 0.04, **changed})


def changed(project: Project, run: Run, behind: int, **values: Any) -> Iterator[Event]:
    """The run's events, with a change put as soon as step `behind` was told."""
    changes, done = Changes(), False
    for event in record(fit(project, run, changes=changes), run):
        yield event
        if isinstance(event, StepCompleted) and event.step >= behind and not done:
            changes.put(**values)
            done = True


def lrs(events: list[Event]) -> dict[int, float]:
    return {event.step: event.lr for event in small.of_kind(events, StepCompleted)}


def test_lr_changes_from_the_next_step_on_and_the_run_tells_it(tmp_path: Path) -> None:
    project = recipe()
    run = small.new_run(project, tmp_path)
    events = list(changed(project, run, behind=1, lr=0.005))
    [told] = small.of_kind(events, RecipeChanged)
    assert (told.lr, told.epochs) == (0.005, 6)
    assert set(lrs(events).values()) == {0.04, 0.005}
    assert all((lr == 0.005) == (step > told.step) for step, lr in lrs(events).items())
    assert list(small.of_kind(run.events(), RecipeChanged)) == [told]
    group = checkpoint.load(run.last)["stepper"]["optimizer"]["param_groups"][0]
    assert group["lr"] == 0.005


@pytest.mark.parametrize("epochs", [2, 9])
def test_the_number_of_epochs_changes(tmp_path: Path, epochs: int) -> None:
    project = recipe()
    run = small.new_run(project, tmp_path)
    events = list(changed(project, run, behind=1, epochs=epochs))
    ended = events[-1]
    assert isinstance(ended, RunCompleted)
    assert ended.reason == "completed"
    assert ended.epoch == max(lrs(events)) / STEPS == max(epochs, _begun(events))


def _begun(events: list[Event]) -> int:
    [told] = small.of_kind(events, RecipeChanged)
    return -(-told.step // STEPS)


@pytest.mark.parametrize("name", ["CosineAnnealingLR", "OneCycleLR", "StepLR"])
def test_a_schedule_goes_on_as_if_the_recipe_had_always_said_so(tmp_path: Path, name: str) -> None:
    """Behind the change, every lr is that of a run of the changed recipe."""
    scheduler = SchedulerSpec.named(name)()
    project = recipe(scheduler=scheduler)
    events = list(changed(project, small.new_run(project, tmp_path), 1, lr=0.02, epochs=9))
    [told] = small.of_kind(events, RecipeChanged)
    other = recipe(scheduler=scheduler, lr=0.02, epochs=9)
    wanted = lrs(list(fit(other, small.new_run(other, tmp_path))))
    found = lrs(events)
    assert found.keys() == wanted.keys()
    for step in found:
        if step > told.step:
            assert found[step] == pytest.approx(wanted[step], rel=1e-9, abs=1e-12)


def test_a_resumed_run_keeps_to_the_change(tmp_path: Path) -> None:
    project = recipe(scheduler=SchedulerSpec.named("OneCycleLR")())
    run = small.new_run(project, tmp_path)
    with closing(changed(project, run, 1, lr=0.02, epochs=9)) as events:
        told = next(event for event in events if isinstance(event, RecipeChanged))
        next(e for e in events if isinstance(e, StepCompleted) and e.step > told.step + 3)
    copy = small.new_run(project, tmp_path)
    copy.last.parent.mkdir()
    copy.last.write_bytes(run.last.read_bytes())
    ends = []
    for each in (run, copy):
        *_, ended = fit(project, each, resume=True)
        assert isinstance(ended, RunCompleted)
        assert (ended.reason, ended.epoch) == ("completed", 9)
        ends.append(checkpoint.load(each.last)["model"])
    for mine, theirs in zip(ends[0].values(), ends[1].values(), strict=True):
        assert torch.equal(mine, theirs)


def test_what_can_not_be_changed_is_not() -> None:
    changes = Changes()
    changes.put(lr=0.1, batch_size=3)
    changes.put(epochs=2)
    changes.put(lr=0.2)
    assert changes
    assert changes.take() == {"lr": 0.2, "epochs": 2}
    assert not changes
