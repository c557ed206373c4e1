"""Preparing and measuring whole datasets: no more at once than stays small, however it is drawn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from workbench.core.data import DatasetInfo, DatasetSpec, Samples
from workbench.engine import held, preparation
from workbench.engine.batches import Batches

CPU = torch.device("cpu")


class Largest(TorchDispatchMode):
    """The values of the largest tensor that any operation of torch makes."""

    values = 0

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        tensors = (leaf for leaf in tree_leaves(made) if isinstance(leaf, torch.Tensor))
        self.values = max(self.values, *(tensor.numel() for tensor in tensors), 0)
        return made


@contextmanager
def largest() -> Iterator[Largest]:
    with Largest() as seen:
        yield seen


def digits(*steps: dict[str, Any]) -> DatasetSpec:
    return DatasetSpec.named("Digits")(prepare=steps)


def test_samples_that_transforms_enlarge_are_measured_in_smaller_pieces() -> None:
    """By the raw ones, all 4,096 of MNIST would be enlarged at once: gigabytes."""
    data = digits({"type": "Resize", "size": 224})
    train = data.load()["train"]
    with largest() as seen:
        mean, std = preparation.measured_behind(data, train)
    assert 224 * 224 <= seen.values <= preparation.PIECE
    whole = torch.from_numpy(train.inputs).float() / 16
    enlarged = [data.prepare[0].apply(part).double() for part in whole.split(100)]
    total = sum(len(part) for part in enlarged) * 224 * 224
    expected = sum(part.sum() for part in enlarged) / total
    squares = sum((part - expected).square().sum() for part in enlarged) / total
    torch.testing.assert_close(mean.double(), expected[None], rtol=1e-6, atol=0)
    torch.testing.assert_close(std.double(), squares.sqrt()[None], rtol=1e-5, atol=0)


def test_what_is_large_only_on_the_way_is_small_at_once_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Enlarged and cropped again: neither the raw nor the prepared samples tell."""
    monkeypatch.setattr(preparation, "PIECE", 100_000)
    data = digits({"type": "Resize", "size": 64}, {"type": "CenterCrop", "size": 8})
    batches = Batches(data, CPU, False)
    with largest() as seen:
        ready = batches._readied("train")
    assert isinstance(ready, held.Ready)
    own = batches.size("train") * 8 * 8  # what is held in the end
    assert 64 * 64 <= seen.values <= max(own, 100_000)


@pytest.mark.parametrize(("shape", "kept"), [((5000, 6), 1), ((700, 4, 9), 2), ((300, 3, 8, 8), 1)])
def test_mean_and_deviation_are_measured_in_pieces(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], kept: int
) -> None:
    inputs = np.random.default_rng(3).normal(5, 2, shape).astype(np.float32)
    before = inputs.copy()
    info = DatasetInfo(
        title="drawn", origin="test", shape=shape[1:], task="regression", sizes={}, full_scale=4.0
    )
    monkeypatch.setattr(preparation, "PIECE", 1000)
    with largest() as seen:
        mean, std = preparation.measured(Samples(inputs, np.zeros(len(inputs))), info)
    assert seen.values <= 1000
    scale = 4.0 if len(shape) == 4 else 1.0
    axes = tuple(axis for axis in range(len(shape)) if axis != kept)
    np.testing.assert_allclose(mean, inputs.mean(axes, np.float64) / scale, rtol=1e-6)
    np.testing.assert_allclose(std, inputs.std(axes, np.float64) / scale, rtol=1e-6)
    np.testing.assert_array_equal(inputs, before)
