"""A disk that fills up, a folder that may not be written any more or is gone, all while a run
trains: it goes on, says so, and what was kept before stays good."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import small
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from workbench.core.events import (
    CheckpointSaved,
    EpochCompleted,
    RunCompleted,
    RunStarted,
    WriteFailed,
)
from workbench.core.project import Project
from workbench.core.run_list import listed
from workbench.core.run_lock import is_at_work
from workbench.engine import checkpoint
from workbench.engine.sinks import train
from workbench.engine.verify import verify

TRAINS = """
import pathlib, resource, sys
import torch, workbench.catalog
torch.set_num_threads(1)
from workbench.core.events import CheckpointSaved
from workbench.core.runs import Run
from workbench.engine import training
from workbench.engine.sinks import train

def fills_up():
    size = run.last.stat().st_size // 2  # no file may grow beyond half a checkpoint
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def is_closed():
    for folder in (run.folder, *(path for path in run.folder.rglob("*") if path.is_dir())):
        folder.chmod(0o500)

run = Run(pathlib.Path(sys.argv[1]))
lose = {"full": fills_up, "closed": is_closed}[sys.argv[2]]
training.CHECKPOINT_SHARE = 1e9  # one after every epoch, as of long ones
for event in train(run.project(), run.folder):
    print(event.to_json(), flush=True)
    if lose and isinstance(event, CheckpointSaved) and event.epoch == 2:
        lose()
        lose = None
"""
DROP_FROM_BOUNDING_SET = 24  # of prctl
OVERRIDE_PERMISSIONS, READ_ANYTHING = 1, 2


def as_others() -> None:
    """Permissions are to mean something to root too, which runs the tests in containers."""
    if os.geteuid() == 0:
        for power in (OVERRIDE_PERMISSIONS, READ_ANYTHING):
            ctypes.CDLL(None).prctl(DROP_FROM_BOUNDING_SET, power, 0, 0, 0)


def straight(project: Project, folder: Path) -> dict[str, torch.Tensor]:
    run = small.new_run(project, folder)
    list(train(project, run.folder))
    weights: dict[str, torch.Tensor] = checkpoint.load(run.last)["model"]
    return weights


@pytest.mark.parametrize("loss", ["full", "closed"])
def test_a_run_whose_disk_is_lost_trains_to_its_end_and_goes_on_from_what_it_had_kept(
    tmp_path: Path, loss: str
) -> None:
    project = small.cnn(epochs=5, batch_size=16)
    run = small.new_run(project, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", TRAINS, str(run.folder), loss],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        preexec_fn=as_others,
    )
    for folder in [run.folder, *(path for path in run.folder.rglob("*") if path.is_dir())]:
        folder.chmod(0o700)
    assert done.returncode == 0, done.stderr
    assert "Exception in thread" not in done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["epoch"] for line in told if line["event"] == "EpochCompleted"] == [1, 2, 3, 4, 5]
    assert [line["reason"] for line in told if line["event"] == "RunCompleted"] == ["completed"]
    _assert_said(told, loss)

    assert checkpoint.load(run.last)["epoch"] == 2
    assert not list(run.folder.rglob("*.tmp"))
    list(train(project, run.folder, resume=True))
    weights = straight(project, tmp_path)
    for name, value in checkpoint.load(run.last)["model"].items():
        assert torch.equal(value, weights[name]), name


REFUSED_FOR_A_WHILE = """
import pathlib, resource, sys
import torch, workbench.catalog
torch.set_num_threads(1)
from workbench.core.events import EpochCompleted
from workbench.core.runs import Run
from workbench.engine.sinks import train

run = Run(pathlib.Path(sys.argv[1]))
begin, end = map(int, sys.argv[2:])
EVER = resource.RLIM_INFINITY
if not begin:
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, EVER))
for event in train(run.project(), run.folder):
    print(event.to_json(), flush=True)
    if isinstance(event, EpochCompleted) and event.epoch == begin:
        few = run.events_file.stat().st_size + 100  # within a line
        resource.setrlimit(resource.RLIMIT_FSIZE, (few, EVER))
    if isinstance(event, EpochCompleted) and event.epoch == end:
        resource.setrlimit(resource.RLIMIT_FSIZE, (EVER, EVER))
"""


@pytest.mark.parametrize("begin", [0, 2])
def test_a_log_that_was_refused_for_a_while_goes_on_when_there_is_room_again(
    tmp_path: Path, begin: int
) -> None:
    project = small.cnn(epochs=6, batch_size=16)
    run = small.new_run(project, tmp_path)
    command = [sys.executable, "-c", REFUSED_FOR_A_WHILE, str(run.folder), str(begin), "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    reasons = [line["reason"] for line in told if line["event"] == "WriteFailed"]
    assert sum(reason.startswith(f"{run.events_file} can't") for reason in reasons) == 1
    lines = [json.loads(line) for line in run.events_file.read_text("utf-8").splitlines()]
    assert lines[0] == next(line for line in told if line["event"] == "RunStarted")
    assert lines[-1] == told[-1]
    epochs = [line["epoch"] for line in lines if line["event"] == "EpochCompleted"]
    assert epochs == [*range(1, begin + 1), 5, 6]
    assert listed(run).status == "completed"
    if begin:
        found = verify(run)
        steps = [line["step"] for line in told if line["event"] == "EpochCompleted"]
        assert found.equal
        assert steps[1] == found.steps, "nothing is compared behind a gap"


def _assert_said(told: list[dict[str, Any]], loss: str) -> None:
    reasons = [line["reason"] for line in told if line["event"] == "WriteFailed"]
    why = {"full": "File too large", "closed": "Permission denied"}[loss]
    of_checkpoints = [reason for reason in reasons if "last.pt" in reason or "best.pt" in reason]
    assert of_checkpoints
    for reason in of_checkpoints:
        assert f"could not be written: {why}. The file on disk is unchanged" in reason
    logs = [reason for reason in reasons if "can't be written" in reason]
    assert logs
    assert len(logs) == len({reason.split(" can't")[0] for reason in logs}), "each is told once"
    assert all(reason.endswith(f"{why}. Training goes on.") for reason in logs)


def test_a_run_folder_that_is_deleted_is_told_and_begun_anew(tmp_path: Path) -> None:
    project = small.cnn(epochs=5, batch_size=16)
    run = small.new_run(project, tmp_path)
    told, at_work = [], []
    for event in train(project, run.folder):
        told.append(event)
        at_work.append(is_at_work(run) or not run.project_file.exists())
        if isinstance(event, CheckpointSaved) and len(small.of_kind(told, CheckpointSaved)) == 1:
            shutil.rmtree(run.folder)
    (failed,) = small.of_kind(told, WriteFailed)
    assert all(at_work), "what is there could be resumed by another process"
    assert checkpoint.load(run.best)["epoch"] <= 5
    assert failed.reason.startswith(f"{run.folder} was removed while its run trains.")
    assert run.project() == project
    first, *_, last = run.events()
    assert isinstance(first, RunStarted)
    assert isinstance(last, RunCompleted)
    assert last.reason == "completed"
    assert listed(run).status == "completed"
    assert checkpoint.load(run.last)["epoch"] == 5
    board = EventAccumulator(str(run.tensorboard), size_guidance={"scalars": 0})
    board.Reload()
    steps = {event.step for event in small.of_kind(told, EpochCompleted)}
    logged = {entry.step for entry in board.Scalars("loss/val")}
    assert logged
    assert logged < steps
    assert "loss/test" in board.Tags()["scalars"]
