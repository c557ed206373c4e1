"""Batches that are taken ahead: in order, few at a time, and with what goes wrong on the way."""

import threading
from contextlib import closing
from pathlib import Path

import pytest
import torch
from image_files import folder, opened
from torch import Tensor

from workbench.engine import ahead, held
from workbench.engine.ahead import AHEAD, in_batches
from workbench.engine.batches import Batches

CPU = torch.device("cpu")
ROWS = torch.arange(100.0).view(100, 1)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "TOGETHER", 3 * 7 * 4)  # three batches of seven
    monkeypatch.setattr(ahead, "WORTH_A_THREAD", 1)
    monkeypatch.setattr(ahead, "ALIGNED", 4)


def taken(chosen: Tensor) -> tuple[Tensor, Tensor]:
    return ROWS[chosen], chosen


def test_batches_are_those_of_the_order() -> None:
    order = torch.randperm(100)
    inputs, targets = zip(*in_batches(taken, order, 7, 4), strict=True)
    assert [len(part) for part in targets] == [7] * 14 + [2]
    assert torch.equal(torch.cat(targets), order)
    assert torch.equal(torch.cat(inputs), ROWS[order])


def test_few_pieces_are_taken_before_they_are_wanted_and_none_behind_the_end() -> None:
    asked: list[int] = []
    threads = threading.active_count()

    def counted(chosen: Tensor) -> tuple[Tensor, Tensor]:
        asked.append(len(chosen))
        return taken(chosen)

    with closing(in_batches(counted, torch.arange(100), 7, 4)) as pairs:
        for _ in range(4):
            next(pairs)
    assert 2 <= len(asked) <= 2 + AHEAD
    assert set(asked) == {21}
    assert threading.active_count() == threads


def test_what_fails_is_told_when_its_batch_is_due() -> None:
    def failing(chosen: Tensor) -> tuple[Tensor, Tensor]:
        if 50 in chosen:
            raise OSError("gone")
        return taken(chosen)

    pairs = in_batches(failing, torch.arange(100), 7, 4)
    assert torch.cat([next(pairs)[1] for _ in range(6)]).tolist() == list(range(42))
    with pytest.raises(OSError, match="gone"):
        next(pairs)


@pytest.mark.parametrize("steps", [[], [{"type": "RandomHorizontalFlip"}]])
def test_the_samples_of_an_epoch_are_the_same_wherever_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[dict[str, str]]
) -> None:
    data = opened(folder(tmp_path / "pets", 30)).replace(prepare=steps)
    epochs = []
    for together in (1, 5000, 1 << 30):
        for share in (0.5, 0.0):
            monkeypatch.setattr(ahead, "TOGETHER", together)
            monkeypatch.setattr(held, "SHARE", share)
            source = Batches(data, CPU, True)
            epochs.append([*source.shuffled(7, 3, 1, done=1)])
    for other in epochs[1:]:
        for one, another in zip(epochs[0], other, strict=True):
            assert torch.equal(one.inputs, another.inputs)
            assert torch.equal(one.targets, another.targets)
