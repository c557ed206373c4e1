"""What a run leaves in its folder, and that a disk that refuses never stops training."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import small
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from workbench.core.errors import UserError
from workbench.core.events import (
    CheckpointSaved,
    EpochCompleted,
    PredictionsSaved,
    RunCompleted,
    StepCompleted,
    WriteFailed,
)
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine.fit import fit
from workbench.engine.sinks import record, replay, train


def lines(run: Run) -> list[dict[str, object]]:
    return [json.loads(line) for line in run.events_file.read_text("utf-8").splitlines()]


def test_the_events_of_a_run_are_replayed_as_they_were_told(tmp_path: Path) -> None:
    project = small.cnn()
    run = small.new_run(project, tmp_path)
    told = list(train(project, run.folder))
    assert isinstance(told[-1], RunCompleted)
    assert list(replay(run.folder)) == told
    assert [line["event"] for line in lines(run)] == [type(event).__name__ for event in told]


@pytest.mark.parametrize(
    "after", [StepCompleted, EpochCompleted, PredictionsSaved, CheckpointSaved]
)
def test_a_run_that_was_stopped_says_so_in_its_last_line(
    tmp_path: Path, after: type[StepCompleted]
) -> None:
    project = small.cnn(epochs=50)
    run = small.new_run(project, tmp_path)
    told = []
    with closing(train(project, run.folder)) as events:
        for event in events:
            told.append(event)
            if isinstance(event, after):
                break
    *before, last = run.events()
    assert before == told
    assert isinstance(last, RunCompleted)
    assert (last.reason, last.test, last.epoch) == ("stopped", {}, 1)
    assert last.step == small.of_kind(told, StepCompleted)[-1].step
    assert last.seconds >= small.of_kind(told, StepCompleted)[-1].seconds > 0
    assert run.last.is_file()


def test_a_run_that_failed_says_so_in_its_last_line(tmp_path: Path) -> None:
    project = small.linear(lr=0.3, epochs=1000, batch_size=8)
    run = small.new_run(project, tmp_path)
    with pytest.raises(UserError, match="stopped being a finite number"):
        list(train(project, run.folder))
    *_, last = run.events()
    assert isinstance(last, RunCompleted)
    assert last.reason == "failed"
    for line in lines(run):
        json.dumps(line, allow_nan=False)


def test_a_resumed_run_goes_on_in_the_same_file(tmp_path: Path) -> None:
    project = small.cnn(epochs=3)
    run = small.new_run(project, tmp_path)
    with closing(train(project, run.folder)) as events:
        next(event for event in events if isinstance(event, EpochCompleted))
    first = list(run.events())
    rest = list(train(project, run.folder, resume=True))
    assert list(run.events()) == first + rest


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_run_is_resumed_and_replayed_although_a_crash_cut_its_last_line_off(
    tmp_path: Path, cut: int
) -> None:
    project = small.linear(epochs=2)
    run = small.new_run(project, tmp_path)
    first = list(train(project, run.folder))
    data = run.events_file.read_bytes()
    run.events_file.write_bytes(data[:-cut])
    assert list(run.events()) == first[:-1]
    rest = list(train(project, run.folder, resume=True))
    assert list(run.events()) == first[:-1] + rest


def scalars(run: Run) -> EventAccumulator:
    found = EventAccumulator(str(run.tensorboard), size_guidance={"scalars": 0})
    found.Reload()
    return found


@pytest.mark.parametrize(
    ("project", "name"), [(small.cnn(epochs=3), "accuracy"), (small.linear(epochs=3), "mae")]
)
def test_tensorboard_shows_losses_metrics_lr_and_the_graph(
    tmp_path: Path, project: Project, name: str
) -> None:
    run = small.new_run(project, tmp_path)
    told = list(train(project, run.folder))
    found = scalars(run)
    tags = set(found.Tags()["scalars"])
    assert tags >= {"loss/train", "loss/val", f"{name}/train", f"{name}/val", "lr"}
    assert found.Tags()["graph"]
    assert b"weight" in found.Graph().SerializeToString()

    epochs = small.of_kind(told, EpochCompleted)
    for tag, metric in (("loss/val", "loss"), (f"{name}/val", name)):
        logged = [(entry.step, entry.value) for entry in found.Scalars(tag)]
        expected = [(epoch.step, pytest.approx(epoch.val[metric])) for epoch in epochs]
        assert logged == expected
    steps = {step.step: step for step in small.of_kind(told, StepCompleted)}
    for entry in found.Scalars("loss/train"):
        assert entry.value == pytest.approx(steps[entry.step].metrics["loss"])
    for entry in found.Scalars("lr"):
        assert entry.value == pytest.approx(project.train.lr)
    [tested] = found.Scalars("loss/test")
    completed = told[-1]
    assert isinstance(completed, RunCompleted)
    assert tested.value == pytest.approx(completed.test["loss"])


def test_logging_changes_nothing_in_training(tmp_path: Path) -> None:
    """The graph draws a network of its own: no random number of training may be used up."""
    project = small.dropping(epochs=2)
    bare = fit(project, small.new_run(project, tmp_path))
    logged = train(project, small.new_run(project, tmp_path).folder)
    assert small.losses(bare) == small.losses(logged)


def test_what_a_resumed_run_logs_hides_what_was_logged_of_later_steps(tmp_path: Path) -> None:
    project = small.linear(epochs=4)
    run = small.new_run(project, tmp_path)
    short = project.replace(train=project.train.replace(epochs=2))
    list(train(short, run.folder))
    kept = run.last.read_bytes()
    list(train(project, run.folder, resume=True))
    run.last.write_bytes(kept)  # as if the run had died after its second epoch
    list(train(project, run.folder, resume=True))
    steps = [entry.step for entry in scalars(run).Scalars("loss/val")]
    assert steps == sorted(set(steps))
    assert len(steps) == 4


def test_a_run_folder_that_goes_away_is_told_and_training_goes_on(tmp_path: Path) -> None:
    project = small.cnn(epochs=3)
    run = small.new_run(project, tmp_path)
    told = []
    for event in fit(project, run):
        told.append(event)
        if len(told) == 2:
            run.folder.rename(tmp_path / "elsewhere")
            run.folder.write_text("a file in its place")
    failed = small.of_kind(told, WriteFailed)
    assert failed
    for event in failed:
        assert str(run.folder) in event.reason
        assert event.reason.endswith(".")
    assert len(small.of_kind(told, EpochCompleted)) == 3
    completed = told[-1]
    assert isinstance(completed, RunCompleted)
    assert completed.reason == "completed"
    assert run.folder.read_text() == "a file in its place"


def test_a_disk_that_has_room_again_at_the_end_gets_no_mixture_of_best_and_last_weights(
    tmp_path: Path,
) -> None:
    project = small.cnn(epochs=2)
    run = small.new_run(project, tmp_path)
    blocked = run.last.parent
    blocked.write_text("a file in the folder's place")
    for event in fit(project, run):
        if isinstance(event, PredictionsSaved) and event.split == "test":
            blocked.unlink()
    assert not run.last.exists()


def test_a_log_that_can_not_be_written_is_told_once_and_training_goes_on(tmp_path: Path) -> None:
    project = small.linear(epochs=3)
    run = small.new_run(project, tmp_path)
    run.events_file.symlink_to("/dev/full")
    told = list(record(fit(project, run), run))
    [failed] = small.of_kind(told, WriteFailed)
    assert "No space left on device" in failed.reason
    assert "Training goes on" in failed.reason
    assert len(small.of_kind(told, EpochCompleted)) == 3
    assert run.last.is_file()


def test_stopping_a_run_whose_log_can_not_be_written_is_quiet(tmp_path: Path) -> None:
    project = small.linear(epochs=3)
    run = small.new_run(project, tmp_path)
    run.events_file.symlink_to("/dev/full")
    with closing(record(fit(project, run), run)) as events:
        next(event for event in events if isinstance(event, EpochCompleted))
    assert run.last.is_file()


FULL = """
import pathlib, resource, sys
import torch, workbench.catalog
torch.set_num_threads(1)
from workbench.core.runs import Run
from workbench.engine.sinks import train
run = Run(pathlib.Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))  # no file may grow beyond 8 kB
for event in train(run.project(), run.folder):
    print(event.to_json())
"""


def test_training_goes_on_to_its_end_while_the_disk_is_full(tmp_path: Path) -> None:
    """Nothing but the project itself can be written whole: log, TensorBoard, checkpoints."""
    project = small.cnn(epochs=3, batch_size=16)
    run = small.new_run(project, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(run.folder)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert (told[-1]["event"], told[-1]["reason"]) == ("RunCompleted", "completed")
    assert [line["epoch"] for line in told if line["event"] == "EpochCompleted"] == [1, 2, 3]
    reasons = [line["reason"] for line in told if line["event"] == "WriteFailed"]
    assert any("last.pt" in reason or "best.pt" in reason for reason in reasons)
    assert sum("can't be written" in reason for reason in reasons) in (1, 2)
    assert not list(run.folder.rglob("*.tmp"))
    assert not run.last.exists()
    assert list(run.events()), "what could be written can be read"
