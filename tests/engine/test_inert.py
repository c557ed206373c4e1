"""Networks of foreign classes: their parameters are read without a single object being made."""

import argparse
import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small
import torch
from torch import Tensor, nn

from workbench.core.errors import ForeignClass, UserError
from workbench.core.events import ModelLoaded
from workbench.core.project import Project
from workbench.engine import checkpoint
from workbench.engine.build import build
from workbench.engine.inert import tensors_of
from workbench.engine.restore import load_model

PROJECT = small.project(
    small.layer("Flatten"),
    small.layer("Linear", out_features=6, name="hidden"),
    small.layer("BatchNorm1d", name="norm"),
    small.layer("Linear", out_features=10, name="head"),
)


class Net(nn.Module):
    """As people write them."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, 6)
        self.norm = nn.BatchNorm1d(6)
        self.head = nn.Linear(6, 10)
        self.note = "of our own"

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.head(self.norm(self.hidden(x.flatten(1))))
        return output


class System:
    """Unpickled by Python it makes a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.canary}",)


class Nested(System):
    """Each object that is made makes another one first."""

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (System(self.canary), "x")


class Hashed(System):
    """Called as the key of a mapping."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"__import__('pathlib').Path({str(self.canary)!r}).touch()",)


class AsState(System):
    """Python would set the state of what was made by a function of the file's choice."""

    def __reduce__(self) -> tuple[Any, ...]:
        return OrderedDict, (), {"x": System(self.canary)}


HELD: dict[str, Callable[[Net, Path], Any]] = {
    "a network": lambda net, canary: net,
    "a network in a checkpoint": lambda net, canary: {"epoch": 3, "model": net, "best": 0.5},
    "a wrapper": lambda net, canary: nn.DataParallel(net),
    "arguments beside": lambda net, canary: {
        "state_dict": net.state_dict(),
        "args": argparse.Namespace(lr=0.1, command=System(canary)),
    },
    "code beside": lambda net, canary: {**net.state_dict(), "x": System(canary)},
    "code in code": lambda net, canary: {"model": net, "x": [Nested(canary), AsState(canary)]},
    "code as a key": lambda net, canary: {"model": net.state_dict(), "x": {Hashed(canary): 1}},
    "a path": lambda net, canary: {"model": net, "where": Path("a/b")},
}


def load(path: Path, tensors_only: bool = False, project: Project = PROJECT) -> ModelLoaded:
    into = path.with_name("into.pt")
    *_, event = load_model(path, project, into, tensors_only=tensors_only)
    assert isinstance(event, ModelLoaded)
    return event


@pytest.mark.parametrize("case", HELD)
def test_a_foreign_class_is_named_and_its_parameters_are_offered(case: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net, path, canary = Net(), tmp_path / "theirs.pt", tmp_path / "canary"
    net(torch.randn(8, 1, 8, 8))  # its running figures are not those of a fresh one
    torch.save(HELD[case](net, canary), path)
    with pytest.raises(ForeignClass, match="Its parameters can be read without that") as told:
        load(path)
    again = pickle.loads(pickle.dumps(told.value))  # as it crosses the pipe
    assert isinstance(again, ForeignClass)
    assert str(path) in str(again)
    load(path, tensors_only=True)
    ours = build(PROJECT.model, (1, 8, 8)).eval()
    ours.load_state_dict(checkpoint.load(tmp_path / "into.pt")["model"])
    inputs = torch.randn(5, 1, 8, 8)
    assert torch.equal(ours(inputs), net.eval()(inputs))
    assert not canary.exists()


def test_the_canary_would_be_touched_by_python(tmp_path: Path) -> None:
    """Else nothing above would say anything."""
    for number, kind in enumerate((System, Nested, Hashed, AsState)):
        canary = tmp_path / str(number)
        held = pickle.dumps({"x": kind(canary)})
        try:
            pickle.loads(held)
        except AttributeError:  # what system gives has no x
            assert kind is Nested
        assert canary.exists()


def test_views_types_and_shared_storages_are_read_as_torch_does(tmp_path: Path) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    held = {
        "a": base[1:3, ::2],
        "b": base.T,
        "c": base,
        "half": torch.arange(3).half(),
        "bfloat": torch.arange(3).bfloat16(),
        "long": torch.arange(3),
        "bool": torch.tensor([True, False]),
        "none": torch.empty(0, 3),
        "one": torch.tensor(7.0),
        "parameter": nn.Parameter(torch.ones(2)),
    }
    path = tmp_path / "m.pt"
    torch.save({"net": held, "x": argparse.Namespace()}, path)
    found = tensors_of(path)["net"]
    assert found.keys() == held.keys()
    for name, value in held.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], value)


def test_nothing_is_offered_where_there_are_no_parameters(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    for held in (argparse.Namespace(a=1), {"x": System(tmp_path / "canary")}, [Net()]):
        torch.save(held, path)
        with pytest.raises(UserError, match="Save its state_dict in the program that") as told:
            load(path)
        assert type(told.value) is not ForeignClass
    torch.save(Net(), path, _use_new_zipfile_serialization=False)
    with pytest.raises(UserError, match="Save its state_dict in the program that made it"):
        load(path)
    assert not (tmp_path / "canary").exists()
