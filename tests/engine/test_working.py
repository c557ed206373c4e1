"""How torch works while a run is trained: threads, determinism, precision and compiling."""

from contextlib import closing
from pathlib import Path

import pytest
import small
import torch

from workbench.core.errors import UserError
from workbench.core.events import RunCompleted, RunStarted, StepCompleted
from workbench.core.project import Project
from workbench.engine import checkpoint
from workbench.engine.evaluate import evaluate
from workbench.engine.fit import fit


def other_number_of_threads() -> int:
    return torch.get_num_threads() + 1


def test_threads_are_those_of_the_recipe_and_afterwards_those_of_before(tmp_path: Path) -> None:
    before, wanted = torch.get_num_threads(), other_number_of_threads()
    project = small.cnn(epochs=1, threads=wanted)
    run = small.new_run(project, tmp_path)
    with closing(fit(project, run)) as events:
        started = next(event for event in events if isinstance(event, RunStarted))
        assert started.threads == torch.get_num_threads() == wanted
        list(events)
    assert torch.get_num_threads() == before
    assert checkpoint.load(run.last)["threads"] == wanted


def test_a_resumed_run_works_with_as_many_threads_as_before(tmp_path: Path) -> None:
    """Sums over other parts are other sums: with another number the weights would drift."""
    before, other = torch.get_num_threads(), other_number_of_threads()
    project = small.cnn(epochs=50)
    run = small.new_run(project, tmp_path)
    try:
        torch.set_num_threads(other)
        with closing(fit(project, run)) as events:
            next(event for event in events if isinstance(event, StepCompleted))
    finally:
        torch.set_num_threads(before)
    with closing(fit(project, run, resume=True)) as events:
        started = next(event for event in events if isinstance(event, RunStarted))
    assert started.threads == other
    assert torch.get_num_threads() == before


def test_deterministic_mode_holds_while_training_only(tmp_path: Path) -> None:
    project = small.linear(deterministic=True)
    with closing(fit(project, small.new_run(project, tmp_path))) as events:
        next(event for event in events if isinstance(event, StepCompleted))
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_layer_without_a_deterministic_form_is_told(tmp_path: Path) -> None:
    layers = [
        small.layer("Conv2d", out_channels=2, padding=1),
        small.layer("MaxPool2d"),
        small.layer("Flatten"),
        small.layer("Linear", out_features=10),
    ]
    project = small.project(*layers, epochs=1, deterministic=True)
    *_, ended = fit(project, small.new_run(project, tmp_path))
    assert isinstance(ended, RunCompleted)  # all that these need has one on CPU


def chosen(project: Project, folder: Path) -> dict[str, str]:
    with closing(fit(project, small.new_run(project, folder))) as events:
        return dict(next(event for event in events if isinstance(event, RunStarted)).chosen)


def test_a_run_tells_what_was_chosen_for_speed_and_why(tmp_path: Path) -> None:
    assert chosen(small.cnn(), tmp_path)["layout"].startswith("channels_last: ")
    told = chosen(small.linear(), tmp_path)
    assert told["layout"].startswith("contiguous: ")
    assert told["optimizer"].startswith("fused: ")
    assert chosen(small.linear(optimizer="RMSprop"), tmp_path)["optimizer"].startswith("not fused")


def test_bf16_is_used_where_it_is_measured_to_be_faster(tmp_path: Path) -> None:
    project = small.cnn(precision="bf16", epochs=1)
    run = small.new_run(project, tmp_path)
    started = small.of_kind(fit(project, run), RunStarted)[0]
    told = started.chosen["precision"]
    figures = [float(word) for word in told.replace("off", "").split() if word[0].isdigit()]
    faster, plain = figures
    assert told.split(":")[0] == ("on" if faster < plain else "off")
    assert checkpoint.load(run.last)["speed"]["precision"] == (
        "bf16" if told.startswith("on") else "fp32"
    )


def test_measuring_draws_no_random_number_and_moves_no_weight(tmp_path: Path) -> None:
    """A run whose bf16 is refused is the run without it, to the last bit."""
    losses = []
    for precision in ("fp32", "bf16"):
        project = small.dropping(precision=precision, epochs=1)
        run = small.new_run(project, tmp_path)
        events = list(fit(project, run))
        losses.append(small.losses(events))
        is_used = checkpoint.load(run.last)["speed"]["precision"] == "bf16"
    assert (losses[0] == losses[1]) != is_used


def test_fp16_is_refused_where_there_is_no_cuda_also_after_training(tmp_path: Path) -> None:
    project = small.linear(precision="fp16")
    with pytest.raises(UserError, match="fp16 needs a CUDA device, and this run is on cpu"):
        list(fit(project, small.new_run(project, tmp_path)))
    trained = small.linear()
    run = small.new_run(trained, tmp_path)
    list(fit(trained, run))
    run.project_file.write_text(project.to_json(), encoding="utf-8")
    assert evaluate(run, "test").samples > 0  # a run of another machine can be measured here
