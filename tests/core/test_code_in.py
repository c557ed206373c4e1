"""Code back in: what is generated, what tutorials have, and what strangers send."""

import textwrap
from pathlib import Path

import pytest
import torch
from generated import executed
from hypothesis import given, settings
from torch import nn
from trees import IN_SHAPE, networks

from workbench.catalog.layers.blocks import Branches, Group, Repeat, Residual
from workbench.catalog.layers.opaque import Opaque
from workbench.core.code_in import CodeRead, read_code
from workbench.core.codegen import generate
from workbench.core.errors import UserError
from workbench.core.layer import Shape
from workbench.core.model import ModelSpec
from workbench.core.template import Template
from workbench.engine.build import build

DRAWN = settings(max_examples=40, deadline=None, derandomize=True, database=None)


def read(code: str) -> CodeRead:
    return read_code(textwrap.dedent(code))


def kinds(model: ModelSpec) -> list[str]:
    return [layer.kind for layer in model.layers]


def only(model: ModelSpec, kind: type) -> object:
    (layer,) = (layer for _, layer in model.nested() if isinstance(layer, kind))
    return layer


def computes_the_same(code: str, in_shape: Shape, name: str = "Net") -> ModelSpec:
    """What a text of ours computes, executed here, against the network that is read from it."""
    scope: dict[str, object] = {}
    exec(textwrap.dedent(code), scope)
    theirs: nn.Module = scope[name]() if isinstance(scope[name], type) else scope[name]  # type: ignore[operator,assignment]
    found = read(code)
    assert found.remarks(in_shape) == []
    torch.manual_seed(3)
    mine = build(found.model, in_shape).eval()
    values = list(mine.state_dict().values())
    held = theirs.state_dict()
    assert [value.shape for value in held.values()] == [value.shape for value in values]
    theirs.load_state_dict(dict(zip(held, values, strict=True)))
    x = torch.rand(2, *in_shape)
    torch.testing.assert_close(mine(x), theirs.eval()(x))
    torch.testing.assert_close(executed(found.model, in_shape).eval()(x).shape, mine(x).shape)
    return found.model


@pytest.mark.parametrize("name", Template.shelf)
def test_a_template_comes_back_as_it_was(name: str) -> None:
    project = Template.shelf[name].project()
    shape = project.data.info().shape
    text = generate(project.model, shape).text
    found = read_code(text)
    assert found.model == project.model
    assert found.remarks(shape) == []
    assert generate(found.model, shape).text == text


@DRAWN
@given(networks())
def test_code_of_any_network_comes_back_as_the_same_code(model: ModelSpec) -> None:
    text = generate(model, IN_SHAPE).text
    found = read_code(text)
    assert generate(found.model, IN_SHAPE).text == text
    assert found.remarks(IN_SHAPE) == []


LENET = """
    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    class Net(nn.Module):
        def __init__(self):
            super(Net, self).__init__()
            self.conv1 = nn.Conv2d(1, 6, 5)
            self.conv2 = nn.Conv2d(6, 16, (5, 5))
            self.fc1 = nn.Linear(16 * 5 * 5, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)
            self.drop = nn.Dropout(p=0.25)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            # two convolutions with pooling
            x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
            x = F.max_pool2d(torch.relu(self.conv2(x)), kernel_size=2)
            x = x.view(-1, self.num_flat_features())
            x = F.relu(self.fc1(x), inplace=True)
            x = self.drop(F.relu(self.fc2(x)))
            return self.fc3(x)

        def num_flat_features(self):
            return 16 * 5 * 5
"""


def test_the_lenet_of_a_first_tutorial() -> None:
    model = computes_the_same(LENET, (1, 32, 32))
    assert kinds(model) == [
        *("Conv2d", "ReLU", "MaxPool2d") * 2,
        *("Flatten", "Linear", "ReLU", "Linear", "ReLU", "Dropout", "Linear"),
    ]
    assert model.layers[0].name == "conv1"


@pytest.mark.parametrize(
    "code",
    [
        "model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))",
        """
        from collections import OrderedDict
        HIDDEN = 2 ** 5
        model = nn.Sequential(OrderedDict([("flat", nn.Flatten()), ("fc1", nn.Linear(64, HIDDEN)),
            ("relu", nn.ReLU(inplace=True)), ("fc2", nn.Linear(HIDDEN, out_features=10))]))
        """,
        """
        class MLP(nn.Module):
            def __init__(self, hidden=32, classes: int = 10):
                super().__init__()
                self.layers = nn.Sequential(
                    nn.Flatten(), nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, classes)
                )
            def forward(self, x):
                return self.layers(x)
        """,
        """
        class MLP(nn.Module):
            def __init__(self, sizes):
                super().__init__()
                self.flat = nn.Flatten()
                layers = []
                for i in range(len(sizes) - 2):
                    layers += [nn.Linear(sizes[i], sizes[i + 1]), nn.ReLU()]
                layers.append(nn.Linear(sizes[-2], sizes[-1]))
                self.layers = nn.Sequential(*layers)
            def forward(self, x):
                x = self.flat(x)
                for layer in self.layers:
                    x = layer(x)
                return x
        if __name__ == "__main__":
            net = MLP([64, 32, 10])
        """,
    ],
)
def test_a_multilayer_perceptron_in_its_usual_forms(code: str) -> None:
    found = read(code)
    assert kinds(found.model) == ["Flatten", "Linear", "ReLU", "Linear"]
    assert found.remarks((1, 8, 8)) == []
    assert [getattr(layer, "out_features", None) for layer in found.model.layers] == [
        *(None, 32, None, 10)
    ]


RESNET = """
    import torch
    from torch import nn, Tensor
    from typing import Optional

    def conv3x3(in_planes, out_planes, stride=1):
        return nn.Conv2d(in_planes, out_planes, kernel_size=3, stride=stride, padding=1, bias=False)

    class BasicBlock(nn.Module):
        expansion: int = 1

        def __init__(self, inplanes, planes, stride=1, downsample: Optional[nn.Module] = None):
            super().__init__()
            self.conv1 = conv3x3(inplanes, planes, stride)
            self.bn1 = nn.BatchNorm2d(planes)
            self.relu = nn.ReLU(inplace=True)
            self.conv2 = conv3x3(planes, planes)
            self.bn2 = nn.BatchNorm2d(planes)
            self.downsample = downsample

        def forward(self, x: Tensor) -> Tensor:
            identity = x
            out = self.conv1(x)
            out = self.bn1(out)
            out = self.relu(out)
            out = self.conv2(out)
            out = self.bn2(out)
            if self.downsample is not None:
                identity = self.downsample(x)
            out += identity
            out = self.relu(out)
            return out

    class ResNet(nn.Module):
        def __init__(self, block, layers, num_classes=10):
            super().__init__()
            self.inplanes = 8
            self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=3, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(self.inplanes)
            self.relu = nn.ReLU(inplace=True)
            self.layer1 = self._make_layer(block, 8, layers[0])
            self.layer2 = self._make_layer(block, 16, layers[1], stride=2)
            self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
            self.fc = nn.Linear(16 * block.expansion, num_classes)

        def _make_layer(self, block, planes, blocks, stride=1):
            downsample = None
            if stride != 1 or self.inplanes != planes * block.expansion:
                downsample = nn.Sequential(
                    nn.Conv2d(self.inplanes, planes, kernel_size=1, stride=stride, bias=False),
                    nn.BatchNorm2d(planes),
                )
            layers = [block(self.inplanes, planes, stride, downsample)]
            self.inplanes = planes * block.expansion
            for _ in range(1, blocks):
                layers.append(block(self.inplanes, planes))
            return nn.Sequential(*layers)

        def forward(self, x):
            x = self.relu(self.bn1(self.conv1(x)))
            x = self.layer1(x)
            x = self.layer2(x)
            x = self.avgpool(x)
            x = torch.flatten(x, 1)
            return self.fc(x)

    def small():
        return ResNet(BasicBlock, [2, 2])

    Net = small
"""


def test_a_resnet_as_torchvision_writes_it() -> None:
    code = RESNET.replace("Net = small", "Net = small()")
    model = computes_the_same(code, (3, 16, 16))
    layer1, layer2 = model.at(model.path_of("layer1")), model.at(model.path_of("layer2"))
    assert isinstance(layer1, Repeat)
    assert layer1.times == 2
    assert isinstance(layer2, Group)
    assert [inner.title for inner in layer2.layers] == ["BasicBlock", "BasicBlock"]
    first = layer2.layers[0].layers[0]
    assert isinstance(first, Residual)
    assert [len(stack) for stack in first.stacks] == [5, 1]


UNET = """
    class DoubleConv(nn.Module):
        def __init__(self, in_ch, out_ch):
            super().__init__()
            self.conv = nn.Sequential(
                nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.BatchNorm2d(out_ch), nn.ReLU(),
            )

        def forward(self, x):
            return self.conv(x)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.down1 = DoubleConv(1, 4)
            self.down2 = DoubleConv(4, 8)
            self.pool = nn.MaxPool2d(2)
            self.bottom = DoubleConv(8, 16)
            self.up2 = nn.ConvTranspose2d(16, 8, 2, stride=2)
            self.conv2 = DoubleConv(16, 8)
            self.up1 = nn.ConvTranspose2d(8, 4, 2, 2)
            self.conv1 = DoubleConv(8, 4)
            self.out = nn.Conv2d(4, 2, 1)

        def forward(self, x):
            skip1 = self.down1(x)
            skip2 = self.down2(self.pool(skip1))
            x = self.bottom(self.pool(skip2))
            x = self.up2(x)
            x = self.conv2(torch.cat((skip2, x), dim=1))
            x = self.up1(x)
            x = torch.cat([skip1, x], 1)
            x = self.conv1(x)
            return self.out(x)
"""


def test_a_unet_with_its_skips() -> None:
    model = computes_the_same(
        "import torch\nfrom torch import nn\n" + textwrap.dedent(UNET), (1, 8, 8)
    )
    branches = [layer for _, layer in model.nested() if isinstance(layer, Branches)]
    assert [block.merge for block in branches] == ["concatenate"] * 2
    assert branches[1] in branches[0].branches[1]  # one lies in the other


def test_functions_and_methods_become_layers() -> None:
    code = """
        import torch
        from torch import nn
        from torch.nn import functional as F

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(1, 4, 3, 1, 1)
                self.fc = nn.Linear(4, 3)

            def forward(self, x):
                x = F.leaky_relu(self.conv(x), 0.2)
                x = F.avg_pool2d(x, 2).sigmoid()
                x = F.dropout(x, 0.3, self.training)
                x = F.interpolate(x, scale_factor=2)
                a, b = F.gelu(x), torch.tanh(x)
                x = a * b
                x = x.mean([2, 3])
                return F.log_softmax(self.fc(x), dim=1)
    """
    model = computes_the_same(code, (1, 8, 8))
    assert [layer.kind for _, layer in model.nested()] == [
        *("Conv2d", "LeakyReLU", "AvgPool2d", "Sigmoid", "Dropout", "Upsample"),
        *("Branches", "GELU", "Tanh", "AdaptiveAvgPool2d", "Flatten", "Linear", "LogSoftmax"),
    ]


def test_a_recurrent_classifier() -> None:
    code = """
        import torch
        from torch import nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.lstm = nn.LSTM(8, 16, 1, batch_first=True)
                self.gru = nn.GRU(16, 6, batch_first=True)
                self.fc = nn.Linear(6, 3)

            def forward(self, x):
                out, (h_n, c_n) = self.lstm(x)
                out, _ = self.gru(out)
                return self.fc(out[:, -1, :])
    """
    model = computes_the_same(code, (5, 8))
    assert [getattr(layer, "output", "") for layer in model.layers] == ["sequence", "last step", ""]


def test_what_no_layer_says_is_kept_with_the_reason() -> None:
    code = """
        import torch
        from torch import nn
        import einops

        class Scale(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.weight = nn.Parameter(torch.ones(n))
            def forward(self, x):
                return x * self.weight   # a comment that stays

        class Net(nn.Module):
            def __init__(self, width=3):
                super().__init__()
                self.fc = nn.Linear(8, width)
                self.scale = Scale(width)
                self.gain = nn.Parameter(torch.ones(width))
            def forward(self, x):
                h = self.fc(x)
                h = self.scale(h)
                y = h.cumsum(1) / self.gain
                return torch.relu(y)
    """
    found = read(code)
    assert kinds(found.model) == ["Linear", "Opaque", "Opaque", "ReLU"]
    scale, gain = found.model.layers[1:3]
    assert isinstance(scale, Opaque)
    assert isinstance(gain, Opaque)
    assert "# a comment that stays" in scale.definitions
    assert scale.assignments == "self.scale = Scale(3)"
    assert "torch.ones(3)" in gain.assignments
    assert gain.statements == "x = x.cumsum(1) / self.gain"
    assert len(found.remarks((8,))) == 2
    step = found.model.walk((8,))[1]
    assert "can't be run here" in str(step.fault)
    assert [fix.label for fix in step.fault.fixes] == ["remove the layer"]
    text = generate(found.model, (8,)).text
    assert generate(read_code(text).model, (8,)).text == text
    scope: dict[str, object] = {}
    exec(compile(text, "net.py", "exec"), scope)  # it is a whole program still
    net, x = scope["Net"](), torch.randn(4, 8)  # type: ignore[operator]
    expected = torch.relu(net.scale(net.fc(x)).cumsum(1) / net.gain)
    torch.testing.assert_close(net(x), expected)
    with pytest.raises(UserError, match="can't be run here"):
        build(found.model, (8,))


def test_weights_that_are_used_twice_are_not_doubled() -> None:
    code = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(8, 8)
            def forward(self, x):
                return self.fc(self.fc(x))
    """
    (layer,) = read(code).model.layers
    assert isinstance(layer, Opaque)
    assert layer.reason == "fc is used twice with the same weights"
    text = generate(read(code).model, (8,)).text
    assert "class Net2(nn.Module)" in text
    assert generate(read_code(text).model, (8,)).text == text


def test_sizes_that_do_not_fit_the_data_are_told() -> None:
    found = read(LENET)
    assert found.remarks((3, 28, 28)) == [
        "conv1: the code has in_channels=1, and 3 follows from the input.",
        "flatten1: the code has size=400, and 256 follows from the input.",
        "fc1: the code has in_features=400, and 256 follows from the input.",
    ]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "The code defines no network: it has neither"),
        ("x = 3\nclass A: pass", "defines no network"),
        ("class Net(nn.Module):\n    def forward(self x):", "The code is not Python: line 2: "),
        (
            "class Net(nn.Module):\n def __init__(self, n):\n  pass\n def forward(self, x): ...",
            "Net can't be made: __init__ needs n, which is not told. Give it a default",
        ),
        ("\0", "The code is not Python: "),
        ("(" * 10_000 + ")" * 10_000, "not Python: line 1: too many nested parentheses|too deeply"),
        ("x = " + "-" * 100_000 + "1", "too deeply"),
        ("x = 1" + " + 1" * 50_000 + "\nm = nn.Sequential()", "too deeply"),
        ("#" * 600_000, "has 600,000 characters; at most 500,000 are read"),
        (
            "class Net(nn.Module):\n def __init__(self):\n"
            "  for i in range(9999):\n   for j in range(9999):\n    pass\n"
            " def forward(self, x):\n  return x\nn = Net()",
            "takes too long",
        ),
    ],
)
def test_what_can_not_be_read_is_told_in_one_sentence(code: str, sentence: str) -> None:
    with pytest.raises(UserError) as told:
        read_code(code)
    assert any(part in str(told.value) for part in sentence.split("|"))
    assert "\n" not in str(told.value)


def test_nothing_is_executed(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    touch = f"open({str(canary)!r}, 'w').close()"
    code = f"""
        import torch
        from torch import nn
        __import__("os").system("touch {canary}")
        {touch}
        eval("{touch}")
        print({touch})
        n = [{touch} for _ in range(3)]

        @(lambda cls: {touch} or cls)
        class Net(nn.Module):
            here = {touch}
            def __init__(self, n=__import__("pathlib").Path({str(canary)!r}).touch()):
                super().__init__()
                {touch}
                self.fc = nn.Linear(8, 3)
            def forward(self, x):
                exec("{touch}")
                [].append.__globals__
                return self.fc(x)
        Net()
    """
    try:
        read(code)
    except UserError:
        pass
    assert not canary.exists()


@pytest.mark.parametrize(
    "forward", ["while True: pass", "if x.sum() > 0: x = x.relu()", "x = x[1:]", "del x"]
)
def test_what_is_kept_comes_out_as_it_was(forward: str) -> None:
    code = f"class A(nn.Module):\n  def forward(self, x):\n    {forward}\n    return x  # so\n"
    found = read_code(code)
    assert any(layer.verbatim for layer in found.model.layers)
    text = generate(found.model, (8,)).text
    again = generate(read_code(text).model, (8,)).text
    assert again == text
    assert forward in text


def test_the_last_module_that_no_other_uses_is_meant() -> None:
    code = """
        class Head(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 2)
            def forward(self, x):
                return self.fc(x)
        class Other(nn.Module):
            def forward(self, x):
                return x.relu()
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = Head()
            def forward(self, x):
                return self.head(x.tanh())
        class Block(Net):
            pass
    """
    assert kinds(read(code).model) == ["Tanh", "Group"]
