"""How torch works while a run is trained: threads, determinism, precision and compiling."""

from contextlib import closing
from pathlib import Path

import pytest
import small
import torch

from workbench.core.errors import UserError
from workbench.core.events import RunCompleted, RunStarted, StepCompleted
from workbench.engine import checkpoint
from workbench.engine.batches import Batch
from workbench.engine.evaluate import evaluate
from workbench.engine.fit import fit
from workbench.engine.stepper import Stepper
from workbench.engine.working import working


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
    project = small.cnn(epochs=50, batch_size="all")
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


def test_bf16_is_used_where_it_is_measured_to_be_faster(tmp_path: Path) -> None:
    """And where it is not, the run is that of fp32 to the last bit."""
    losses = []
    for precision in ("fp32", "bf16"):
        project = small.dropping(precision=precision, epochs=1)
        run = small.new_run(project, tmp_path)
        events = list(fit(project, run))
        losses.append(small.losses(events))
    [started] = small.of_kind(events, RunStarted)
    assert started.tuning["gains"].keys() == {"precision"}
    is_used = started.tuning["precision"] == "bf16"
    assert is_used == (started.tuning["gains"]["precision"] >= 1.02)
    assert checkpoint.load(run.last)["tuning"] == started.tuning
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


def test_tf32_is_for_runs_that_ask_for_it_in_products_and_convolutions() -> None:
    def told() -> tuple[str, bool]:
        return torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32

    before = told()
    for precision, expected in (("tf32", ("high", True)), ("fp32", ("highest", False))):
        with working(small.linear(precision=precision).train, torch.device("cpu")):
            assert told() == expected
        assert told() == before


@pytest.mark.parametrize("accumulate", [1, 2])
def test_fp16_scales_its_loss_as_torch_says(accumulate: int) -> None:
    """The steps of a run on CUDA, which torch can make on the CPU too."""
    torch.manual_seed(0)
    project = small.linear(precision="fp16", max_norm=0.5, accumulate=accumulate)
    ours, theirs = torch.nn.Linear(4, 3), torch.nn.Linear(4, 3)
    theirs.load_state_dict(ours.state_dict())
    cpu = torch.device("cpu")
    stepper = Stepper(ours, project.train, in_parts, cpu, 1, fused=False)
    optimizer, scaler = torch.optim.SGD(theirs.parameters(), lr=0.05), torch.amp.GradScaler("cpu")
    taken = 0
    for _ in range(6):
        batch = Batch(torch.randn(8, 4), torch.randn(8, 3))
        was = ours.weight.detach().clone()
        _, loss = stepper.step(batch)
        optimizer.zero_grad()
        expected = 0.0
        for inputs, targets in zip(*(whole.split(8 // accumulate) for whole in batch), strict=True):
            with torch.autocast("cpu", dtype=torch.float16):
                part = torch.nn.functional.mse_loss(theirs(inputs), targets) / accumulate
            scaler.scale(part).backward()
            expected += part.item()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
        scaler.step(optimizer)
        scaler.update()
        assert loss.item() == pytest.approx(expected, rel=1e-5)
        torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-3, atol=1e-4)
        taken += not torch.equal(was, ours.weight)
    assert taken
    assert stepper.state()["scaler"] == scaler.state_dict()


def in_parts(output: torch.Tensor, targets: torch.Tensor, *whole: torch.Tensor) -> torch.Tensor:
    share = len(targets) / len(whole[0]) if whole else 1.0
    return torch.nn.functional.mse_loss(output, targets) * share


def test_little_work_is_done_by_one_thread(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    started = []
    try:
        torch.set_num_threads(2)
        for project in (small.linear(epochs=1), small.cnn(epochs=1, batch_size="all")):
            with closing(fit(project, small.new_run(project, tmp_path))) as events:
                started += [event for event in events if isinstance(event, RunStarted)]
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert [event.threads for event in started] == [1, 2]
