"""`workbench lr`: the range test at the command line."""

import json
from pathlib import Path

import pytest

from tests.test_cli import called
from workbench.core.project import save_project
from workbench.core.template import Template
from workbench.engine.lr_finder import STEPS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "wines.workbench"
    save_project(Template.shelf["mlp"].project(), path)
    return path


def test_the_suggestion_is_told_to_people_and_to_programs(file: Path, home: Path) -> None:
    told = json.loads(called(home, "lr", file, "--json").stdout)
    assert told["lr"] in [tried["lr"] for tried in told["curve"]]
    assert 10 < len(told["curve"]) <= STEPS
    assert told["diverged"] == (len(told["curve"]) < STEPS)
    said = called(home, "lr", file)
    assert said.returncode == 0
    assert said.stdout.startswith(f"lr {told['lr']:.2g}, where the loss falls most steeply")
    assert not (home / "runs").exists()


def test_options_count_and_mistakes_are_told(file: Path, home: Path) -> None:
    ended = called(home, "lr", file, "--set", "train.optimizer.type=LBFGS")
    assert ended.returncode == 1
    assert "LBFGS searches for the length of its steps itself" in ended.stderr
