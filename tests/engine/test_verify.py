"""`train.py` in the folder of a run, and `workbench verify`, by real runs and real processes."""

import json
import sys
from contextlib import closing
from pathlib import Path

import pytest
import small

from workbench.cli import run as command
from workbench.core.errors import UserError
from workbench.core.events import RecipeChanged, StepCompleted, WriteFailed
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import changes
from workbench.engine.sinks import train
from workbench.engine.verify import verify


def trained(project: Project, folder: Path) -> Run:
    run = small.new_run(project, folder)
    assert not small.of_kind(train(project, run.folder), WriteFailed)
    return run


def losses(run: Run) -> list[float]:
    return [event.metrics["loss"] for event in small.of_kind(run.events(), StepCompleted)]


def test_the_first_step_that_differs_is_named(tmp_path: Path, capsys) -> None:
    """The data ship with the program; a run does not copy them."""
    run = trained(small.cnn(data="FashionMNISTSmall", epochs=1, batch_size=3000), tmp_path)
    assert not list(run.folder.glob("*.npz"))
    text = run.program.read_text("utf-8")
    assert "lr=0.01," in text
    run.program.write_text(text.replace("lr=0.01,", "lr=0.02,"), "utf-8")
    assert command(["verify", str(run.folder)]) == 1
    told = capsys.readouterr().out
    assert f"differs from step 2 on: the loss is {losses(run)[1]!r} in the run" in told


def test_a_run_from_weights_that_was_stopped_resumed_and_changed(tmp_path: Path, capsys) -> None:
    """It is verified as far as its recipe held; the program would go on for ever."""
    first = trained(small.dropping(epochs=1, batch_size=300), tmp_path)
    project = small.dropping(epochs=1_000_000, batch_size=300)
    run = small.new_run(project, tmp_path)
    with closing(train(project, run.folder, weights=first.best)) as events:
        next(event for event in events if isinstance(event, StepCompleted) and event.epoch == 2)
    begun = run.program.read_bytes()
    with closing(train(project, run.folder, resume=True)) as events:
        for event in events:
            if isinstance(event, StepCompleted) and event.epoch == 3:
                changes.asked.put(lr=0.5)
            if isinstance(event, RecipeChanged):
                break
    assert run.program.read_bytes() == begun
    assert command(["verify", str(run.folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["changed_at"] == told["steps"] > 10


def test_what_no_program_tells_is_said_in_its_place_and_stops_nothing(tmp_path: Path) -> None:
    run = trained(small.linear(optimizer="LBFGS", accumulate=2, epochs=1), tmp_path)
    assert small.of_kind(run.events(), StepCompleted)
    with pytest.raises(UserError, match=r"can't tell the accumulation .* LBFGS"):
        verify(run)


def test_the_packaged_program_names_the_command_since_it_has_no_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(small.linear(epochs=1), tmp_path)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(UserError, match=r"no Python to run train\.py with") as told:
        verify(run)
    assert str(told.value).endswith(f'run: python -m workbench verify "{run.folder}"')


def test_a_program_that_fails_or_is_gone_is_told(tmp_path: Path) -> None:
    run = trained(small.linear(epochs=1), tmp_path)
    run.program.write_text("raise SystemExit('no such data')\n", "utf-8")
    with pytest.raises(UserError, match=r"The train\.py of .* failed: no such data"):
        verify(run)
    run.program.unlink()
    with pytest.raises(UserError, match=r"has no train\.py"):
        verify(run)
    with pytest.raises(UserError, match="has no step to compare"):
        verify(small.new_run(small.linear(), tmp_path))
