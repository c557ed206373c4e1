"""The range test against a loop by hand, and what comes of its suggestion."""

from pathlib import Path

import numpy as np
import pytest
import small
import torch
from torch import nn

from workbench.core.errors import UserError
from workbench.core.events import LrFound, LrTried
from workbench.core.project import Project
from workbench.core.train import OptimizerSpec, SchedulerSpec
from workbench.engine.fit import fit
from workbench.engine.lr_finder import STEPS, find_lr, steepest


def found(project: Project) -> tuple[list[LrTried], LrFound]:
    *tried, last = find_lr(project)
    assert isinstance(last, LrFound)
    return small.of_kind(tried, LrTried), last


def by_hand(project: Project) -> tuple[list[float], list[float]]:
    """lr and loss of every step of linear regression on the diabetes patients, until the loss
    is no number any more."""
    train = project.data.load()["train"]
    raw, targets = torch.from_numpy(train.inputs), torch.from_numpy(train.targets)
    inputs = (raw - raw.double().mean(0).float()) / raw.double().std(0, correction=0).float()
    mean, std = project.data.info().target_scale
    torch.manual_seed(0)
    network = nn.Linear(inputs.shape[1], 1)
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0, fused=True)
    lrs, losses, epoch = np.geomspace(1e-6, 10.0, 150).tolist(), [], 0
    while len(losses) < len(lrs):
        epoch += 1
        generator = torch.Generator().manual_seed(epoch)
        for chosen in torch.randperm(len(targets), generator=generator).split(32):
            if len(losses) == len(lrs):
                break
            optimizer.param_groups[0]["lr"] = lrs[len(losses)]
            optimizer.zero_grad()
            wanted = (targets[chosen][:, None] - mean) / std
            loss = nn.functional.mse_loss(network(inputs[chosen]), wanted)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return lrs, losses


def test_every_step_is_that_of_a_loop_by_hand() -> None:
    project = small.linear(lr=0.7, scheduler=SchedulerSpec.named("OneCycleLR")())
    tried, ended = found(project)
    lrs, losses = by_hand(project)
    assert [event.step for event in tried] == list(range(1, len(tried) + 1))
    assert [event.lr for event in tried] == pytest.approx(lrs[: len(tried)], rel=1e-9)
    assert [event.loss for event in tried] == pytest.approx(losses[: len(tried)], rel=1e-5)
    assert ended.diverged
    assert len(tried) < STEPS  # SGD at lr 10 is far behind the edge
    rest = losses[len(tried) :]
    assert not np.isfinite(rest).all() or rest[0] > 4 * min(losses)

    weights = 0.9 ** np.arange(len(tried))[::-1]
    assert tried[-1].smoothed == pytest.approx(np.average(losses[: len(tried)], weights=weights))


def test_the_suggestion_is_where_the_mean_falls_most_steeply() -> None:
    tried, ended = found(small.linear())
    smoothed, lrs = [event.smoothed for event in tried], [event.lr for event in tried]
    slopes = np.gradient(smoothed, np.log(lrs))[10:-1]
    assert ended.lr == lrs[10 + int(np.argmin(slopes))]


def test_a_loss_that_never_falls_gives_no_suggestion() -> None:
    rising = [LrTried(step=n, lr=0.1 * n, loss=n, smoothed=float(n)) for n in range(1, 40)]
    assert steepest(rising) is None
    assert steepest(rising[:5]) is None


def test_it_learns_quickly_at_what_is_suggested(tmp_path: Path) -> None:
    project = small.cnn(epochs=4)
    lr = found(project)[1].lr
    assert lr is not None
    better = project.replace(train=project.train.replace(lr=lr))
    *_, ended = fit(better, small.new_run(better, tmp_path))
    assert ended.test["accuracy"] > 0.85


def test_it_leaves_nothing_behind(tmp_path: Path) -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    project = small.dropping()
    threaded = small.linear(threads=threads + 1)  # too small for a second one to be waited for
    found(threaded)
    for each in (project, threaded):
        events = find_lr(each)
        next(events)
        events.close()
    first, again = found(project), found(project)
    assert first == again
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_lbfgs_searches_by_itself() -> None:
    project = small.linear()
    recipe = project.train.replace(optimizer=OptimizerSpec.named("LBFGS")())
    with pytest.raises(UserError, match="LBFGS searches for the length of its steps itself"):
        next(find_lr(project.replace(train=recipe)))
