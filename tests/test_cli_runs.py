"""`workbench runs`: what a person and a script are told of the runs of the past."""

import json
from pathlib import Path

import pytest

from tests.test_cli import called, made, told
from workbench.cli.tables import figure
from workbench.core.run_notes import Notes, save_notes
from workbench.core.runs import Run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of a linear model, the second with a name and tags."""
    folder = tmp_path_factory.mktemp("home")
    file = made(folder, "linear_regression", "diabetes")
    for epochs in (2, 3):
        done = called(folder, "train", file, "--epochs", epochs, "--json")
        assert done.returncode == 0, done.stderr
    save_notes(Run(folder / "runs" / "0002-Diabetes"), Notes(name="second", tags=("a", "b")))
    return folder


def test_runs_are_told_as_json_newest_first(home: Path) -> None:
    second, first = told(home, "runs")
    assert [second["run"], first["run"]] == ["0002-Diabetes", "0001-Diabetes"]
    assert (second["name"], second["tags"], first["name"]) == ("second", ["a", "b"], "")
    folder = home / "runs" / "0001-Diabetes"
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert first["status"] == "completed"
    assert (first["epoch"], first["epochs"], second["epoch"]) == (2, 2, 3)
    assert first["test"] == events[-1]["test"]
    best = [event for event in events if event.get("best")][-1]
    assert (first["best_epoch"], first["best"]) == (best["epoch"], best["val"])
    assert first["folder"] == str(folder)
    started = next(event for event in events if event["event"] == "RunStarted")
    assert (first["threads"], first["tuning"]) == (started["threads"], started["tuning"])
    assert started["tuning"]["why"] == "short"


def test_runs_are_a_table_for_people(home: Path) -> None:
    done = called(home, "runs")
    head, second, first = done.stdout.splitlines()
    assert head.split() == ["run", "status", "dataset", "network", "epochs", "best", "test", "time"]
    assert second.startswith("0002-Diabetes (second)  completed")
    assert "1 Linear" in first
    assert "2 / 2" in first


def test_the_table_has_the_loss_and_one_more_figure(home: Path) -> None:
    best = told(home, "runs")[0]["best"]
    (name, value), *more = [item for item in best.items() if item[0] != "loss"]
    row = called(home, "runs").stdout.splitlines()[1]
    assert f"loss {figure(best['loss'])} · {name} {figure(value)}  " in row
    assert more
    assert not any(other in row for other, _ in more)


def test_another_folder_can_be_told_and_may_be_empty_or_no_folder(
    home: Path, tmp_path: Path
) -> None:
    assert called(home, "runs", "--runs-dir", tmp_path).stdout == f"No runs in {tmp_path}.\n"
    assert told(home, "runs", "--runs-dir", tmp_path / "nothing") == []
    (tmp_path / "file").write_text("mine")
    done = called(home, "runs", "--runs-dir", tmp_path / "file")
    assert (done.returncode, done.stdout) == (1, "")
    assert "could not be read" in done.stderr
    assert done.stderr.count("\n") == 1
