"""What a list tells of real runs: how they stand, also after a kill, and their curves."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import small

from workbench.core.curves import CURVES, Curves, read_curves
from workbench.core.errors import UserError
from workbench.core.events import EpochCompleted, Event, RecipeChanged, StepCompleted
from workbench.core.run_list import ListedRun, list_runs, listed
from workbench.core.run_lock import at_work
from workbench.core.run_notes import Notes, read_notes, save_notes, tags_of
from workbench.core.run_of_project import project_as_changed
from workbench.core.run_summary import SUMMARY, Summary, read_summary, summarized
from workbench.core.runs import Run
from workbench.engine import checkpoint
from workbench.engine.sinks import train


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Event]]:
    """A run to its end, and what it said."""
    project = small.cnn(epochs=4)
    run = small.new_run(project, tmp_path_factory.mktemp("kept"))
    return run, list(train(project, run.folder))


@pytest.fixture
def done(kept: tuple[Run, list[Event]], tmp_path: Path) -> Run:
    """A copy of that run."""
    return Run(shutil.copytree(kept[0].folder, tmp_path / "runs" / kept[0].name))


def stopped(tmp_path: Path, step: int = 30) -> Run:
    project = small.cnn(epochs=50)
    run = small.new_run(project, tmp_path)
    with closing(train(project, run.folder)) as events:
        next(e for e in events if isinstance(e, StepCompleted) and e.step >= step)
    return run


def summary(run: Run) -> Summary:
    found = listed(run)
    assert found.summary
    return found.summary


def test_a_summary_says_what_the_events_say(kept: tuple[Run, list[Event]]) -> None:
    run, events = kept
    epochs = small.of_kind(events, EpochCompleted)
    best = min(epochs, key=lambda epoch: epoch.val["loss"])
    found = summary(run)
    assert listed(run).status == "completed"
    assert (found.best_epoch, found.best) == (best.epoch, best.val)
    assert (found.epoch, found.epochs, found.step) == (4, 4, epochs[-1].step)
    assert found.test == events[-1].test
    assert found.seconds == events[-1].seconds
    assert (found.dataset, found.network) == ("Digits (8×8 scans)", "1 Conv2d · 1 Linear")
    assert (found.optimizer, found.lr, found.batch_size) == ("Adam", 0.01, 64)


def test_a_summary_is_the_same_when_it_is_made_anew(done: Run) -> None:
    told = read_summary(done)
    for damage in ("missing", "", "{", '{"version": 2}', "[]", "\x00" * 300):
        path = done.folder / SUMMARY
        path.unlink() if damage == "missing" else path.write_text(damage)
        assert summary(done) == told == read_summary(done)


def test_what_an_older_program_added_to_the_events_is_not_missed(done: Run) -> None:
    last = json.loads(done.events_file.read_text().splitlines()[-1])
    with done.events_file.open("a") as file:
        file.write(json.dumps({**last, "reason": "failed", "step": 999}) + "\n")
    assert (listed(done).status, summary(done).step) == ("failed", 999)


def test_a_run_that_got_no_better_was_stopped_early(tmp_path: Path) -> None:
    project = small.linear(epochs=50, lr=1e-12, patience=2)
    run = small.new_run(project, tmp_path)
    list(train(project, run.folder))
    assert listed(run).status == "early"
    assert (summary(run).epoch, summary(run).epochs) == (3, 50)
    assert not listed(run).resumable


def test_a_metric_that_is_no_number_is_kept_as_it_is(done: Run) -> None:
    text = done.events_file.read_text()
    done.events_file.write_text(text.replace('"test": {', '"test": {"auc": NaN, '))
    assert str(summary(done).test["auc"]) == "nan"
    kept = read_summary(done)
    assert kept is not None
    assert str(kept.test["auc"]) == "nan"


def test_what_was_changed_on_the_way_is_told_as_it_was_set_last(done: Run) -> None:
    lines = done.events_file.read_text().splitlines(keepends=True)
    changed = RecipeChanged(step=2, lr=0.25, epochs=7).to_json() + "\n"
    done.events_file.write_text("".join([*lines[:3], changed, *lines[3:]]))
    assert (summary(done).lr, summary(done).epochs) == (0.25, 7)


def test_a_stopped_run_can_be_resumed_and_its_curves_go_on(tmp_path: Path) -> None:
    run = stopped(tmp_path)
    found = listed(run)
    assert (found.status, found.resumable) == ("stopped", True)
    with closing(train(run.project(), run.folder, resume=True)) as events:
        step = next(e for e in events if isinstance(e, StepCompleted)).step
        for event in events:
            assert listed(run).status == "running"
            if isinstance(event, EpochCompleted):
                break
    assert listed(run).status == "stopped"
    assert step > 30
    assert_as_told(read_curves(run), list(run.events()))


KILLED = """
import sys, pathlib, workbench.catalog
from workbench.core.events import StepCompleted
from workbench.core.project import load_project
from workbench.core.runs import Run
from workbench.engine.sinks import train
run = Run(pathlib.Path(sys.argv[1]))
for event in train(run.project(), run.folder):
    if isinstance(event, StepCompleted) and event.step >= 60:
        print("on", flush=True)
"""


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[tuple[Run, "subprocess.Popen[str]"]]:
    """A run at work in a process of its own."""
    run = small.new_run(small.cnn(epochs=100_000), tmp_path)
    command = [sys.executable, "-c", KILLED, str(run.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "on\n"
        yield run, process
        process.kill()


def test_a_run_is_running_until_its_process_is_killed(
    alive: tuple[Run, "subprocess.Popen[str]"],
) -> None:
    run, process = alive
    assert listed(run).status == "running"
    with pytest.raises(UserError, match="is being trained by another process"):
        next(train(run.project(), run.folder, resume=True))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    found = listed(run)
    assert found.status == "interrupted"
    assert summary(run) == read_summary(run) == summarized(run)
    curves = read_curves(run)
    assert_as_told(curves, list(run.events()))


def assert_as_told(curves: Curves, events: list[Event]) -> None:
    """The columns against the events, one by one."""
    steps, epochs = small.of_kind(events, StepCompleted), small.of_kind(events, EpochCompleted)
    held = curves.steps.columns
    assert list(held["step"]) == [event.step for event in steps]
    assert list(held["seconds"]) == [event.seconds for event in steps]
    assert list(held["loss/train"]) == [event.metrics["loss"] for event in steps]
    assert list(held["lr"]) == [event.lr for event in steps]
    held = curves.epochs.columns
    assert list(held["epoch"]) == [event.epoch for event in epochs]
    assert list(held["accuracy/val"]) == [event.val["accuracy"] for event in epochs]


def test_curves_are_what_the_events_say_with_and_without_their_file(
    kept: tuple[Run, list[Event]], done: Run
) -> None:
    for damage in ("whole", "cut", "garbage", "missing"):
        path = done.folder / CURVES
        data = path.read_bytes()
        if damage == "missing":
            path.unlink()
        elif damage != "whole":
            path.write_bytes(data[:-5] if damage == "cut" else b"garbage\n" + data)
        assert_as_told(read_curves(done), kept[1])
        path.write_bytes(data)


def test_curves_of_other_events_are_not_believed(done: Run) -> None:
    lines = done.events_file.read_bytes().splitlines(keepends=True)
    done.events_file.write_bytes(b"".join(lines[:5]))
    assert list(read_curves(done).steps.columns["step"]) == [1, 2, 3, 4]


def test_a_line_that_is_damaged_has_no_point_and_spoils_no_other(done: Run) -> None:
    lines = done.events_file.read_text().splitlines(keepends=True)
    other = re.sub(r'"loss": [^,}]+', '"loss": null', lines[2])
    assert other != lines[2]
    done.events_file.write_text("".join([*lines[:2], other, "[]\n", "{\n", *lines[3:]]))
    (done.folder / CURVES).unlink()
    curves = read_curves(done)
    assert list(curves.steps.columns["step"])[:3] == [1, 3, 4]
    assert {len(held) for held in curves.steps.columns.values()} == {len(curves.steps)}


def test_figures_that_come_later_are_missing_before(tmp_path: Path) -> None:
    curves = Curves()
    for step, metrics in ((1, {"loss": 2.0}), (2, {"loss": 1.0, "accuracy": 0.5}), (3, {})):
        told = StepCompleted(step=step, epoch=1, seconds=0.0, samples=1, metrics=metrics, lr=0.1)
        curves.take(told)
    assert str(list(curves.steps.columns["accuracy/train"])) == "[nan, 0.5, nan]"
    assert str(list(curves.steps.columns["loss/train"])) == "[2.0, 1.0, nan]"
    assert set(curves.tags) == {
        "lr",
        "loss/train",
        "accuracy/train",
    }


def test_runs_are_listed_newest_first_and_a_broken_one_is_told(tmp_path: Path, done: Run) -> None:
    folder = done.folder.parent
    (folder / "0007-Broken").mkdir()
    (folder / "0007-Broken" / "project.json").write_text("{}")
    (folder / "0099-no run").mkdir()
    (folder / "0100-file").write_text("mine")
    found = runs_in(folder)
    assert [run.run.name for run in found] == ["0007-Broken", done.name]
    assert found[0].status == "unreadable"
    assert "is not a workbench project" in found[0].fault
    assert [run.run.name for run in runs_in(folder, {done.name, "gone"})] == [done.name]
    assert runs_in(tmp_path / "nothing") == []
    with pytest.raises(UserError, match=r"could not be read.*Choose another"):
        runs_in(folder / "0100-file")


def runs_in(folder: Path, names: set[str] | None = None) -> list[ListedRun]:
    return [run for batch in list_runs(folder, names) for run in batch.runs]


def test_notes_are_kept_and_a_run_that_is_gone_does_not_come_back(done: Run) -> None:
    assert listed(done).title == done.name
    notes = Notes(name="größer", notes="two\nlines", tags=tags_of(" a, b,a ,, c d"))
    assert notes.tags == ("a", "b", "c d")
    save_notes(done, notes)
    assert read_notes(done) == listed(done).notes == notes
    assert listed(done).title == "größer"
    (done.folder / "notes.json").write_text("[")
    assert read_notes(done) == Notes()
    shutil.rmtree(done.folder)
    with pytest.raises(UserError, match="is gone"):
        save_notes(done, notes)
    assert not done.folder.exists()


def test_two_can_not_be_at_work_on_one_run(done: Run) -> None:
    with at_work(done), pytest.raises(UserError, match="another process"), at_work(done):
        raise AssertionError
    with at_work(done):  # it was let go
        pass


def test_an_lr_that_a_resume_made_void_is_no_longer_told(tmp_path: Path) -> None:
    """A checkpoint was taken at step 30, then lr was changed, and then the process was killed."""
    run = stopped(tmp_path)
    kept = checkpoint.load(run.last)["step"]
    lr = run.project().train.lr
    with run.events_file.open("a", encoding="utf-8") as lines:
        for step, wrong in ((kept + 1, 0.5), (kept + 2, 0.75)):
            lines.write(RecipeChanged(step=step, lr=wrong, epochs=50).to_json() + "\n")
    assert summary(run).lr == project_as_changed(run).train.lr == 0.75
    with closing(train(run.project(), run.folder, resume=True)) as events:
        next(event for event in events if isinstance(event, StepCompleted))
    assert summary(run).lr == project_as_changed(run).train.lr == lr
    assert project_as_changed(run) == run.project()


def test_a_run_is_new_until_its_training_has_said_a_word(tmp_path: Path) -> None:
    project = small.linear(epochs=1)
    run = small.new_run(project, tmp_path)
    assert listed(run).status == "new"
    assert not listed(run).resumable
    list(train(project, run.folder))
    assert listed(run).status == "completed"
