"""Batches with chance in them: the same for the same seed, wherever samples lie, also resumed."""

import itertools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small
import torch
from image_files import folder, opened
from sklearn.utils.class_weight import compute_class_weight
from test_resume import assert_as_whole, until_step
from torch.nn import functional

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.events import (
    EpochCompleted,
    Event,
    Progress,
    RunCompleted,
    SamplesLoaded,
    StepCompleted,
)
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.core.train import LossSpec
from workbench.engine import balance, batches, describe, held
from workbench.engine.batches import Batches
from workbench.engine.fit import fit
from workbench.engine.preparation import drawing
from workbench.engine.sinks import record, replay

CPU = torch.device("cpu")
STEPS: list[dict[str, Any]] = [
    {"type": "RandomCrop", "size": 8, "padding": 1},
    {"type": "RandomRotation", "degrees": 20.0},
    {"type": "RandomErasing"},
    {"type": "CutMix"},
]


def made(**arguments: Any) -> DatasetSpec:
    return DatasetSpec.named("Digits")(**arguments)


def epoch(data: DatasetSpec, seed: int = 0, number: int = 1, **options: Any) -> list[batches.Batch]:
    return list(Batches(data, CPU, False).shuffled(64, seed, number, **options))


def same(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(
        torch.equal(a.inputs, b.inputs) and torch.equal(a.targets, b.targets)
        for a, b in zip(one, other, strict=True)
    )


def test_batches_are_a_function_of_seed_and_epoch_and_of_nothing_else() -> None:
    data = made(prepare=STEPS)
    first = epoch(data)
    torch.manual_seed(99)
    np.random.seed(99)
    assert same(epoch(data), first)
    assert not same(epoch(data, seed=1), first)
    assert not same(epoch(data, number=2), first)


@pytest.mark.parametrize("done", [1, 7, 22])
def test_batches_from_the_middle_are_those_of_the_whole_epoch(done: int) -> None:
    data = made(prepare=STEPS)
    assert same(epoch(data, done=done), epoch(data)[done:])


def test_every_position_draws_anew() -> None:
    seeds = {
        drawing(seed, number, position).initial_seed()
        for seed, number, position in itertools.product(range(5), range(20), range(50))
    }
    assert len(seeds) > 0.999 * 5 * 20 * 50


@pytest.mark.parametrize("steps", [[], STEPS])
@pytest.mark.parametrize("balanced", ["none", "sampling"])
def test_batches_are_the_same_from_memory_and_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: Any, balanced: str
) -> None:
    data = opened(folder(tmp_path / "pets", 30)).replace(prepare=steps, balance=balanced)
    in_memory = Batches(data, CPU, False)
    monkeypatch.setattr(held, "SHARE", 0.0)
    streamed = Batches(data, CPU, False)
    assert streamed._splits["train"]._rows is None, "the test compares two ways"
    assert in_memory._splits["train"]._rows is not None
    for number in (1, 2):
        pairs = [list(source.shuffled(7, 3, number)) for source in (in_memory, streamed)]
        assert same(*pairs)
    for split in ("train", "val", "test"):
        assert same(*(list(source.in_order(split, 7)) for source in (in_memory, streamed)))
    assert torch.equal(in_memory.normalization.mean, streamed.normalization.mean)


ALIKE: list[dict[str, Any]] = [{"type": "Resize", "size": 17}, {"type": "CenterCrop", "size": 15}]


@pytest.mark.parametrize("source", ["Digits", "Diabetes", "pets"])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("steps", [[], ALIKE])
def test_batches_are_the_same_prepared_one_by_one_and_all_before(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    channels_last: bool,
    steps: Any,
) -> None:
    if source == "pets":
        data = opened(folder(tmp_path / "pets", 30)).replace(prepare=steps)
    else:
        data = DatasetSpec.named(source)(prepare=steps if source == "Digits" else [])
    before = Batches(data, CPU, channels_last)
    monkeypatch.setattr(held, "READY_SHARE", 0.0)
    singly = Batches(data, CPU, channels_last)
    for split in ("train", "val", "test"):
        assert same(*(list(each.in_order(split, 7)) for each in (before, singly)))
    assert set(before._ready) == {"train", "val", "test"}, "the test compares two ways"
    assert not singly._ready
    for size, done in ((7, 0), (1, 3), (20, 1)):
        pairs = [list(each.shuffled(size, 3, 2, done)) for each in (before, singly)]
        assert same(*pairs)
        for one, other in zip(*pairs, strict=True):
            assert one.inputs.stride() == other.inputs.stride()


def test_what_a_network_does_to_its_batch_does_not_reach_the_samples() -> None:
    data = DatasetSpec.named("Diabetes")(normalize=False)
    source = Batches(data, CPU, False)
    expected = source.taken("val", slice(None)).inputs.clone()
    for batch in (*source.in_order("val", 10), source.taken("val", slice(0, 10))):
        batch.inputs.zero_()
    assert torch.equal(source.taken("val", slice(None)).inputs, expected)
    assert torch.equal(next(source.in_order("val", 1000)).inputs, expected)


def test_behind_the_last_batch_of_an_epoch_there_is_none() -> None:
    whole = epoch(made())
    assert epoch(made(), done=len(whole)) == epoch(made(prepare=STEPS), done=len(whole)) == []


def test_evaluation_sees_no_chance() -> None:
    data = made(prepare=[*STEPS, {"type": "Resize", "size": 8}])
    plain = Batches(made(), CPU, False)
    augmented = Batches(data, CPU, False)
    for split in ("val", "test"):
        assert same(list(augmented.in_order(split, 50)), list(plain.in_order(split, 50)))


def test_mean_and_deviation_are_measured_behind_what_changes_all_samples() -> None:
    steps = [{"type": "Grayscale", "num_output_channels": 3}, {"type": "CenterCrop", "size": 4}]
    data = made(prepare=steps)
    inputs = Batches(data, CPU, False).taken("train", slice(None)).inputs.double()
    assert inputs.shape[1:] == (3, 4, 4) == data.info().shape
    assert inputs.mean((0, 2, 3)).abs().max() < 1e-3
    assert (inputs.std((0, 2, 3), correction=0) - 1).abs().max() < 1e-3


def test_normalize_takes_the_place_of_what_is_measured() -> None:
    step = {"type": "Normalize", "mean": (0.25,), "std": (0.5,)}
    ours = Batches(made(prepare=[step]), CPU, False).taken("val", slice(None)).inputs
    raw = made().load()["val"].inputs
    np.testing.assert_allclose(ours, (raw / 16 - 0.25) / 0.5, rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def project() -> Project:
    found = small.dropping(batch_size=50, epochs=3)
    layers = (small.layer("AdaptiveAvgPool2d", output_size=8), *found.model.layers)
    return found.replace(data=made(prepare=STEPS), model=found.model.replace(layers=layers))


@pytest.fixture(scope="module")
def whole(project: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Event]]:
    run = small.new_run(project, tmp_path_factory.mktemp("whole"))
    return run, list(fit(project, run))


@pytest.mark.parametrize("step", [1, 17, 30, 31])
def test_an_augmented_run_resumes_to_the_last_bit(
    tmp_path: Path, project: Project, whole: tuple[Run, list[Event]], step: int
) -> None:
    run = small.new_run(project, tmp_path)
    until_step(project, run, step)
    torch.manual_seed(12345)
    assert_as_whole(run, list(fit(project, run, resume=True)), whole)


def test_mixed_samples_are_learned_from(whole: tuple[Run, list[Event]]) -> None:
    last = small.of_kind(whole[1], EpochCompleted)[-1]
    assert last.val["accuracy"] > 0.4


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "MSELoss", "BCEWithLogitsLoss"])
def test_losses_take_class_probabilities(tmp_path: Path, loss: str) -> None:
    found = small.cnn(epochs=1)
    found = found.replace(
        data=made(prepare=[{"type": "MixUp"}]),
        train=found.train.replace(loss=LossSpec.named(loss)()),
    )
    events = list(fit(found, small.new_run(found, tmp_path)))
    assert small.of_kind(events, RunCompleted)[-1].reason == "completed"
    assert small.losses(events)[-1] < small.losses(events)[0]


def test_a_loss_of_classes_alone_refuses_mixed_samples() -> None:
    takers = {name for name, kind in LossSpec.choices().items() if kind.takes_probabilities}
    assert {"CrossEntropyLoss", "MSELoss", "BCEWithLogitsLoss"} <= takers
    found = small.cnn()
    strict = type("StrictLoss", (LossSpec.named("CrossEntropyLoss"),), {}, abstract=True)
    strict.takes_probabilities = False
    mixed = found.replace(
        data=made(prepare=[{"type": "MixUp"}]), train=found.train.replace(loss=strict())
    )
    with pytest.raises(UserError, match="takes classes, but MixUp and CutMix make class prob"):
        mixed.check()


def unbalanced() -> DatasetSpec:
    return DatasetSpec.named("BreastCancer")()


def test_class_weights_are_scikit_learns() -> None:
    targets = unbalanced().load()["train"].targets
    held_by = Batches(unbalanced().replace(balance="weights"), CPU, False)
    expected = compute_class_weight("balanced", classes=np.arange(2), y=targets)
    np.testing.assert_allclose(held_by.class_weights(), expected, rtol=1e-6)
    assert Batches(unbalanced(), CPU, False).class_weights() is None
    absent = balance.class_weights(torch.tensor([0, 0, 2]), 3)
    assert absent.tolist() == [0.75, 0.0, 1.5]


def test_weighted_losses_are_torchs() -> None:
    info = made().info()
    output, targets = torch.randn(50, 10), torch.randint(10, (50,))
    weights = torch.rand(10) + 0.1
    ours = balance.StepLoss(LossSpec.named("CrossEntropyLoss")(), info, weights)
    expected = functional.cross_entropy(output, targets, weight=weights)
    torch.testing.assert_close(ours(output, targets), expected)
    soft = functional.one_hot(targets, 10).float()
    torch.testing.assert_close(ours(output, soft), expected)
    plain = balance.StepLoss(LossSpec.named("CrossEntropyLoss")(), info, None)
    assert torch.equal(plain(output, targets), functional.cross_entropy(output, targets))


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "MSELoss"])
@pytest.mark.parametrize("balanced", [True, False])
def test_the_parts_of_a_step_add_up_to_its_loss(loss: str, balanced: bool) -> None:
    output, targets = torch.randn(50, 10).double(), torch.randint(10, (50,))
    weights = torch.rand(10).double() + 0.1 if balanced else None
    ours = balance.StepLoss(LossSpec.named(loss)(), made().info(), weights)
    for whole in (targets, functional.one_hot(targets, 10).double()):
        if whole.ndim == 1 or loss == "CrossEntropyLoss":
            pairs = zip(output.split(17), whole.split(17), strict=True)
            parts = [ours(*part, whole) for part in pairs]
            torch.testing.assert_close(sum(parts), ours(output, whole))


def test_sampling_shows_all_classes_alike() -> None:
    data = unbalanced().replace(balance="sampling")
    source = Batches(data, CPU, False)
    parts = [part.targets for number in range(1, 9) for part in source.shuffled(32, 0, number)]
    counts = torch.bincount(torch.cat(parts)).double()
    assert counts.sum() == 8 * source.size("train")
    assert (counts / counts.sum() - 0.5).abs().max() < 0.03
    raw = torch.bincount(source.taken("train", slice(None)).targets).double()
    assert (raw / raw.sum() - 0.5).abs().max() > 0.1


@pytest.mark.parametrize("balanced", ["weights", "sampling"])
def test_balanced_training_finds_more_of_the_rare_class(tmp_path: Path, balanced: str) -> None:
    """Of 9 to 1 the network at first says the frequent one; balanced, it can't."""
    said = {}
    for choice in ("none", balanced):
        found = small.project(
            small.layer("Linear", out_features=2), data=rare(tmp_path, choice), lr=0.05, epochs=5
        )
        run = small.new_run(found, tmp_path)
        list(fit(found, run))
        with np.load(sorted(run.folder.glob("predictions/*val*"))[-1]) as kept:
            said[choice] = kept["probabilities"][:, 1].mean()
    assert said[balanced] > said["none"] + 0.1


def rare(tmp_path: Path, balanced: str) -> DatasetSpec:
    lines = ["x,label"] + [
        f"{i % 7 + (2 if i % 10 == 0 else 0)},{int(i % 10 == 0)}" for i in range(2000)
    ]
    (tmp_path / "rare.csv").write_text("\n".join(lines))
    from workbench.engine.sources import recognize

    return [*recognize(tmp_path / "rare.csv", balance=balanced)][-1].data


def test_a_folder_trains_and_tells_what_it_does(tmp_path: Path) -> None:
    data = opened(folder(tmp_path / "pets", 40), size=8)
    found = small.project(
        small.layer("Flatten"), small.layer("Linear", out_features=2), data=data, lr=0.01, epochs=2
    )
    run = small.new_run(found, tmp_path)
    events = list(record(fit(found, run), run))
    assert small.of_kind(events, Progress)
    assert small.of_kind(events, RunCompleted)[-1].reason == "completed"
    assert len(small.of_kind(events, StepCompleted)) == 2 * 2
    kept = list(replay(run.folder))
    assert kept == [event for event in events if not isinstance(event, Progress)]


def test_the_same_samples_serve_other_preparations() -> None:
    first = batches.loaded(made())
    assert batches.loaded(made(prepare=STEPS, normalize=False)) is first
    assert batches.loaded(made(split_seed=1)) is not first


def test_what_is_told_of_a_folder_can_cross_the_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = opened(folder(tmp_path / "pets", 40))
    whole = data.load()["val"].inputs
    for most, step in ((1 << 26, 1), (1000, 2)):
        monkeypatch.setattr(describe, "SHOWN_BYTES", most)
        events = pickle.loads(pickle.dumps(list(describe.describe(data))))
        told = {event.split: event for event in small.of_kind(events, SamplesLoaded)}
        assert told["val"].inputs.shape[:2] == (7, 3) == whole.shape[:2]
        assert told["val"].inputs.nbytes <= max(most, 7 * 3 * 6 * 6)
        if step == 1:
            assert np.array_equal(told["val"].inputs, whole)
