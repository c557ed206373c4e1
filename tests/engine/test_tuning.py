"""What is chosen for speed: measured, recorded, kept, and without a trace in the numbers."""

import json
import math
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import small
import torch
from torch import nn

from workbench.core.events import EpochCompleted, Event, RunStarted
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import checkpoint, kept_tunings, tuning
from workbench.engine.batches import Batches
from workbench.engine.build import build
from workbench.engine.evaluate import evaluate
from workbench.engine.fit import fit

CPU = torch.device("cpu")
LONG = 100_000  # epochs: long enough to be worth measuring


@pytest.fixture(autouse=True)
def any_machine_is_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests run beside these, and what is measured meanwhile would not be kept."""
    monkeypatch.setattr(tuning, "CALM", math.inf)


def started(events: list[Event]) -> dict[str, Any]:
    [event] = small.of_kind(events, RunStarted)
    return dict(event.tuning)


def beginning(project: Project, run: Run, epochs: int = 1, **arguments: Any) -> list[Event]:
    """The events of the first epochs of a run, which is then stopped."""

    def until(events: Iterator[Event]) -> Iterator[Event]:
        ended = 0
        for event in events:
            yield event
            ended += isinstance(event, EpochCompleted)
            if ended == epochs:
                return

    with closing(fit(project, run, **arguments)) as events:
        return list(until(events))


def keep(**changes: Any) -> None:
    """Change what was measured before, as if this were another machine."""
    kept = {key: told | changes for key, told in kept_tunings.read().items()}
    kept_tunings.path().write_text(json.dumps(kept))


def losses_by_hand(project: Project, tuning: dict[str, Any]) -> Iterator[float]:
    """A loop of torch alone, in the layout and with the optimizer that the run says it used."""
    torch.manual_seed(project.train.seed)
    layout = torch.channels_last if tuning["channels_last"] else torch.contiguous_format
    network = build(project.model, project.data.info().shape).to(memory_format=layout).train()
    made = getattr(torch.optim, project.train.optimizer.kind)
    optimizer = made(network.parameters(), lr=project.train.lr, fused=tuning["fused"])
    batches = Batches(project.data, CPU, tuning["channels_last"])
    for inputs, targets in batches.shuffled(project.train.batch_length(10**6), 0, 1):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(inputs), targets)
        loss.backward()
        optimizer.step()
        yield loss.item()


def test_a_long_run_measures_once_and_says_what_it_chose_and_why(tmp_path: Path) -> None:
    project = small.cnn(epochs=LONG)
    first = started(beginning(project, small.new_run(project, tmp_path)))
    assert first["why"] == "measured"
    assert first["gains"].keys() == {"channels_last", "fused"}
    for name, gain in first["gains"].items():
        assert first[name] == (gain >= 1.02)
    again = started(beginning(project, small.new_run(project, tmp_path)))
    assert again == first | {"why": "kept"}


def test_what_is_measured_while_the_machine_is_busy_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "CALM", 0.0)
    project = small.cnn(epochs=LONG)
    for _ in ("first", "again"):
        told = started(beginning(project, small.new_run(project, tmp_path)))
        assert told["why"] == "measured"
    assert not kept_tunings.path().exists()


@pytest.mark.parametrize("chosen", [{}, {"channels_last": True}, {"fused": True}])
def test_measuring_leaves_no_trace_in_the_numbers(tmp_path: Path, chosen: dict[str, bool]) -> None:
    """Also not in dropout and running statistics, whose random numbers and buffers it could use."""
    project = small.dropping(epochs=LONG)
    events = beginning(project, small.new_run(project, tmp_path))
    assert small.losses(events) == list(losses_by_hand(project, started(events)))
    keep(**({"channels_last": False, "fused": False} | chosen))
    events = beginning(project, small.new_run(project, tmp_path))
    assert started(events).items() >= chosen.items()
    assert small.losses(events) == list(losses_by_hand(project, started(events)))


@pytest.mark.parametrize("channels_last", [True, False])
def test_a_run_goes_on_with_what_was_recorded_of_it(tmp_path: Path, channels_last: bool) -> None:
    project = small.dropping(epochs=LONG)
    beginning(project, small.new_run(project, tmp_path))
    keep(channels_last=channels_last, fused=not channels_last)
    whole = beginning(project, small.new_run(project, tmp_path), epochs=2)
    run = small.new_run(project, tmp_path)
    before = beginning(project, run)
    keep(channels_last=not channels_last, fused=channels_last)
    after = beginning(project, run, resume=True)
    assert started(after)["channels_last"] == channels_last
    assert started(after)["fused"] != channels_last
    assert small.losses(before) + small.losses(after) == small.losses(whole)


def test_figures_of_a_run_are_measured_again_in_its_own_layout(tmp_path: Path) -> None:
    project = small.dropping(epochs=LONG)
    beginning(project, small.new_run(project, tmp_path))
    keep(channels_last=False)
    run = small.new_run(project, tmp_path)
    events = beginning(project, run)
    assert checkpoint.load(run.best)["tuning"]["channels_last"] is False
    [epoch] = small.of_kind(events, EpochCompleted)
    assert evaluate(run, "val").metrics == epoch.val


@pytest.mark.parametrize(
    ("recipe", "why"), [({"epochs": 2}, "short"), ({"epochs": LONG, "deterministic": True}, None)]
)
def test_short_and_deterministic_runs_measure_nothing(
    tmp_path: Path, recipe: dict[str, Any], why: str | None
) -> None:
    project = small.cnn(**recipe)
    tuning = started(beginning(project, small.new_run(project, tmp_path)))
    assert tuning["why"] == (why or "deterministic")
    assert tuning["channels_last"]
    assert tuning["fused"]
    assert not kept_tunings.path().exists()


def test_a_compiler_that_fails_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", ("no-such-compiler",))
    project = small.linear(epochs=LONG, compile=True)
    events = beginning(project, small.new_run(project, tmp_path))
    assert started(events)["gains"]["compile"] == 0.0
    assert not started(events)["compile"]
    assert len(small.losses(events)) > 1


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', "{"])
def test_a_damaged_memory_of_measurements_is_measured_anew(tmp_path: Path, content: str) -> None:
    project = small.linear(epochs=LONG)
    run = small.new_run(project, tmp_path)
    kept_tunings.path().parent.mkdir(parents=True, exist_ok=True)
    kept_tunings.path().write_text(content)
    assert started(list(islice(fit(project, run), 5)))["why"] == "measured"
    assert len([told for told in kept_tunings.read().values() if isinstance(told, dict)]) == 1
