"""Code that would be easy to misread: it is kept as it is, or told, never changed in silence."""

import textwrap

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import models

from workbench.catalog.layers.activation import ReLU
from workbench.catalog.layers.backbones import Backbone
from workbench.catalog.layers.blocks import Residual
from workbench.catalog.layers.opaque import Opaque
from workbench.core.code_in import CodeRead, read_code
from workbench.core.codegen import generate
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec

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


BACKBONES = [kind for kind in LayerSpec.choices().values() if issubclass(kind, Backbone)]


@pytest.mark.parametrize("kind", BACKBONES, ids=lambda kind: kind.function)
def test_the_weights_of_a_backbone_are_those_that_its_call_names(kind: type[Backbone]) -> None:
    net = textwrap.dedent(NET).replace("        {}\n", "")
    net = net.replace("nn.Linear(8, 8)", f"models.{kind.function}(weights={{}})")
    code = f"from torchvision import models\n{net}"
    for weights in models.get_model_weights(kind.function):
        (layer,) = read(code.replace("{}", repr(weights.name))).model.layers
        is_here = weights.url.endswith(kind.published)
        assert isinstance(layer, kind if is_here else Opaque)
        assert getattr(layer, "weights", "imagenet") == "imagenet"
    for named, wanted in (("'DEFAULT'", "imagenet"), ("None", "none")):
        (layer,) = read(code.replace("{}", named)).model.layers
        assert isinstance(layer, kind)
        assert layer.weights == wanted
    assert kind.published in models.get_model_weights(kind.function).DEFAULT.url


BASE = """
    from torch import nn
    class B(nn.Module):
        width = 8
        def __init__(self, out=2):
            super().__init__()
            self.fc = nn.Linear(self.width, out)
        def forward(self, x):
            return self.fc(x)
"""


def test_what_a_class_inherits_is_followed() -> None:
    inherited = (
        BASE
        + """
    class C(B):
        width = 16
    class Net(C):
        def __init__(self):
            super().__init__(out=3)
            self.fc2 = nn.Linear(3, 4)
            self.act = nn.ReLU()
        def forward(self, x):
            return self.act(self.fc2(self.fc(x)))
    """
    )
    assert kinds(inherited) == ["Linear", "Linear", "ReLU"]
    assert read(inherited).model.layers[0].out_features == 3  # type: ignore[attr-defined]
    assert read(inherited).claims["fc"] == {"in_features": 16}
    own_init = (
        BASE
        + """
    class Net(B):
        def __init__(self):
            nn.Module.__init__(self)
            self.fc = nn.Sequential(nn.Tanh(), nn.Linear(8, 5))
    """
    )
    own_init = own_init.replace("nn.Module.__init__(self)", "super(B, self).__init__()")
    assert kinds(own_init) == ["Tanh", "Linear"]


def test_of_two_bases_nothing_is_guessed() -> None:
    reason = kept(
        BASE
        + """
    class Other:
        def forward(self, x):
            return x
    class Net(Other, B):
        pass
    """
    )
    assert reason == "Net has bases that are not followed"
    assert "class B(" in read(BASE + "    class Net(B, object): pass\n").model.layers[0].definitions  # type: ignore[attr-defined]


def test_the_last_of_two_methods_of_a_name_counts() -> None:
    code = (
        BASE
        + """
        def forward(self, x):
            return self.fc(x).relu()
    """
    )
    assert kinds(code) == ["Linear", "ReLU"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("import foo as nn", "nn is of foo"),
        ("from . import nn", "nn is of .nn"),
        ("from .torch import nn", "nn is of .torch.nn"),
        ("try: import foo as nn\nexcept ImportError: nn = None", "nn is not known"),
    ],
)
def test_a_name_of_another_library_is_not_read_as_torch(line: str, reason: str) -> None:
    net = textwrap.dedent(NET).replace("{}", "pass").replace("from torch import nn", line)
    assert kept(net) == reason


def test_a_function_of_another_library_is_not_read_as_torch() -> None:
    net = NET.replace("import torch.nn.functional as F", "import my.functional as F")
    layers = read(net.format("x = F.relu(x)")).model.layers
    assert [layer.kind for layer in layers] == ["Opaque", "Linear"]
    assert "import my.functional as F" in layers[0].definitions  # type: ignore[attr-defined]
    kept(NET.format("import my.functional as F; x = F.relu(x)"))


def test_a_decorated_class_is_kept() -> None:
    assert kept(BASE.replace("class B", "@half\n    class B")) == "its class is decorated"


@pytest.mark.parametrize("name", ["forward", "__init__"])
def test_a_decorated_method_is_kept(name: str) -> None:
    code = BASE.replace(f"def {name}", f"@half\n        def {name}")
    assert kept(code) == f"{name} is decorated"


STRANGE = [
    *("x.mean(('H', 'W'))", "F.pad(x, 1)", "torch.cat([x, x], dim=None)", "torch.cat(3)"),
    *("x.transpose(1, 'a')", "OrderedDict()", "OrderedDict(a=nn.ReLU())", "OrderedDict(3)"),
    *("nn.Sequential({'a': 3})", "nn.Sequential(OrderedDict(3))", "[1, 2][::0]", "{[1]: 2}"),
    *("len(range(2**64))", "int(1e999)", "[].append()", "len()", "max()", "sum(['a', 1])"),
    *(f"0x{'f' * 5000}", f"nn.Linear(8, 0x{'f' * 5000})", "[1, 2]['a']", "'a' < 3", "-'a'"),
    *("nn.ModuleList(3)", "x.view()", "x.view({})", "x.permute('a')", "nn.Linear()", "len(x)[0]"),
    *("self", "self(x)", "self.fc", "self.fc(x)", "super()", "super().forward(x)", "nn", "Net()"),
    *("Net", "x.size('a')", "x.shape['a']", "x[..., {}]", "range(1, 2, 0)", "zip(3)", "f'{x!r}'"),
    *("torch.add(x, 'a')", "x + None", "x * {}", "enumerate(x)", "lambda: x", "...", "2 ** 1e9"),
    *("nn.LSTM(8, 8)", "nn.Sequential(nn.LSTM(8, 8, batch_first=True))", "1 if x else 2", "x.T"),
]
PLACES = """
    import torch
    from torch import nn
    from collections import OrderedDict
    import torch.nn.functional as F

    made = {0}
    class Net(nn.Module):
        {1}
        def __init__(self, n=2):
            super().__init__()
            self.fc = nn.Linear(8, 8)
            {2}
        def forward(self, x):
            {3}
            return x
"""


def reads_or_tells(code: str) -> None:
    """It is read, and can be written; or a sentence says why not."""
    try:
        found = read(code)
    except UserError:
        return
    assert generate(found.model, (8,)).text
    found.remarks((8,))


@pytest.mark.parametrize("expression", [*STRANGE, "x"])
def test_no_expression_stops_the_parser(expression: str) -> None:
    for place in range(4):
        parts = ["3", "pass", "pass", "pass"]
        parts[place] = expression if place == 0 else f"made = {expression}"
        reads_or_tells(PLACES.format(*parts))
    lines = [f"self.a = {expression}", f"self.forward = {expression}"]
    for line in (*lines, f"for a in {expression}: self.fc = a"):
        reads_or_tells(PLACES.format("3", f"forward = {expression}", line, "x = self.a"))
    reads_or_tells(PLACES.format("3", "pass", "pass", f"x = {expression}"))
    reads_or_tells(f"from torch import nn\nmodel = nn.Sequential({expression})")


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_no_mixture_of_expressions_stops_the_parser(data: st.DataObject) -> None:
    pieces = st.sampled_from([each for each in STRANGE if "fff" not in each])
    joints = ["{}", "[{}, {}]", "({}).fc({})", "({}) + ({})", "({})[{}]", "({}) < ({})"]
    joints += ["nn.Conv2d({}, {})", "torch.cat([{}, {}])", "[a for a in {} if {}]", "max({}, {})"]
    mixed = [
        data.draw(st.sampled_from(joints))
        .replace("{}", data.draw(pieces), 1)
        .replace("{}", data.draw(pieces))
        for _ in range(3)
    ]
    reads_or_tells(PLACES.format(mixed[0], "pass", f"self.fc = {mixed[1]}", f"x = {mixed[2]}"))


@pytest.mark.parametrize(
    "code",
    [
        "a = [0] * 10000\nb = [a] * 10000\nc = [b] * 10000\nmodel = nn.Sequential(nn.Linear(c, 3))",
        "a = nn.Sequential(*[nn.ReLU() for _ in range(9000)])\n"
        "model = nn.Sequential(*[a for _ in range(1000)])",
        "a = nn.Sequential(nn.ReLU(), nn.ReLU())\n"
        + "a = nn.Sequential(a, a)\n" * 20
        + "model = nn.Sequential(a)",
        "a = [0] * 9000\nb = [a + [1] for _ in range(9999)]\nmodel = nn.Sequential()",
        "a = [0] * 9000\nb = [list(a) for _ in range(9999)]\nmodel = nn.Sequential()",
        "a = [0] * 9000\nb = [a[:] for _ in range(9999)]\nmodel = nn.Sequential()",
    ],
)
def test_what_would_grow_without_end_is_told(code: str) -> None:
    with pytest.raises(UserError, match="takes too long"):
        read_code(f"from torch import nn\n{code}")


def test_a_kept_statement_in_a_shortcut_has_only_its_variables_renamed() -> None:
    line = "x = torch.foo(x=x, b=x.x, c='x and x', d=lambda x: x + 1)"
    statement = Opaque(reason="foo", statements=line)
    tree = ModelSpec(layers=(Residual(layers=(ReLU(),), shortcut=(statement,)),))
    text = generate(tree, (8,)).text
    assert (
        "identity = torch.foo(x=identity, b=identity.x, c='x and x', "
        "d=lambda identity: identity + 1)" in text
    )


def test_what_is_kept_has_its_decorators_and_its_strings() -> None:
    code = """
        import torch
        from torch import nn

        def marked(cls):
            cls.mark = "marked"
            return cls

        @marked
        class Odd(nn.Module):
            def forward(self, x):
                return x[1:]

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.odd = Odd()
                self.words = len(\'\'\'one
          two
        three\'\'\') + torch.tensor(
                    0
                )
            def forward(self, x):
                x = self.odd(x)
                y = x + len(\'\'\'one
            two
                  three\'\'\') + self.words
                return torch.relu(y)
    """
    text = generate(read(code).model, (8,)).text
    assert generate(read_code(text).model, (8,)).text == text
    values = []
    for each in (textwrap.dedent(code), text):
        scope: dict[str, object] = {}
        exec(each, scope)
        net = scope["Net"]()  # type: ignore[operator]
        assert net.odd.mark == "marked"
        values.append((int(net.words), net(torch.ones(3, 8)).tolist()))
    assert values[0] == values[1]


@pytest.mark.parametrize("value", ["x * self.gain", "h * 2", "h *\\\n  2", "(h\n  * 2)"])
def test_what_is_returned_is_kept_alone(value: str) -> None:
    code = f"""
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.gain = nn.Parameter(torch.ones(8) * 3)
    def forward(self, x):
        x = h = self.fc(x)
        return {value}
"""
    found = read(code)
    assert kinds(code) == ["Linear", "Opaque"]
    text = generate(found.model, (8,)).text
    assert generate(read_code(text).model, (8,)).text == text
    outputs = []
    for each in (code, text):
        scope: dict[str, object] = {}
        torch.manual_seed(1)
        exec(each, scope)
        outputs.append(scope["Net"]()(torch.ones(3, 8)))  # type: ignore[operator]
    torch.testing.assert_close(*outputs)
