"""Run folders: numbered apart, found again, and replayed up to where a crash cut them off."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.core.events import (
    KEPT,
    CheckpointSaved,
    EpochCompleted,
    Event,
    PredictionsSaved,
    RecipeChanged,
    RunCompleted,
    RunStarted,
    StepCompleted,
    WriteFailed,
    event_from_json,
)
from workbench.core.project import Project
from workbench.core.run_of_project import newest_run_of
from workbench.core.runs import Run, create_run, remove_if_empty
from workbench.core.template import Template

EVENTS: tuple[Event, ...] = (
    RunStarted(
        run="0001-Digits",
        device="cpu",
        threads=2,
        parameters=5,
        samples=9,
        batch_size=4,
        steps_per_epoch=3,
        epochs=1,
    ),
    StepCompleted(step=1, epoch=1, seconds=0.1, samples=4, metrics={"loss": 1 / 3}, lr=1e-30),
    EpochCompleted(
        epoch=1,
        step=3,
        seconds=1e-9,
        samples_per_second=1e9,
        train={"loss": 0.1, "accuracy": 2 / 3},
        val={},
        best=True,
    ),
    RecipeChanged(step=3, lr=0.5, epochs=7),
    CheckpointSaved(path="checkpoints/last.pt", epoch=1, step=3),
    WriteFailed(reason="No room on “/größe”:\n{nothing} \u2028 left."),
    PredictionsSaved(path="predictions/val-00001.npz", split="val", epoch=1),
    RunCompleted(reason="completed", epoch=1, step=3, seconds=2.5, test={"loss": 0.25}),
)


@pytest.fixture
def project() -> Project:
    return Template.shelf["softmax_regression"].project()


def test_every_event_that_is_kept_is_the_same_when_it_is_read_back() -> None:
    assert {type(event) for event in EVENTS} == set(KEPT)
    for event in EVENTS:
        line = event.to_json()
        assert "\n" not in line
        assert event_from_json(line) == event
        assert json.loads(line)["event"] == type(event).__name__


def test_an_event_of_a_newer_program_with_further_fields_is_read() -> None:
    line = json.dumps({**json.loads(EVENTS[3].to_json()), "colour": "red"})
    assert event_from_json(line) == EVENTS[3]


NO_EVENTS = """ |x|{}|[]|5|null|"x"|{"event": 5}|{"event": "Progress", "text": "x"}|{"event": "Run
{"event": "RunStarted"}|{"event": ["RunStarted"]}"""


@pytest.mark.parametrize("line", [*NO_EVENTS.replace("\n", "|").split("|"), "", "[" * 100_000])
def test_a_line_that_is_no_event_is_left_out_and_counted(
    tmp_path: Path, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    run, told = Run(tmp_path), [event.to_json() for event in EVENTS]
    run.events_file.write_text("\n".join([told[0], line, *told[1:], line, ""]), "utf-8")
    assert list(run.events()) == list(EVENTS)
    assert f"{run.events_file}: 2 lines are no events" in caplog.text
    with pytest.raises(UserError, match=r"run\.jsonl: .* is not an event of a run"):
        event_from_json(line, "run.jsonl")


def test_a_last_line_that_was_cut_off_anywhere_is_left_out(tmp_path: Path) -> None:
    run = Run(tmp_path)
    lines = [event.to_json().encode() + b"\n" for event in EVENTS]
    for length in range(len(lines[-2]) + 1):
        run.events_file.write_bytes(b"".join(lines[:-2]) + lines[-2][:length])
        whole = len(EVENTS) - 1 if length == len(lines[-2]) else len(EVENTS) - 2
        assert list(run.events()) == list(EVENTS[:whole])


def test_a_run_without_events_has_none_and_a_folder_in_their_place_is_told(tmp_path: Path) -> None:
    assert list(Run(tmp_path).events()) == []
    Run(tmp_path).events_file.mkdir()
    with pytest.raises(UserError, match=r"events\.jsonl could not be read"):
        list(Run(tmp_path).events())


def test_runs_are_numbered_on_and_hold_their_project(tmp_path: Path, project: Project) -> None:
    runs_dir = tmp_path / "deep" / "runs"
    first = create_run(project, runs_dir)
    (runs_dir / "0041-Other").mkdir()
    (runs_dir / "notes.txt").write_text("mine")
    (runs_dir / "99-x").mkdir()
    second = create_run(project, runs_dir)
    (runs_dir / "12345-Iris").mkdir()
    third = create_run(project, runs_dir)
    assert [run.name for run in (first, second, third)] == ["0001-Iris", "0042-Iris", "12346-Iris"]
    assert first.project() == project


CREATE = """
import sys, pathlib, workbench.catalog
from workbench.core.project import load_project
from workbench.core.runs import create_run
project = load_project(pathlib.Path(sys.argv[1]))
for _ in range(25):
    print(create_run(project, pathlib.Path(sys.argv[2])).name)
"""


def test_runs_that_are_made_at_once_get_numbers_of_their_own(
    tmp_path: Path, project: Project
) -> None:
    (tmp_path / "net.workbench").write_text(project.to_json(), "utf-8")
    command = [
        sys.executable,
        "-c",
        CREATE,
        str(tmp_path / "net.workbench"),
        str(tmp_path / "runs"),
    ]
    makers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [maker.communicate(timeout=60)[0].split() for maker in makers]
    assert [maker.returncode for maker in makers] == [0, 0, 0]
    assert sorted(name for names in told for name in names) == [
        f"{number:04}-Iris" for number in range(1, 76)
    ]


def test_a_runs_folder_that_can_not_be_made_is_told(tmp_path: Path, project: Project) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(UserError, match=f"could not be made in {folder}.*Choose another"):
            create_run(project, folder)


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"{tmp_path} is not a run folder"):
        Run(tmp_path).project()


def trained(project: Project, runs_dir: Path) -> Run:
    run = create_run(project, runs_dir)
    run.last.parent.mkdir()
    run.last.touch()
    return run


def test_the_newest_run_of_exactly_this_project_is_found(tmp_path: Path, project: Project) -> None:
    other = project.replace(notes="another")
    assert newest_run_of(project, tmp_path / "nothing") is None
    trained(project, tmp_path)
    mine = trained(project, tmp_path)
    for number in range(5):
        trained(other.replace(notes=str(number)), tmp_path)
    create_run(project, tmp_path)  # it left no checkpoint: there is nothing to see of it
    assert newest_run_of(project, tmp_path) == mine
    assert newest_run_of(other, tmp_path) is None
    assert newest_run_of(project, tmp_path, among=6) is None
    assert newest_run_of(project, tmp_path, among=7) == mine


def test_a_run_that_was_changed_while_it_trained_is_found_as_it_was_and_as_it_became(
    tmp_path: Path, project: Project
) -> None:
    run = trained(project, tmp_path)
    started, *_ = EVENTS
    changes = [RecipeChanged(step=3, lr=0.5, epochs=7), RecipeChanged(step=9, lr=0.25, epochs=8)]
    with run.events_file.open("w") as file:
        file.writelines(f"{event.to_json()}\n" for event in (started, *changes))
    at = {lr: project.replace(train=project.train.replace(lr=lr, epochs=8)) for lr in (0.5, 0.25)}
    assert newest_run_of(at[0.25], tmp_path) == run
    assert newest_run_of(project, tmp_path) == run
    assert newest_run_of(at[0.5], tmp_path) is None
    assert newest_run_of(at[0.25].replace(notes="another"), tmp_path) is None
    with run.events_file.open("a") as file:  # killed, and resumed from before the second change
        file.write(dataclasses.replace(started, step=6, epochs=7).to_json() + "\n")
    assert newest_run_of(at[0.25], tmp_path) is None
    first = project.replace(train=project.train.replace(lr=0.5, epochs=7))
    assert newest_run_of(first, tmp_path) == run


def test_damaged_and_foreign_neighbours_do_not_hide_a_run(tmp_path: Path, project: Project) -> None:
    mine = trained(project, tmp_path)
    for name, data in [("0007-x", b"\xff\xfe"), ("0008-x", b""), ("0009-x", b"{}")]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "project.json").write_bytes(data)
    (tmp_path / "0010-x" / "project.json").mkdir(parents=True)
    (tmp_path / "0011-file").write_text("mine")
    assert newest_run_of(project, tmp_path) == mine


def test_events_are_frozen() -> None:
    for event in EVENTS:
        field = dataclasses.fields(event)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(event, field, None)


def test_a_run_without_a_step_is_removed_and_one_with_a_step_is_not(
    tmp_path: Path, project: Project
) -> None:
    empty, begun = create_run(project, tmp_path), create_run(project, tmp_path)
    step = StepCompleted(step=1, epoch=1, seconds=0.1, samples=8, metrics={"loss": 1.0}, lr=0.1)
    begun.events_file.write_text(step.to_json() + "\n", "utf-8")
    assert remove_if_empty(empty)
    assert not remove_if_empty(begun)
    assert [run.name for run in tmp_path.iterdir()] == [begun.name]
