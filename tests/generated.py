"""What tests of generated code share: it is executed here, and nowhere else."""

import subprocess
import sys
from pathlib import Path

import torch
from torch import nn

from workbench.core.codegen import generate
from workbench.core.layer import Shape
from workbench.core.model import ModelSpec
from workbench.engine.build import build

RUFF = Path(sys.executable).with_name("ruff")


def executed(model: ModelSpec, in_shape: Shape) -> nn.Module:
    """The network that the text makes, in a scope that has nothing but Python's own."""
    text = generate(model, in_shape).text
    assert "workbench" not in text
    scope: dict[str, object] = {"__name__": "net"}
    exec(compile(text, "net.py", "exec"), scope)
    return scope["Net"]()


def agrees(model: ModelSpec, in_shape: Shape, inputs: torch.Tensor | None = None) -> None:
    """Same names in the same order, same first weights, same output."""
    torch.manual_seed(1)
    mine = build(model, in_shape).eval()
    torch.manual_seed(1)
    theirs = executed(model, in_shape).eval()
    held = mine.state_dict()
    assert list(theirs.state_dict()) == list(held)
    assert all(torch.equal(value, held[name]) for name, value in theirs.state_dict().items())
    x = torch.rand(2, *in_shape) if inputs is None else inputs
    with torch.no_grad():
        torch.testing.assert_close(theirs(x), mine(x), rtol=0, atol=0, equal_nan=True)


def tidy(texts: dict[str, str], folder: Path) -> None:
    """`ruff format` would change nothing, and `ruff check` has nothing to say."""
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "ruff.toml").write_text("line-length = 100\n")
    for command in (["format", "--diff"], ["check"]):
        done = subprocess.run([RUFF, *command, folder], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
