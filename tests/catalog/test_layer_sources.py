"""What a layer writes as Python does what it does itself."""

from types import SimpleNamespace

import pytest
import torch
from contract import FEW, KINDS, LAYERS, SOURCES, fitted, sample_of
from hypothesis import given
from torch import nn

from workbench.core.layer import LayerSpec, Shape


@KINDS
def test_its_constructor_makes_the_same_module(kind: type[LayerSpec]) -> None:
    @FEW
    @given(fitted(kind))
    def check(drawn: tuple[LayerSpec, Shape]) -> None:
        spec, shape = drawn
        source = spec.constructor_source(shape)
        made, same = eval(source, dict(SOURCES)), spec.module(nn, shape)
        assert repr(made) == repr(same)
        assert plain_state(made) == plain_state(same)
        assert sizes(made) == sizes(same)

    check()


def plain_state(module: nn.Module) -> dict[str, object]:
    return {name: held for name, held in vars(module).items() if not name.startswith("_")}


def sizes(module: nn.Module) -> dict[str, torch.Size]:
    return {name: held.shape for name, held in module.state_dict().items()}


@KINDS
def test_its_lines_of_a_forward_do_what_its_call_does(kind: type[LayerSpec]) -> None:
    @FEW
    @given(fitted(kind))
    def check(drawn: tuple[LayerSpec, Shape]) -> None:
        spec, shape = drawn
        module, inputs = spec.module(nn, shape).eval(), sample_of(spec, shape)
        scope = {**SOURCES, "self": SimpleNamespace(layer=module), "x": inputs.clone()}
        exec("\n".join(spec.call_source("self.layer", "x", shape)), scope)
        torch.testing.assert_close(
            scope["x"], spec.call(module, inputs), rtol=0, atol=0, equal_nan=True
        )

    check()


@pytest.mark.parametrize(
    ("spec", "shape", "source"),
    [
        (LAYERS["Conv2d"](), (1, 28, 28), "nn.Conv2d(1, 16, kernel_size=3)"),
        (
            LAYERS["Conv1d"](padding="same"),
            (1, 8),
            "nn.Conv1d(1, 16, kernel_size=3, padding='same')",
        ),
        (LAYERS["Linear"](bias=False), (4,), "nn.Linear(4, 10, bias=False)"),
        (LAYERS["MaxPool2d"](), (1, 8, 8), "nn.MaxPool2d(2)"),
        (LAYERS["Dropout"](p=0.25), (4,), "nn.Dropout(0.25)"),
        (LAYERS["BatchNorm2d"](), (8, 4, 4), "nn.BatchNorm2d(8)"),
        (LAYERS["LayerNorm"](), (5, 12), "nn.LayerNorm(12)"),
        (LAYERS["LayerNorm"](last_dims=2), (5, 12), "nn.LayerNorm((5, 12))"),
        (LAYERS["Upsample"](), (1, 4, 4), "nn.Upsample(scale_factor=2)"),
        (LAYERS["Unflatten"](), (9,), "nn.Unflatten(1, (1, -1))"),
        (LAYERS["Permute"](), (5, 12), "torchvision.ops.Permute([0, 2, 1])"),
        (LAYERS["LSTM"](), (5, 12), "nn.LSTM(12, 64, batch_first=True)"),
        (LAYERS["PReLU"](per_channel=True), (5, 12), "nn.PReLU(num_parameters=5)"),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_it_writes_what_a_person_would(spec: LayerSpec, shape: Shape, source: str) -> None:
    assert spec.constructor_source(shape) == source


def test_a_recurrent_layer_read_both_ways_ends_where_each_way_ends() -> None:
    """Forward it has read everything behind the last step, backward behind the first one."""
    for kind in ("RNN", "LSTM", "GRU"):
        last = LAYERS[kind](hidden_size=3, bidirectional=True, num_layers=2)
        steps = last.replace(output="sequence")
        module, inputs = last.module(nn, (7, 4)), torch.randn(2, 7, 4)
        whole = steps.call(module, inputs)
        expected = torch.cat([whole[:, -1, :3], whole[:, 0, 3:]], dim=1)
        torch.testing.assert_close(last.call(module, inputs), expected)


def test_no_warning_reaches_the_user() -> None:
    """Warnings are errors here: torch has some about what is right all the same."""
    even = LAYERS["Conv2d"](kernel_size=2, padding="same")
    assert even.call(even.module(nn, (1, 4, 4)), torch.zeros(1, 1, 4, 4)).shape == (1, 16, 4, 4)
    LAYERS["LSTM"](dropout=0.5).module(nn, (5, 4))
