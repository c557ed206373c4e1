"""Parameters of others: names repaired, containers opened, and what fits taken alone."""

import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from workbench.core.events import ModelLoaded
from workbench.core.fit_report import MOST, Misfit
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.engine import checkpoint
from workbench.engine.build import build
from workbench.engine.restore import load_model

Weights = dict[str, Tensor]


def layer(kind: str, **fields: object) -> LayerSpec:
    return LayerSpec.named(kind)(**fields)


@pytest.fixture(scope="module")
def project() -> Project:
    return small.project(
        layer("Flatten"),
        layer("Linear", out_features=6),
        layer("BatchNorm1d"),
        layer("Linear", out_features=10),
    )


@pytest.fixture(scope="module")
def weights(project: Project) -> Weights:
    torch.manual_seed(1)
    return build(project.model, (1, 8, 8)).state_dict()


def taken(content: Any, project: Project, folder: Path, **how: bool) -> Weights:
    torch.save(content, folder / "theirs.pt")
    *_, event = load_model(folder / "theirs.pt", project, folder / "into.pt", **how)
    assert isinstance(event, ModelLoaded)
    found: Weights = checkpoint.load(folder / "into.pt")["model"]
    return found


def assert_same(left: Weights, right: Weights) -> None:
    assert list(left) == list(right)
    assert all(torch.equal(left[name], right[name]) for name in right)


PREFIXES = ["module.", "_orig_mod.", "model.", "net.", "model.module.", "module.model._orig_mod."]
PREFIXES += ["student.backbone.encoder."]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("form", ["pt", "safetensors"])
def test_prefixes_of_wrappers_are_taken_off(
    prefix: str, form: str, project: Project, weights: Weights, tmp_path: Path
) -> None:
    held = {f"{prefix}{name}": value for name, value in reversed(weights.items())}
    if form == "pt":
        assert_same(taken(held, project, tmp_path), weights)
    else:
        save_file(held, tmp_path / "m.safetensors")
        list(load_model(tmp_path / "m.safetensors", project, tmp_path / "into.pt"))
        assert_same(checkpoint.load(tmp_path / "into.pt")["model"], weights)


def test_a_prefix_is_left_where_two_names_would_become_one(
    project: Project, weights: Weights, tmp_path: Path
) -> None:
    held = {**weights, **{f"ema.{name}": value + 1 for name, value in weights.items()}}
    with pytest.raises(Misfit, match=r"it has ema\.fc1\.weight, which the network has not") as told:
        taken(held, project, tmp_path)
    assert told.value.report.counts["matched"] == len(weights)
    assert_same(taken(held, project, tmp_path, partial=True), weights)


CONTAINERS: dict[str, Callable[[Weights], Any]] = {
    "state_dict": lambda w: {"epoch": 3, "state_dict": w, "optimizer": {"state": {0: w}}},
    "model_state_dict": lambda w: {"loss": torch.tensor(1.0), "model_state_dict": w},
    "two deep": lambda w: {"checkpoint": {"state_dict": w, "step": 7}},
    "of any name": lambda w: {"meta": {"time": "now"}, "generator": w},
    "Lightning": lambda w: {
        "pytorch-lightning_version": "2.0.0",
        "state_dict": {f"model.{name}": value for name, value in w.items()},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(3)}}}],
    },
    "beside tensors": lambda w: {"model": w, "best": torch.tensor(0.9)},
}


@pytest.mark.parametrize("form", CONTAINERS)
def test_containers_around_a_state_dict_are_opened(
    form: str, project: Project, weights: Weights, tmp_path: Path
) -> None:
    assert_same(taken(CONTAINERS[form](weights), project, tmp_path), weights)


def test_counters_that_old_files_lack_begin_at_zero(
    project: Project, weights: Weights, tmp_path: Path
) -> None:
    held = {name: value for name, value in weights.items() if "num_batches" not in name}
    assert len(held) == len(weights) - 1
    assert_same(taken(held, project, tmp_path), weights)


def with_another_head(weights: Weights) -> Weights:
    """As a network trained on other classes has it, without a bias, and with something more."""
    held = {name: value for name, value in weights.items() if name != "fc2.bias"}
    return {**held, "fc2.weight": torch.ones(100, 6), "extra.scale": torch.ones(2)}


def test_a_report_tells_each_tensor(project: Project, weights: Weights, tmp_path: Path) -> None:
    held = {f"module.{name}": value for name, value in with_another_head(weights).items()}
    with pytest.raises(Misfit) as told:
        taken(held, project, tmp_path)
    again = pickle.loads(pickle.dumps(told.value))  # as it crosses the pipe
    assert (str(again), again.report) == (str(told.value), told.value.report)
    rows = {row.name: (row.outcome, row.came, row.needed) for row in again.report.rows}
    assert rows.pop("fc2.bias") == ("missing", "", "10")
    assert rows.pop("fc2.weight") == ("reshaped", "100 × 6", "10 × 6")
    assert rows.pop("module.extra.scale", None) is None
    assert rows.pop("extra.scale") == ("unexpected", "2", "")
    assert rows.pop("bn1.num_batches_tracked") == ("matched", "one number", "one number")
    assert {outcome for outcome, *_ in rows.values()} == {"matched"}
    assert again.report.prefix == "module."
    assert again.report.counts == {"matched": 7, "missing": 1, "unexpected": 1, "reshaped": 1}


def test_what_fits_is_taken_and_the_rest_is_as_training_would_start(
    project: Project, weights: Weights, tmp_path: Path
) -> None:
    came = taken(with_another_head(weights), project, tmp_path, partial=True)
    torch.manual_seed(project.train.seed)
    fresh = build(project.model, (1, 8, 8)).state_dict()
    head = ("fc2.weight", "fc2.bias")
    assert_same(came, {name: (fresh if name in head else weights)[name] for name in weights})


def test_nothing_that_fits_is_no_partial_load(project: Project, tmp_path: Path) -> None:
    with pytest.raises(Misfit, match=r"it has no fc1\.weight .missing: 9, unexpected: 1,"):
        taken({"w": torch.ones(3)}, project, tmp_path, partial=True)


def test_a_report_is_bounded_and_can_be_shown(
    project: Project, weights: Weights, tmp_path: Path
) -> None:
    many = {f"more\n{number}" + "x" * 300: torch.ones(1) for number in range(2 * MOST)}
    with pytest.raises(Misfit) as told:
        taken({**weights, **many}, project, tmp_path)
    rows = [row for row in told.value.report.rows if row.outcome == "unexpected"]
    assert len(rows) == MOST
    assert told.value.report.counts["unexpected"] == 2 * MOST
    assert all(row.name.isprintable() and len(row.name) <= 100 for row in rows)


def test_sequentials_in_a_sequential_become_groups(tmp_path: Path) -> None:
    torch.manual_seed(0)
    features = nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 4, 3), act=nn.ReLU()))
    block = nn.Sequential(features, nn.Sequential(nn.Flatten()))
    net = nn.Sequential(block, nn.Sequential(OrderedDict(conv=nn.Linear(144, 10)))).eval()
    torch.save({"model": net}, tmp_path / "net.pt")
    project = small.cnn()
    *_, event = load_model(tmp_path / "net.pt", project, tmp_path / "into.pt")
    assert isinstance(event, ModelLoaded)
    kinds = [(each.kind, each.name) for _, each in event.model.nested()]
    assert kinds == [
        ("Group", "group1"),
        ("Group", "group2"),
        ("Conv2d", "conv"),
        ("ReLU", "act"),
        ("Group", "group3"),
        ("Flatten", "flatten1"),
        ("Group", "group4"),
        ("Linear", "fc1"),
    ]
    ours = build(event.model, (1, 8, 8)).eval()
    ours.load_state_dict(checkpoint.load(tmp_path / "into.pt")["model"])
    inputs = torch.randn(5, 1, 8, 8)
    assert torch.equal(ours(inputs), net(inputs))


def test_a_layer_alone_becomes_a_network(tmp_path: Path) -> None:
    linear = nn.Linear(10, 1)
    torch.save(linear, tmp_path / "net.pt")
    *_, event = load_model(tmp_path / "net.pt", small.linear(), tmp_path / "into.pt")
    assert isinstance(event, ModelLoaded)
    assert [each.kind for each in event.model.layers] == ["Linear"]
    came = checkpoint.load(tmp_path / "into.pt")["model"]
    assert torch.equal(came["fc1.weight"], linear.weight)
