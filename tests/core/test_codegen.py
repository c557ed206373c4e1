"""Generated code against the network that the program builds, and against ruff."""

from pathlib import Path

import pytest
from generated import agrees, tidy
from hypothesis import given, settings
from trees import IN_SHAPE, conv, layer, networks

from workbench.catalog.layers.blocks import Branches, Group, Repeat, Residual
from workbench.core.codegen import generate
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.template import Template

DRAWN = settings(max_examples=40, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("name", Template.shelf)
def test_a_template_as_code_is_the_same_network(name: str) -> None:
    project = Template.shelf[name].project()
    agrees(project.model, project.data.info().shape)


@DRAWN
@given(networks())
def test_any_network_as_code_is_the_same_network(model: ModelSpec) -> None:
    agrees(model, IN_SHAPE)


def test_code_is_formatted_and_free_of_lint(tmp_path: Path) -> None:
    texts = {
        name: generate(project.model, project.data.info().shape).text
        for name, project in ((name, kind.project()) for name, kind in Template.shelf.items())
    }
    drawn: list[ModelSpec] = []
    settings(max_examples=40, deadline=None, derandomize=True, database=None)(
        given(networks())(lambda model: drawn.append(model))
    )()
    texts |= {f"drawn{n}": generate(model, IN_SHAPE).text for n, model in enumerate(drawn)}
    texts["long"] = generate(long_lines(), IN_SHAPE).text
    tidy(texts, tmp_path)


def long_lines() -> ModelSpec:
    """Names as long as they may be, and more branches than a line holds."""
    long = conv(4, name="c" * 64, dilation=(2, 3), groups=1, bias=False)
    many = Branches(branches=tuple((layer("ReLU"),) for _ in range(20)))
    added = Branches(branches=tuple((layer("Tanh"),) for _ in range(12)), merge="add")
    rounds = Repeat(name="r" * 60, times=3, layers=(conv(5, name="d" * 60),))
    group = Group(name="g" * 64, layers=(layer("Sigmoid"),))
    nested = Branches(branches=((Branches(branches=((group,), (added,))),), (many,)))
    return ModelSpec(layers=(long, nested, rounds, layer("Flatten"), layer("Linear")))


def test_long_names_change_nothing() -> None:
    agrees(long_lines(), IN_SHAPE)


def test_it_reads_as_a_person_would_have_written_it() -> None:
    block = Residual(layers=(conv(3), layer("ReLU")))
    model = ModelSpec(
        layers=(
            Repeat(name="stage", times=2, layers=(block,)),
            Branches(branches=((), (conv(4),))),
            Group(name="head", title="a head", layers=(layer("Flatten"),)),
        )
    )
    text = generate(model, IN_SHAPE).text
    body = [line.strip() for line in text.splitlines() if line.strip()]
    assert body == [
        "import torch",
        "from torch import nn",
        "class StageBlock(nn.Module):",
        "def __init__(self):",
        "super().__init__()",
        f"self.conv1 = {conv(3).constructor_source(IN_SHAPE)}",
        "self.relu1 = nn.ReLU()",
        "def forward(self, x):  # 3 × 8 × 8",
        "identity = x",
        "x = self.conv1(x)",
        "x = self.relu1(x)",
        "x = x + identity",
        "return x",
        "class AHead(nn.Module):",
        '"""a head"""',
        "def __init__(self):",
        "super().__init__()",
        "self.flatten1 = nn.Flatten()",
        "def forward(self, x):  # 7 × 8 × 8",
        "x = self.flatten1(x)  # 448",
        "return x",
        "class Net(nn.Module):",
        "def __init__(self):",
        "super().__init__()",
        "self.stage = nn.Sequential(*[StageBlock() for _ in range(2)])",
        f"self.conv2 = {conv(4).constructor_source(IN_SHAPE)}",
        "self.head = AHead()",
        "def forward(self, x):  # 3 × 8 × 8",
        "x = self.stage(x)",
        "branch2 = self.conv2(x)  # 4 × 8 × 8",
        "x = torch.cat([x, branch2], dim=1)  # 7 × 8 × 8",
        "x = self.head(x)  # 448",
        "return x",
    ]


def test_rounds_of_other_sizes_share_one_class() -> None:
    grown = Branches(branches=((), (layer("BatchNorm2d"), layer("ReLU"), conv(5))))
    model = ModelSpec(layers=(Repeat(name="dense", times=3, layers=(grown,)),))
    text = generate(model, IN_SHAPE).text
    assert text.count("class ") == 2
    assert "nn.Sequential(DenseBlock(3), DenseBlock(8), DenseBlock(13))" in text
    agrees(model, IN_SHAPE)


def test_lines_know_their_layers() -> None:
    inner = Repeat(name="r", times=2, layers=(conv(3, name="c"),))
    model = ModelSpec(layers=(layer("Tanh", name="t"), Group(name="g", layers=(inner,))))
    code = generate(model, IN_SHAPE)
    lines = code.text.splitlines()
    assert len(code.owners) == len(lines)
    for path, each in model.nested():
        told = [lines[number] for number in code.lines_of(path)]
        assert any(f"self.{each.name} = " in line for line in told)
        assert any(f"self.{each.name}(x)" in line for line in told)
    for number, line in enumerate(lines):
        for path, each in model.nested():
            if f"self.{each.name} = " in line or f"self.{each.name}(x)" in line:
                assert code.layer_at(number) == path
    assert set(code.lines_of((1, 0, 0, 0, 0))) < set(code.lines_of((1,)))
    assert code.layer_at(0) is None
    assert code.layer_at(10_000) is None


def test_a_fault_becomes_a_comment_and_what_it_hides_finds_its_size_itself() -> None:
    layers: tuple[LayerSpec, ...] = (layer("Linear"), layer("Flatten"), layer("Linear"))
    text = generate(ModelSpec(layers=layers), IN_SHAPE).text
    assert "        # fc1 gets 3 × 8 × 8, needs a flat vector.\n        self.fc1 = nn.Lin" in text
    assert "self.fc2 = nn.LazyLinear(out_features=10)" in text or "nn.LazyLinear(10)" in text
    compile(text, "net.py", "exec")
    for kind in LayerSpec.choices().values():
        hidden = generate(ModelSpec(layers=(layer("Linear"), kind())), IN_SHAPE).text
        compile(hidden, "net.py", "exec")
