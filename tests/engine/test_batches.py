"""How samples become batches: measured, prepared and ordered."""

import numpy as np
import pytest
import torch

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.events import DataDescribed, SamplesLoaded
from workbench.engine.batches import Batches
from workbench.engine.describe import SHOWN, describe, download
from workbench.engine.preparation import measured

CPU = torch.device("cpu")
NAMES = [name for name, kind in DatasetSpec.offered().items() if not kind.downloadable]
EACH = pytest.mark.parametrize("name", NAMES)


def batches(name: str, *, channels_last: bool = False, **arguments: object) -> Batches:
    return Batches(DatasetSpec.named(name)(**arguments), CPU, channels_last)


@EACH
def test_mean_and_deviation_are_those_of_numpy(name: str) -> None:
    spec = DatasetSpec.named(name)()
    info, train = spec.info(), spec.load()["train"]
    values, axes = train.inputs.astype(np.float64), (0,)
    if info.is_image:
        values, axes = values / info.full_scale, (0, 2, 3)
    mean, std = measured(train, info)
    np.testing.assert_allclose(mean, values.mean(axes), rtol=1e-6)
    np.testing.assert_allclose(std, values.std(axes), rtol=1e-5)


@EACH
def test_a_normalized_training_split_has_mean_0_and_deviation_1(name: str) -> None:
    held = batches(name)
    inputs = held.taken("train", slice(None)).inputs.double()
    axes = (0, 2, 3) if held.info.is_image else (0,)
    torch.testing.assert_close(
        inputs.mean(axes), torch.zeros_like(inputs.mean(axes)), atol=1e-3, rtol=0
    )
    torch.testing.assert_close(
        inputs.std(axes, correction=0), torch.ones_like(inputs.mean(axes)), atol=1e-3, rtol=0
    )


@EACH
def test_without_normalization_images_are_in_0_to_1_and_tables_as_they_are(name: str) -> None:
    held = batches(name, normalize=False)
    raw = DatasetSpec.named(name)(normalize=False).load()["val"].inputs
    inputs = held.taken("val", slice(None)).inputs
    assert inputs.dtype == torch.float32
    if held.info.is_image:
        assert 0 == inputs.min() < 0.9 < inputs.max() <= 1
        raw = raw / held.info.full_scale
    np.testing.assert_allclose(inputs, raw, rtol=1e-6)


def test_a_constant_column_stays_finite() -> None:
    """The corners of the digits are always white."""
    held = batches("Digits")
    assert held.taken("train", slice(None)).inputs.isfinite().all()
    train = DatasetSpec.named("Iris")().load()["train"]
    flat = train._replace(inputs=np.full_like(train.inputs, 3.0))
    mean, std = measured(flat, DatasetSpec.named("Iris")().info())
    assert mean.tolist() == [3.0] * 4
    assert std.tolist() == [1.0] * 4


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_an_epoch_sees_every_sample_once_in_an_order_of_its_own(size: int) -> None:
    held = batches("Iris", normalize=False)
    whole = held.taken("train", slice(None))
    orders = []
    for epoch in (1, 2):
        parts = list(held.shuffled(size, seed=0, epoch=epoch))
        assert all(len(part.targets) == min(size, held.size("train")) for part in parts[:-1])
        inputs = torch.cat([part.inputs for part in parts])
        targets = torch.cat([part.targets for part in parts])
        rows = sorted(zip(inputs.tolist(), targets.tolist(), strict=True))
        assert rows == sorted(zip(whole.inputs.tolist(), whole.targets.tolist(), strict=True))
        orders.append(inputs)
    assert not torch.equal(*orders)
    again = torch.cat([part.inputs for part in held.shuffled(size, seed=0, epoch=2)])
    assert torch.equal(again, orders[1])
    other = torch.cat([part.inputs for part in held.shuffled(size, seed=1, epoch=2)])
    assert not torch.equal(other, orders[1])


@pytest.mark.parametrize(("name", "size"), [("Digits", 64), ("BreastCancer", 16), ("Iris", 7)])
def test_batches_are_those_that_each_would_be_alone_from_wherever_an_epoch_goes_on(
    name: str, size: int
) -> None:
    found = batches(name, channels_last=True)
    generator = torch.Generator().manual_seed(3 * 1_000_003 + 2)
    order = torch.randperm(found.size("train"), generator=generator)
    alone = [found.taken("train", chosen) for chosen in order.split(size)]
    for done in (0, 1, len(alone) - 1, len(alone)):
        behind = list(found.shuffled(size, 3, 2, done))
        assert len(behind) == len(alone) - done
        for one, other in zip(behind, alone[done:], strict=True):
            assert torch.equal(one.inputs, other.inputs)
            assert one.inputs.stride() == other.inputs.stride()
            assert torch.equal(one.targets, other.targets)


def test_evaluation_goes_from_first_to_last() -> None:
    held = batches("Digits")
    parts = list(held.in_order("test", 64))
    whole = held.taken("test", slice(None))
    assert torch.equal(torch.cat([part.targets for part in parts]), whole.targets)
    assert torch.equal(torch.cat([part.inputs for part in parts]), whole.inputs)


def test_images_lie_in_memory_as_the_network_wants_them() -> None:
    last = batches("FashionMNISTSmall", channels_last=True).taken("val", slice(0, 4)).inputs
    first = batches("FashionMNISTSmall").taken("val", slice(0, 4)).inputs
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert first.is_contiguous()
    assert torch.equal(first, last)


@EACH
def test_the_data_panel_is_told_what_the_samples_are(name: str) -> None:
    spec = DatasetSpec.named(name)()
    info, splits = spec.info(), spec.load()
    [told] = [event for event in describe(spec) if isinstance(event, DataDescribed)]
    assert told.sizes == info.sizes
    mean, std = measured(splits["train"], info)
    assert (told.mean, told.std) == (tuple(mean.tolist()), tuple(std.tolist()))
    assert len(told.sample_inputs) == len(told.sample_targets) == SHOWN
    pairs = {(sample.tobytes(), target) for sample, target in zip(*splits["train"], strict=True)}
    for sample, target in zip(told.sample_inputs, told.sample_targets, strict=True):
        assert (sample.tobytes(), target) in pairs
    if info.task == "classification":
        for split, counts in told.class_counts.items():
            assert sum(counts) == info.sizes[split]
            assert counts[0] == (splits[split].targets == 0).sum()
        shown = np.bincount(told.sample_targets, minlength=len(info.classes))
        assert shown.max() - shown.min() <= 1, "every class is seen"


def test_the_samples_beside_predictions_are_told_in_the_order_of_their_split() -> None:
    spec = DatasetSpec.named("Digits")()
    told = {event.split: event for event in describe(spec) if isinstance(event, SamplesLoaded)}
    splits = spec.load()
    assert set(told) == {"val", "test"}, "those that predictions are made for"
    for split in told:
        samples = splits[split]
        assert (told[split].inputs == samples.inputs).all()
        assert (told[split].targets == samples.targets).all()


def test_describing_what_is_not_there_is_a_sentence() -> None:
    spec = DatasetSpec.named("MNIST")(root="/nowhere/at/all")
    with pytest.raises(UserError, match="MNIST is not in /nowhere/at/all"):
        list(describe(spec))


def test_a_dataset_that_needs_no_download_is_described_after_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    events = download(DatasetSpec.named("CIFAR10")(root=str(tmp_path)))
    assert "Downloading CIFAR-10" in next(events).text
    with pytest.raises(UserError, match="could not be downloaded"):
        list(events)
