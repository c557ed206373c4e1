"""A run that was stopped anywhere goes on as if it never had been."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import small
import torch

from workbench.core.errors import UserError
from workbench.core.events import (
    CheckpointSaved,
    EpochCompleted,
    Event,
    PredictionsSaved,
    RunCompleted,
    RunStarted,
    StepCompleted,
    WriteFailed,
)
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import checkpoint, pace
from workbench.engine.fit import fit
from workbench.engine.run_files import last_good

SAMPLES = 1_797 - 180 - 162  # the digits less a tenth, and again a tenth
STEPS_PER_EPOCH = 30  # in batches of 50; the last one is smaller
EPOCHS = 3


@pytest.fixture(scope="module")
def project() -> Project:
    return small.dropping(batch_size=50, epochs=EPOCHS)


@pytest.fixture(scope="module")
def whole(project: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Event]]:
    """The same training, never stopped."""
    run = small.new_run(project, tmp_path_factory.mktemp("whole"))
    return run, list(fit(project, run))


def until_step(project: Project, run: Run, step: int, **options: Any) -> list[Event]:
    """Train until the consumer, who sees this step, closes the generator."""
    seen = []
    with closing(fit(project, run, **options)) as events:
        for event in events:
            seen.append(event)
            if isinstance(event, StepCompleted) and event.step >= step:
                break
    return seen


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, however nested."""
    if isinstance(one, torch.Tensor):
        return bool(torch.equal(one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def told(events: list[Event]) -> Iterator[tuple[Any, ...]]:
    for event in events:
        if isinstance(event, EpochCompleted):
            yield event.epoch, event.step, event.train, event.val, event.best
        elif isinstance(event, RunCompleted):
            yield event.reason, event.epoch, event.step, event.test


def assert_as_whole(run: Run, events: list[Event], whole: tuple[Run, list[Event]]) -> None:
    without_clock = [
        {key: value for key, value in checkpoint.load(path).items() if key != "seconds"}
        for path in (run.last, whole[0].last, run.best, whole[0].best)
    ]
    assert same(without_clock[0], without_clock[1])
    assert same(without_clock[2], without_clock[3])
    expected = list(told(whole[1]))
    found = list(told(events))
    assert found == expected[-len(found) :]
    step_losses = {e.step: e.metrics for e in small.of_kind(whole[1], StepCompleted)}
    for event in small.of_kind(events, StepCompleted):
        assert event.metrics == step_losses[event.step]


# Its first step, in an epoch, at its end, at the next one's begin, and in the last one.
@pytest.mark.parametrize("step", [1, 17, STEPS_PER_EPOCH, STEPS_PER_EPOCH + 1, 89])
def test_a_resumed_run_ends_like_one_that_was_never_stopped_to_the_last_bit(
    tmp_path: Path, project: Project, whole: tuple[Run, list[Event]], step: int
) -> None:
    run = small.new_run(project, tmp_path)
    first = until_step(project, run, step)
    assert not small.of_kind(first, RunCompleted)
    torch.manual_seed(12345)  # whatever happened in between
    rest = list(fit(project, run, resume=True))
    started = rest[0]
    assert isinstance(started, RunStarted)
    assert started.step >= step
    steps = [event.step for event in small.of_kind(rest, StepCompleted)]
    before = small.of_kind(first, StepCompleted)[
        -1
    ].step  # those that a stop left untold come first
    assert steps == list(range(before + 1, EPOCHS * STEPS_PER_EPOCH + 1))
    assert_as_whole(run, rest, whole)


def test_a_run_may_be_stopped_and_resumed_again_and_again(
    tmp_path: Path, project: Project, whole: tuple[Run, list[Event]]
) -> None:
    run = small.new_run(project, tmp_path)
    events = until_step(project, run, 1)
    while not small.of_kind(events, RunCompleted):
        stopped_at = checkpoint.load(run.last)["step"]
        assert stopped_at >= small.of_kind(events, StepCompleted)[-1].step
        events = until_step(project, run, stopped_at + 7, resume=True)
    assert_as_whole(run, events, whole)


@pytest.mark.parametrize("step", [1, 20])
def test_closing_in_an_epoch_keeps_its_last_step(
    tmp_path: Path, project: Project, step: int
) -> None:
    run = small.new_run(project, tmp_path)
    seen = small.of_kind(until_step(project, run, step), StepCompleted)
    held = checkpoint.load(run.last)
    assert held["epoch"] == 0
    assert seen[-1].step <= held["step"] <= STEPS_PER_EPOCH
    assert held["sums"]["samples"] == min(50 * held["step"], SAMPLES)


@pytest.mark.parametrize("epoch", [1, EPOCHS])
@pytest.mark.parametrize("kind", [EpochCompleted, PredictionsSaved, CheckpointSaved])
def test_closing_while_an_epoch_is_measured_keeps_all_that_was_done(
    tmp_path: Path,
    project: Project,
    whole: tuple[Run, list[Event]],
    kind: type[EpochCompleted | PredictionsSaved | CheckpointSaved],
    epoch: int,
) -> None:
    run = small.new_run(project, tmp_path)
    with closing(fit(project, run)) as events:
        next(event for event in events if isinstance(event, kind) and event.epoch == epoch)
    assert_as_whole(run, list(fit(project, run, resume=True)), whole)


def test_closing_while_the_test_split_is_measured_does_not_mix_best_and_last_weights(
    tmp_path: Path, project: Project, whole: tuple[Run, list[Event]]
) -> None:
    run = small.new_run(project, tmp_path)
    with closing(fit(project, run)) as events:
        next(e for e in events if isinstance(e, PredictionsSaved) and e.split == "test")
    assert_as_whole(run, list(fit(project, run, resume=True)), whole)


def test_a_run_that_ended_before_its_first_step_begins_anew(
    tmp_path: Path, project: Project, whole: tuple[Run, list[Event]]
) -> None:
    run = small.new_run(project, tmp_path)
    with closing(fit(project, run)) as events:
        next(events)
    assert not run.last.exists()
    assert_as_whole(run, list(fit(project, run, resume=True)), whole)


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before_it(
    tmp_path: Path, project: Project
) -> None:
    project = project.replace(train=project.train.replace(epochs=20))
    run, never_stopped = (small.new_run(project, tmp_path) for _ in range(2))
    whole = never_stopped, list(fit(project, never_stopped))
    for _ in range(4):
        with closing(fit(project, run, resume=True)) as events:
            before = next(e.step for e in events if isinstance(e, RunStarted))
            next(e for e in events if isinstance(e, StepCompleted) and e.step >= before + 2)
    steps = [checkpoint.load(path)["step"] for path in run.kept]
    assert len(steps) == 3
    assert steps == sorted(steps, reverse=True)
    data = bytearray(run.last.read_bytes())
    for place in range(len(data) // 3, len(data) // 2):  # a single one may be mere padding
        data[place] ^= 1
    run.last.write_bytes(data)
    events = list(fit(project, run, resume=True))
    assert next(e.step for e in events if isinstance(e, RunStarted)) == steps[1]
    (told,) = small.of_kind(events, WriteFailed)
    assert f"{run.last} is damaged" in told.reason
    assert told.reason.endswith(f"goes on from the one before it, of step {steps[1]}.")
    assert_as_whole(run, events, whole)
    for path in run.kept:
        path.write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"last\.pt is damaged and can't be used"):
        next(fit(project, run, resume=True))


def test_a_checkpoint_cut_off_at_any_length_is_passed_over_for_the_one_before_it(
    tmp_path: Path, whole: tuple[Run, list[Event]]
) -> None:
    run = Run(shutil.copytree(whole[0].folder, tmp_path / "run"))
    data, before = run.last.read_bytes(), checkpoint.load(run.last)
    checkpoint.save(before | {"step": 1}, run.kept[1])
    for length in [*range(0, len(data), len(data) // 300), *range(len(data) - 40, len(data))]:
        run.last.write_bytes(data[:length])
        told: list[Event] = []
        state = last_good(run, told=told)
        assert state
        assert state["step"] == 1
        (sentence,) = small.of_kind(told, WriteFailed)
        assert f"{run.last} is damaged" in sentence.reason
    run.last.write_bytes(data)
    assert same(last_good(run), before)


def test_the_clock_goes_on_without_the_time_that_nobody_trained(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that moves by a millisecond when it is asked, however busy the machine is."""
    ticks, night = count(), 1e6
    slept = [0.0]
    clock = SimpleNamespace(perf_counter=lambda: slept[0] + next(ticks) / 1000)
    monkeypatch.setattr(pace, "time", clock)
    run = small.new_run(project, tmp_path)
    with closing(fit(project, run)) as events:
        last = next(e for e in events if isinstance(e, StepCompleted) and e.step == 40)
        slept[0] = night  # paused, and then stopped
    kept = checkpoint.load(run.last)
    held, steps = kept["seconds"], small.of_kind(fit(project, run, resume=True), StepCompleted)
    first = next(event for event in steps if event.step > kept["step"])
    assert 0 < last.seconds <= held < first.seconds < night


def test_a_completed_run_is_only_measured_again(
    tmp_path: Path, project: Project, whole: tuple[Run, list[Event]]
) -> None:
    again = list(fit(project, whole[0], resume=True))
    assert not small.of_kind(again, StepCompleted)
    assert list(told(again)) == list(told(whole[1]))[-1:]


def test_a_completed_run_goes_on_with_more_epochs(
    tmp_path: Path, project: Project, whole: tuple[Run, list[Event]]
) -> None:
    """As long as the lr does not depend on them, 2 epochs and 1 more are 3."""
    shorter = project.replace(train=project.train.replace(epochs=EPOCHS - 1))
    run = small.new_run(shorter, tmp_path)
    list(fit(shorter, run))
    assert_as_whole(run, list(fit(project, run, resume=True)), whole)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_the_checkpoint_of_another_network_or_optimizer_is_refused(
    tmp_path: Path, project: Project, whole: tuple[Run, list[Event]], optimizer: str
) -> None:
    other = small.linear(optimizer=optimizer)
    run = small.new_run(other, tmp_path)
    run.last.parent.mkdir(parents=True)
    run.last.write_bytes(whole[0].last.read_bytes())
    with pytest.raises(UserError, match="do not fit this network"):
        next(fit(other, run, resume=True))


def test_the_checkpoint_of_an_older_version_is_refused_in_words(
    tmp_path: Path, project: Project, whole: tuple[Run, list[Event]]
) -> None:
    run = small.new_run(project, tmp_path)
    state = checkpoint.load(whole[0].last)
    state["optimizer"] = state.pop("stepper")["optimizer"]
    checkpoint.save(state, run.last)
    with pytest.raises(UserError, match=r"made by an older version and can't be resumed"):
        next(fit(project, run, resume=True))


def test_training_can_start_from_the_weights_of_another_run(
    tmp_path: Path, project: Project, whole: tuple[Run, list[Event]]
) -> None:
    short = project.replace(train=project.train.replace(epochs=1, lr=1e-6))
    run = small.new_run(short, tmp_path)
    events = list(fit(short, run, weights=whole[0].best))
    [epoch] = small.of_kind(events, EpochCompleted)
    best = checkpoint.load(whole[0].best)
    assert epoch.val["loss"] == pytest.approx(best["loss"], abs=0.05)
    assert small.losses(events)[0] < small.losses(whole[1])[0] / 2
    assert small.of_kind(events, StepCompleted)[0].step == 1
    with pytest.raises(UserError, match="do not fit this network"):
        next(fit(small.linear(), small.new_run(small.linear(), tmp_path), weights=run.best))
