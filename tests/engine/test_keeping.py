"""How often a run keeps what it has, and what its folder holds of it."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import small
import torch

from workbench.core.events import (
    CheckpointSaved,
    EpochCompleted,
    PredictionsSaved,
    RunCompleted,
    RunStarted,
    StepCompleted,
    WriteFailed,
)
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import checkpoint, training
from workbench.engine.changes import Changes
from workbench.engine.fit import fit
from workbench.engine.pace import Share


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept now and then is kept whenever it could be."""
    monkeypatch.setattr(training, "PREDICTIONS_SECONDS", 0.0)
    monkeypatch.setattr(training, "CHECKPOINT_SHARE", 1e9)


@pytest.mark.usefixtures("always")
def test_one_file_of_predictions_is_kept_of_each_split(tmp_path: Path) -> None:
    project = small.cnn(epochs=6, batch_size=256)
    run = small.new_run(project, tmp_path)
    told = small.of_kind(fit(project, run), PredictionsSaved)
    assert [event.epoch for event in told if event.split == "val"] == [1, 2, 3, 4, 5, 6]
    folder = run.folder / "predictions"
    assert sorted(path.name for path in folder.iterdir()) == ["test-00006.npz", "val-00006.npz"]


KILLED_IN_ITS_FIRST_EPOCH = """
import os, pathlib, signal, sys
import torch, workbench.catalog
torch.set_num_threads(1)
from workbench.core.events import CheckpointSaved
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import training
from workbench.engine.fit import fit
run = Run(pathlib.Path(sys.argv[1]))
training.CHECKPOINT_SHARE, training.CHECKPOINT_IN_EPOCH, training.REPORT_SECONDS = 1e9, 0.0, 0.0
for event in fit(run.project(), run, resume=True):
    if isinstance(event, CheckpointSaved) and event.step >= 9:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_killed_within_its_first_epoch_goes_on_within_it_to_the_last_bit(
    tmp_path: Path,
) -> None:
    project = small.dropping(batch_size=50, epochs=2)
    run, whole = (small.new_run(project, tmp_path) for _ in range(2))
    list(fit(project, whole))
    command = [sys.executable, "-c", KILLED_IN_ITS_FIRST_EPOCH, str(run.folder)]
    done = subprocess.run(command, timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL
    started, *rest = fit(project, run, resume=True)
    assert isinstance(started, RunStarted)
    assert started.step == 9
    assert isinstance(rest[-1], RunCompleted)
    for path, other in ((run.last, whole.last), (run.best, whole.best)):
        mine, theirs = checkpoint.load(path)["model"], checkpoint.load(other)["model"]
        assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


def test_what_takes_long_is_done_so_seldom_that_it_keeps_to_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("time.perf_counter", lambda: now)
    share, busy, done = Share(0.01, longest=300.0), 0.0, []
    while now < 3600.0:
        if share.due(least=10.0):
            done.append(now)
            with share.spending():
                now += 0.5
            busy += 0.5
        now += 0.25
    assert done[0] == 10.0
    assert 0.009 < busy / now < 0.0105
    with share.spending():
        now += 40.0
    now += 299.0
    assert not share.due()
    now += 1.0
    assert share.due(), "four thousand seconds are too much to lose"
    now += 10_000.0  # a pause, say
    with share.spending():
        now += 0.5
    assert not share.due(), "a pause is no reason to do it at every step afterwards"


def test_a_run_keeps_its_state_at_its_end_however_seldom_it_does_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CHECKPOINT_SHARE", 1e-9)
    project = small.linear(epochs=5)
    run = small.new_run(project, tmp_path)
    saved = small.of_kind(fit(project, run), CheckpointSaved)
    assert [event.epoch for event in saved] == [1, 5]
    assert checkpoint.load(run.last)["epoch"] == 5


def test_a_run_that_is_shortened_at_an_epochs_end_keeps_the_network_that_it_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CHECKPOINT_SHARE", 1e-9)
    layers = small.layer("Flatten"), small.layer("Linear", out_features=10)
    project, changes, best = small.project(*layers, epochs=50, lr=0.01), Changes(), 0
    run = small.new_run(project, tmp_path)
    for event in fit(project, run, changes=changes):
        if isinstance(event, EpochCompleted):
            best = event.epoch if event.best else best
            if event.epoch == 4:
                changes.put(epochs=4)
    assert isinstance(event, RunCompleted)
    assert (event.reason, event.epoch) == ("completed", 4)
    assert checkpoint.load(run.last)["epoch"] == 4
    kept = checkpoint.load(run.best)
    assert kept["epoch"] == best > 1
    assert _test_loss(project, kept["model"]) == pytest.approx(event.test["loss"], rel=1e-4)


def _test_loss(project: Project, weights: dict[str, torch.Tensor]) -> float:
    """Of softmax regression on the digits, by hand."""
    splits = project.data.load()
    learned, tested = (torch.from_numpy(splits[name].inputs) / 16 for name in ("train", "test"))
    inputs = ((tested - learned.mean()) / learned.std(correction=0)).flatten(1)
    weight, bias = (weights[name] for name in sorted(weights, reverse=True))
    targets = torch.from_numpy(splits["test"].targets)
    return torch.nn.functional.cross_entropy(inputs @ weight.T + bias, targets).item()


def _steps(run: Run) -> list[int]:
    return [checkpoint.load(path)["step"] for path in run.kept if path.exists()]


def _inodes(run: Run) -> set[int]:
    return {path.stat().st_ino for path in run.kept if path.exists()}


@pytest.mark.usefixtures("always")
def test_saves_that_fail_leave_the_older_checkpoints_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes no file that is written in full."""
    project = small.linear(epochs=7)
    run, failed, before = small.new_run(project, tmp_path), 0, []
    for event in fit(project, run):
        if isinstance(event, CheckpointSaved) and event.epoch == 3:
            before = _steps(run)
            monkeypatch.setattr(os, "fsync", _refuse)
        elif isinstance(event, WriteFailed) and "last.pt" in event.reason:
            failed += 1
            assert _steps(run) == before
        elif isinstance(event, EpochCompleted) and event.epoch == 6:
            monkeypatch.undo()
    assert failed >= 2
    assert len(_inodes(run)) == 3


def _refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.usefixtures("always")
def test_what_a_kill_left_half_written_is_removed_as_the_run_goes_on(tmp_path: Path) -> None:
    project = small.linear(epochs=2)
    run = small.new_run(project, tmp_path)
    with closing(fit(project, run)) as events:
        next(event for event in events if isinstance(event, StepCompleted))
    left = [run.last.with_name(".last.pt.x1.tmp"), run.predictions("val", 1).with_name(".v.tmp")]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    list(fit(project, run, resume=True))
    assert not list(run.folder.rglob("*.tmp"))
    assert run.last.is_file()


@pytest.mark.usefixtures("always")
def test_a_crash_between_the_shift_and_the_new_checkpoint_costs_no_older_one(
    tmp_path: Path,
) -> None:
    project = small.linear(epochs=6)
    run = small.new_run(project, tmp_path)
    with closing(fit(project, run)) as events:
        next(e for e in events if isinstance(e, CheckpointSaved) and e.epoch == 3)
    _, one, two = run.kept
    one.replace(two)
    os.link(run.last, one)  # as the shift leaves them
    assert _steps(run) == [36, 36, 24]
    with closing(fit(project, run, resume=True)) as events:
        next(e for e in events if isinstance(e, CheckpointSaved))
    assert _steps(run) == [48, 36, 24]
