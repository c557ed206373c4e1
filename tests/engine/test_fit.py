"""Training against loops that are written out by hand, to the last bit."""

import math
import re
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import small
import torch
from torch import Tensor, nn

from workbench.core.data import Samples
from workbench.core.errors import UserError
from workbench.core.events import (
    CheckpointSaved,
    EpochCompleted,
    Event,
    PredictionsSaved,
    RunCompleted,
    RunStarted,
    StepCompleted,
)
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import checkpoint
from workbench.engine.fit import fit


class Loop(NamedTuple):
    """What a training loop of a page saw."""

    losses: list[float]
    figures: list[float]
    val: list[dict[str, float]]
    network: nn.Module


def prepared(samples: Samples, train: Samples, image: bool) -> Tensor:
    """Images by channel, columns by column, as the textbook normalizes them."""
    axes = (0, 2, 3) if image else 0
    scale = 16.0 if image else 1.0
    values = train.inputs.astype(np.float64) / scale
    mean, std = values.mean(axes), values.std(axes)
    shape = (-1, 1, 1) if image else (-1,)
    told = torch.from_numpy(samples.inputs).float() / scale
    means, stds = (torch.from_numpy(part).float().view(shape) for part in (mean, std))
    return (told - means) / stds


def by_hand(
    project: Project,
    network: nn.Module,
    criterion: nn.Module,
    optimizer: torch.optim.Optimizer,
    figure: Callable[[Tensor, Tensor], Tensor],
    shaped: Callable[[Tensor], Tensor] = lambda targets: targets,
) -> Loop:
    splits = project.data.load()
    image = splits["train"].inputs.ndim == 4
    layout = torch.channels_last if image else torch.contiguous_format
    inputs, val_inputs = (
        prepared(splits[name], splits["train"], image).contiguous(memory_format=layout)
        for name in ("train", "val")
    )
    targets, val_targets = (torch.from_numpy(splits[name].targets) for name in ("train", "val"))
    seen = Loop([], [], [], network)
    for epoch in range(1, project.train.epochs + 1):
        generator = torch.Generator().manual_seed(project.train.seed * 1_000_003 + epoch)
        order = torch.randperm(len(targets), generator=generator)
        network.train()
        for chosen in order.split(project.train.batch_size):
            optimizer.zero_grad()
            output = network(inputs[chosen])
            loss = criterion(output, shaped(targets[chosen]))
            loss.backward()
            optimizer.step()
            seen.losses.append(loss.item())
            seen.figures.append(figure(output.detach(), targets[chosen]).item())
        network.eval()
        with torch.no_grad():
            output = network(val_inputs)
            told = {"loss": criterion(output, shaped(val_targets)).item()}
            seen.val.append({**told, "figure": figure(output, val_targets).item()})
    return seen


def mae(output: Tensor, targets: Tensor) -> Tensor:
    return (output[:, 0] - targets).abs().mean()


def accuracy(output: Tensor, targets: Tensor) -> Tensor:
    return (output.argmax(1) == targets).float().mean()


def linear_by_hand(project: Project, **options: Any) -> Loop:
    torch.manual_seed(project.train.seed)
    network = nn.Sequential(nn.Linear(10, 1))
    optimizer = torch.optim.SGD(network.parameters(), lr=project.train.lr, **options)
    column: Callable[[Tensor], Tensor] = lambda targets: targets[:, None]  # noqa: E731
    return by_hand(project, network, nn.MSELoss(), optimizer, mae, column)


def cnn_by_hand(project: Project, **options: Any) -> Loop:
    torch.manual_seed(project.train.seed)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 4, 10),
    ).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=project.train.lr, **options)
    return by_hand(project, network, nn.CrossEntropyLoss(), optimizer, accuracy)


CASES = {
    "linear": (small.linear, linear_by_hand, "mae"),
    "cnn": (small.cnn, cnn_by_hand, "accuracy"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", [0, 7])
def test_every_loss_is_that_of_a_loop_by_hand_to_the_last_bit(
    tmp_path: Path, case: str, seed: int
) -> None:
    make, hand, name = CASES[case]
    project = make(seed=seed)
    run = small.new_run(project, tmp_path)
    events = list(fit(project, run))
    expected = hand(project, fused=True)
    assert small.losses(events) == expected.losses
    steps = small.of_kind(events, StepCompleted)
    assert [step.metrics[name] for step in steps] == expected.figures
    weights = checkpoint.load(run.last)["model"]
    for ours, theirs in zip(weights.values(), expected.network.parameters(), strict=True):
        assert torch.equal(ours, theirs.detach())


@pytest.mark.parametrize("case", CASES)
def test_losses_are_those_of_the_optimizer_as_torch_documents_it(tmp_path: Path, case: str) -> None:
    """The fused optimizer is an arithmetic of its own: it may differ in the last digits only."""
    make, hand, _ = CASES[case]
    project = make()
    found = small.losses(fit(project, small.new_run(project, tmp_path)))
    np.testing.assert_allclose(found, hand(project).losses, rtol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_epochs_tell_the_means_of_their_steps_and_the_validation_by_hand(
    tmp_path: Path, case: str
) -> None:
    make, hand, name = CASES[case]
    project = make()
    events = list(fit(project, small.new_run(project, tmp_path)))
    expected = hand(project, fused=True)
    epochs = small.of_kind(events, EpochCompleted)
    assert len(epochs) == project.train.epochs
    best = math.inf
    for epoch, by_hand_val in zip(epochs, expected.val, strict=True):
        steps = [s for s in small.of_kind(events, StepCompleted) if s.epoch == epoch.epoch]
        for metric, mean in epoch.train.items():
            told = [step.metrics[metric] for step in steps]
            assert mean == pytest.approx(np.average(told, weights=[s.samples for s in steps]))
        assert epoch.val["loss"] == pytest.approx(by_hand_val["loss"], rel=1e-6)
        assert epoch.val[name] == pytest.approx(by_hand_val["figure"], rel=1e-6)
        assert epoch.best == (epoch.val["loss"] < best)
        best = min(best, epoch.val["loss"])


def test_what_a_run_says_from_first_to_last(tmp_path: Path) -> None:
    project = small.cnn(batch_size=100, epochs=2)
    run = small.new_run(project, tmp_path)
    events = list(fit(project, run))
    samples = len(project.data.load()["train"].targets)
    per_epoch = math.ceil(samples / 100)

    started, completed = events[0], events[-1]
    assert isinstance(started, RunStarted)
    assert (started.run, started.device, started.step) == (run.name, "cpu", 0)
    assert (started.samples, started.batch_size, started.epochs) == (samples, 100, 2)
    assert started.steps_per_epoch == per_epoch
    assert started.parameters == (9 + 1) * 4 + (64 + 1) * 10

    steps = small.of_kind(events, StepCompleted)
    assert [step.step for step in steps] == list(range(1, 2 * per_epoch + 1))
    assert [step.epoch for step in steps] == [1] * per_epoch + [2] * per_epoch
    assert sum(step.samples for step in steps) == 2 * samples
    assert all(a.seconds <= b.seconds for a, b in pairwise(steps))
    assert {step.lr for step in steps} == {0.01}

    assert isinstance(completed, RunCompleted)
    assert (completed.reason, completed.epoch, completed.step) == ("completed", 2, 2 * per_epoch)
    assert set(completed.test) == {
        "loss",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "top5",
        "roc_auc",
    }
    latest = {event.split: event for event in small.of_kind(events, PredictionsSaved)}
    for event in [*small.of_kind(events, CheckpointSaved), *latest.values()]:
        assert (run.folder / event.path).is_file()
    assert small.of_kind(events, CheckpointSaved)[-1].step == 2 * per_epoch
    splits = [event.split for event in small.of_kind(events, PredictionsSaved)]
    assert splits == ["val", "val", "test"]


def test_predictions_on_disk_give_the_figures_that_were_told(tmp_path: Path) -> None:
    project = small.cnn(epochs=1)
    run = small.new_run(project, tmp_path)
    events = list(fit(project, run))
    [epoch], completed = small.of_kind(events, EpochCompleted), events[-1]
    assert isinstance(completed, RunCompleted)
    told = {"val": epoch.val, "test": completed.test}
    for event in small.of_kind(events, PredictionsSaved):
        with np.load(run.folder / event.path) as held:
            targets, probabilities = held["targets"], held["probabilities"]
            assert (targets == project.data.load()[event.split].targets).all()
            right = (probabilities.argmax(1) == targets).mean()
            assert told[event.split]["accuracy"] == pytest.approx(right)
            assert told[event.split]["loss"] == pytest.approx(held["losses"].mean(), rel=1e-6)
            chosen = probabilities[np.arange(len(targets)), targets]
            np.testing.assert_allclose(held["losses"], -np.log(chosen), rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)


def test_the_test_split_is_measured_with_the_best_weights(tmp_path: Path) -> None:
    """With this lr the validation loss rises again, so that the best epoch is not the last."""
    project = small.project(
        small.layer("Linear", out_features=64),
        small.layer("ReLU"),
        small.layer("Linear", out_features=3),
        data="Wine",
        optimizer="Adam",
        lr=0.1,
        epochs=30,
        batch_size=20,
    )
    run = small.new_run(project, tmp_path)
    events = list(fit(project, run))
    epochs = small.of_kind(events, EpochCompleted)
    best = min(epochs, key=lambda epoch: epoch.val["loss"])
    assert best.epoch < 30
    held = checkpoint.load(run.best)
    assert (held["epoch"], held["step"]) == (best.epoch, best.step)
    assert held["loss"] == best.val["loss"]

    splits = project.data.load()
    network = nn.Sequential(nn.Linear(13, 64), nn.ReLU(), nn.Linear(64, 3))
    network.load_state_dict(dict(zip(network.state_dict(), held["model"].values(), strict=True)))
    inputs = prepared(splits["test"], splits["train"], image=False)
    with torch.no_grad():
        output = network(inputs)
    loss = nn.functional.cross_entropy(output, torch.from_numpy(splits["test"].targets))
    completed = events[-1]
    assert isinstance(completed, RunCompleted)
    assert completed.test["loss"] == pytest.approx(loss.item(), rel=1e-6)


@pytest.mark.parametrize("size", [1, 7, 10_000, "all"])
def test_a_batch_is_one_sample_some_or_all(tmp_path: Path, size: int | str) -> None:
    project = small.linear(batch_size=size, epochs=1, lr=0.001)
    events = list(fit(project, small.new_run(project, tmp_path)))
    samples = [step.samples for step in small.of_kind(events, StepCompleted)]
    total = len(project.data.load()["train"].targets)
    length = total if size == "all" else min(int(size), total)
    full, rest = divmod(total, length)
    assert samples == [length] * full + [rest] * bool(rest)


@pytest.mark.parametrize("split", ["val", "test"])
def test_training_without_a_held_back_split(tmp_path: Path, split: str) -> None:
    data = small.DatasetSpec.named("Diabetes")(**{f"{split}_fraction": 0.0})
    project = small.linear(data=data, epochs=2)
    run = small.new_run(project, tmp_path)
    events = list(fit(project, run))
    completed = events[-1]
    assert isinstance(completed, RunCompleted)
    assert bool(completed.test) == (split != "test")
    epochs = small.of_kind(events, EpochCompleted)
    assert all(bool(epoch.val) == (split != "val") for epoch in epochs)
    assert epochs[0].best
    assert run.best.is_file()
    assert {event.split for event in small.of_kind(events, PredictionsSaved)} == {"val", "test"} - {
        split
    }


def test_the_same_seed_gives_the_same_run_and_another_does_not(tmp_path: Path) -> None:
    told = []
    for seed in (3, 3, 4):
        project = small.dropping(seed=seed, epochs=1)
        told.append(small.losses(fit(project, small.new_run(project, tmp_path))))
        torch.rand(17)  # whatever happened in between
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_time_in_which_the_consumer_holds_the_generator_is_not_training(tmp_path: Path) -> None:
    project = small.linear(epochs=30)
    began, held = time.perf_counter(), 0.0
    for event in fit(project, small.new_run(project, tmp_path)):
        since = time.perf_counter()
        while isinstance(event, EpochCompleted) and time.perf_counter() - since < 0.02:
            pass
        held += time.perf_counter() - since
    assert isinstance(event, RunCompleted)
    assert held >= 0.6
    assert 0 < event.seconds < time.perf_counter() - began - held


@pytest.mark.parametrize(
    ("project", "sentence"),
    [
        (small.project(small.layer("Flatten"), data="Iris"), "needs 3"),
        (small.project(small.layer("Softmax"), data="Wine"), "needs 3"),
        (small.project(small.layer("ReLU"), data="Wine", device="cuda:99"), "ReLU relu1 gives 13"),
        (small.linear(device="cuda:99"), "no device cuda:99; it has cpu"),
        (
            small.linear(data=small.DatasetSpec.named("Diabetes")(val_fraction=0.999)),
            "Diabetes leaves no samples to train on",
        ),
    ],
)
def test_what_can_not_be_trained_is_told_before_it_begins(
    tmp_path: Path, project: Project, sentence: str
) -> None:
    run = small.new_run(project, tmp_path)
    with pytest.raises(UserError, match=sentence):
        next(fit(project, run))
    assert not run.last.exists()


def test_a_network_without_parameters_has_nothing_to_learn(tmp_path: Path) -> None:
    """The mean of three columns for each class: shapes that fit, and no weight."""
    pooled = small.project(
        small.layer("AvgPool2d", kernel_size=(28, 3), stride=(28, 3), padding=(0, 1)),
        small.layer("Flatten"),
        data="FashionMNISTSmall",
    )
    assert [step.out_shape for step in pooled.walk()][-1] == (10,)
    with pytest.raises(UserError, match="nothing to learn: add a layer with parameters"):
        next(fit(pooled, small.new_run(pooled, tmp_path)))


@pytest.mark.parametrize("size", [1, 2])  # of 1,455 samples, 2 leave a last batch of one
def test_a_batch_norm_of_a_single_value_is_told_with_the_batch(tmp_path: Path, size: int) -> None:
    project = small.project(
        small.layer("Conv2d", kernel_size=8),
        small.layer("BatchNorm2d"),
        small.layer("Flatten"),
        small.layer("Linear", out_features=10),
        batch_size=size,
    )
    assert len(project.data.load()["train"].targets) % size == size - 1
    with pytest.raises(UserError, match=r"A batch of 1 can't be trained on: .*1 value per channel"):
        list(fit(project, small.new_run(project, tmp_path)))


def test_a_network_larger_than_the_memory_is_refused_at_once(tmp_path: Path) -> None:
    layers = (
        small.layer("Linear", out_features=1_000_000),
        small.layer("Linear", out_features=1_000_000),
        small.layer("Linear", out_features=3),
    )
    project = small.project(*layers, data="Wine")
    with pytest.raises(UserError, match=r"parameters and needs .* GB to train"):
        next(fit(project, small.new_run(project, tmp_path)))


def deep(lr: float, **recipe: Any) -> Project:
    """Two linear layers: once the loss grows, it is no number a few steps later."""
    return small.project(
        small.layer("Linear", out_features=16),
        small.layer("Linear", out_features=1),
        data=recipe.pop("data", "Diabetes"),
        lr=lr,
        epochs=1000,
        **recipe,
    )


UNVALIDATED = small.DatasetSpec.named("Diabetes")(val_fraction=0.0)
# Each leads to where the loss is no number: within an epoch, in its validation, in its last step.
DIVERGING = {
    "within an epoch": deep(0.002, batch_size=8),
    "after an epoch's only step": deep(0.005, batch_size="all"),
    "without a validation split": deep(0.005, batch_size="all", data=UNVALIDATED),
}


@pytest.mark.parametrize("name", DIVERGING)
def test_a_loss_that_is_no_number_ends_training_and_spares_the_healthy_checkpoints(
    tmp_path: Path, name: str
) -> None:
    project = DIVERGING[name]
    run = small.new_run(project, tmp_path)
    events, error = until_it_fails(project, run)
    told = re.search(
        r"stopped being a finite number at step (\d+)\. The first such number was in the "
        r"(loss itself|output|gradient|weights)( of Linear fc\d)?\b.*, in step (\d+)\. Lower lr",
        str(error),
    )
    assert told, str(error)
    assert int(told[1]) - 1 <= int(told[4]) <= int(told[1])
    assert all(math.isfinite(loss) for loss in small.losses(events))
    epochs = small.of_kind(events, EpochCompleted)
    assert epochs, "it began well"
    for epoch in epochs:
        assert all(map(math.isfinite, (*epoch.train.values(), *epoch.val.values())))
    assert math.isfinite(checkpoint.load(run.best)["loss"])
    for path in (run.last, run.best):
        assert is_healthy(path)


def test_a_run_whose_first_step_goes_too_far_leaves_no_checkpoint_to_be_taken_for_its_best(
    tmp_path: Path,
) -> None:
    """The loss of the epoch's only step is a number; that of the validation behind it is not."""
    hidden = [small.layer("Linear", out_features=64) for _ in range(6)]
    layers = (*hidden, small.layer("Linear", out_features=1))
    project = deep(1000.0, batch_size="all").replace(model=ModelSpec(layers=layers))
    run = small.new_run(project, tmp_path)
    events, error = until_it_fails(project, run)
    assert "at step 1." in str(error)
    assert not small.of_kind(events, EpochCompleted)
    assert not run.last.exists()
    assert not run.best.exists()


def until_it_fails(project: Project, run: Run) -> tuple[list[Event], UserError]:
    events = []
    try:
        for event in fit(project, run):
            events.append(event)
    except UserError as error:
        return events, error
    raise AssertionError("it did not fail")


def is_healthy(path: Path) -> bool:
    weights = checkpoint.load(path)["model"]
    return all(bool(values.isfinite().all()) for values in weights.values())


@pytest.mark.parametrize("steps_before", [0, 1, 2, 5, 20])
def test_stopping_at_a_healthy_step_keeps_no_weights_of_the_steps_behind_it(
    tmp_path: Path, steps_before: int
) -> None:
    """Figures are told in bursts: the steps that follow the one where a consumer stops are made."""
    project = DIVERGING["within an epoch"]
    run = small.new_run(project, tmp_path)
    events, _ = until_it_fails(project, run)
    last = small.of_kind(events, StepCompleted)[-1].step - steps_before
    with closing(fit(project, run)) as again:
        next(event for event in again if isinstance(event, StepCompleted) and event.step == last)
    assert is_healthy(run.last)
