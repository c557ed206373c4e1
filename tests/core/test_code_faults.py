"""Code that would be easy to misread: it is kept as it is, or told, never changed in silence."""

import textwrap

import pytest

from workbench.catalog.layers.opaque import Opaque
from workbench.core.code_in import CodeRead, read_code

NET = """
    import torch
    from torch import nn
    import torch.nn.functional as F

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.act = nn.ReLU()
            self.fc = nn.Linear(8, 8)
        def forward(self, x):
            {}
            return self.fc(x)
"""


def read(code: str) -> CodeRead:
    return read_code(textwrap.dedent(code))


def kinds(code: str) -> list[str]:
    return [layer.kind for layer in read(code).model.layers]


def kept(code: str) -> str:
    """The reason for which all of it is kept."""
    (layer,) = read(code).model.layers
    assert isinstance(layer, Opaque)
    return layer.reason


@pytest.mark.parametrize(
    "line",
    ["F.relu_(x)", "F.relu(x, inplace=True)", "x.relu_()", "self.act(x)"],
)
def test_a_tensor_that_is_computed_and_not_assigned_is_kept(line: str) -> None:
    assert kept(NET.format(line)) == "line 12 computes a tensor that it does not assign"


@pytest.mark.parametrize("line", ["'text'", "print('text')", "x.size(0)"])
def test_a_line_that_computes_no_tensor_changes_nothing(line: str) -> None:
    assert kinds(NET.format(line)) == ["Linear"]


@pytest.mark.parametrize(
    "line",
    [
        "if not self.training: x = F.softmax(x, 1)",
        "if self.training: x = self.act(x)",
        "if x: x = self.act(x)",
        "if len(x): x = self.act(x)",
        "if x.size(0) == 1: x = self.act(x)",
        "if True and self.training: x = self.act(x)",
        "for _ in [1 for i in [2] if self.training]: x = self.act(x)",
    ],
)
def test_a_test_of_what_only_running_tells_is_kept(line: str) -> None:
    kept(NET.format(line))


@pytest.mark.parametrize("test", ["self.act", "self.fc is not None", "nn.ReLU", "[1]"])
def test_a_test_of_what_is_known_is_followed(test: str) -> None:
    assert kinds(NET.format(f"if {test}: x = self.act(x)")) == ["ReLU", "Linear"]
