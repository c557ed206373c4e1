"""Every template's network against torch: shapes, one real step, and its state_dict."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import resnet18

from workbench.core.data import DatasetSpec
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.engine import checkpoint
from workbench.engine.build import build
from workbench.engine.export import save_parameters

IMAGES = [kind.name for kind in Template.by_topic() if kind.topic == "Images"]


def small(name: str) -> Project:
    """A template on data of few values, so that the large ones take no longer than the others."""
    template = Template.shelf[name]
    on_images = name in IMAGES or template.dataset == "FashionMNISTSmall"
    return template.project(DatasetSpec.named("Digits")()) if on_images else template.project()


def batch(project: Project, size: int) -> tuple[Tensor, Tensor]:
    info = project.data.info()
    inputs = torch.randn(size, *info.shape)
    targets = torch.arange(size) % max(len(info.classes), 1)
    return inputs, targets if info.task == "classification" else targets.float()


def loss_of(project: Project, network: nn.Module) -> Callable[[Tensor, Tensor], Any]:
    loss, info = project.train.loss, project.data.info()
    criterion = loss.criterion()
    return lambda inputs, targets: criterion(network(inputs), loss.prepare(targets, info))


def fitting() -> list[tuple[str, str]]:
    """Templates with the datasets that they can take."""
    needs_images = [*IMAGES, "small_cnn"]
    data = {name: ["Digits", "FashionMNISTSmall", "CIFAR10"] for name in Template.shelf}
    for name in data.keys() - needs_images - {"logistic_regression"}:
        data[name].append("Wine")
    return [(name, each) for name in data for each in data[name]]


@pytest.mark.parametrize(("name", "data"), fitting())
def test_shapes_and_parameters_are_those_of_torch(name: str, data: str) -> None:
    project = Template.shelf[name].project(DatasetSpec.named(data)())
    in_shape = project.data.info().shape
    steps = [step for step in project.walk() if not step.depth]
    with torch.device("meta"):
        network = build(project.model, in_shape).eval()
        output = network(torch.empty(2, *in_shape))
    assert tuple(output.shape[1:]) == steps[-1].out_shape
    counted = sum(parameter.numel() for parameter in network.parameters())
    assert counted == sum(step.parameters for step in steps)


@pytest.mark.parametrize("name", Template.shelf)
def test_a_step_of_its_optimizer_makes_the_loss_smaller(name: str) -> None:
    project = small(name)
    torch.manual_seed(0)
    network = build(project.model, project.data.info().shape)
    inputs, targets = batch(project, 8)
    loss_at = loss_of(project, network)
    optimizer = project.train.optimizer.make(network, project.train.lr / 10)
    before = loss_at(inputs, targets)
    before.backward()
    without = [name for name, value in network.named_parameters() if value.grad is None]
    assert without == []
    optimizer.step()
    with torch.no_grad():
        after = loss_at(inputs, targets)
    assert after < before


@pytest.mark.parametrize("name", Template.shelf)
def test_its_parameters_leave_as_a_state_dict(name: str, tmp_path: Path) -> None:
    project = small(name)
    network = build(project.model, project.data.info().shape)
    held, exported = tmp_path / "last.pt", tmp_path / "weights.safetensors"
    checkpoint.save({"model": network.state_dict()}, held)
    list(save_parameters(held, exported))
    found = load_file(exported)
    assert found.keys() == network.state_dict().keys()
    other = build(project.model, project.data.info().shape)
    other.load_state_dict(found)
    inputs, _ = batch(project, 2)
    torch.testing.assert_close(other.eval()(inputs), network.eval()(inputs))


def test_resnet18_has_the_parameters_of_torchvisions_with_a_stem_for_small_images() -> None:
    theirs = resnet18(num_classes=10)
    theirs.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    theirs.maxpool = nn.Identity()
    project = Template.shelf["resnet18_cifar"].project(DatasetSpec.named("CIFAR10")())
    ours = build(project.model, (3, 32, 32))
    sizes = [value.shape for value in theirs.state_dict().values()]
    assert sorted(sizes) == sorted(value.shape for value in ours.state_dict().values())
    assert sum(parameter.numel() for parameter in ours.parameters()) == 11_173_962
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(ours.eval()(images), theirs.eval()(images))
