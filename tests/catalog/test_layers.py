"""The contract of every layer on the shelf, against the torch.nn module of the same name."""

import inspect
from math import prod
from typing import Any

import pytest
from contract import (
    ANYWHERE,
    DIMS,
    DRAWN,
    FEW,
    KINDS,
    LAYERS,
    SEQUENCES,
    behind,
    fault_of,
    fitted,
    mended,
    shapes_for,
    theirs,
)
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from strategies import specs
from torch import nn

from workbench.core.layer import RESERVED_NAMES, LayerSpec, Shape
from workbench.core.model import ModelSpec

CATALOGUE = """
Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d MaxPool1d MaxPool2d AvgPool1d AvgPool2d
AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveMaxPool2d Linear Flatten Unflatten Identity Upsample
ZeroPad2d PixelShuffle Permute ReLU LeakyReLU PReLU ELU GELU SiLU Sigmoid Tanh Softplus Hardswish
Softmax LogSoftmax BatchNorm1d BatchNorm2d LayerNorm GroupNorm InstanceNorm2d Dropout Dropout2d
Embedding RNN LSTM GRU TransformerEncoderLayer MultiheadAttention
"""
# What torch says in other words: sizes that follow from the input, and what we take of its outputs.
OURS = {"per_channel", "last_dims", "output"}
# torch guesses, with a warning; needs either of two; has no default; has a word for "not set".
OTHER_DEFAULTS = {("Softmax", "dim"), ("LogSoftmax", "dim"), ("Upsample", "scale_factor")}
OTHER_DEFAULTS |= {("Upsample", "align_corners"), ("TransformerEncoderLayer", "activation")}


def stricter_than_torch(spec: LayerSpec, shape: Shape) -> bool:
    """Where torch computes something that nobody means."""
    if spec.kind == "Linear":
        return len(shape) >= 3  # over the columns of an image, pixel row by pixel row
    if spec.kind == "LayerNorm":
        return spec.last_dims > len(shape)  # torch can't be asked for it
    if spec.kind in ("Softmax", "LogSoftmax", "Unflatten"):
        return spec.dim in (0, -len(shape) - 1)  # over the batch
    if spec.kind in ("GroupNorm", "InstanceNorm2d"):
        alone = getattr(spec, "num_groups", shape[0])
        if prod(shape) == alone:
            return True  # a single value is normalized to zero
    wanted = 3 if spec.kind == "Upsample" else DIMS.get(spec.kind)
    if spec.kind in ANYWHERE:
        return len(shape) != wanted
    return wanted is not None and len(shape) == wanted - 1  # it takes the batch for channels


@KINDS
def test_shape_parameters_and_faults_are_those_of_torch(kind: type[LayerSpec]) -> None:
    taken = refused = 0

    @DRAWN
    @given(specs(kind), shapes_for(kind))
    def check(spec: LayerSpec, shape: Shape) -> None:
        nonlocal taken, refused
        fault = fault_of(spec, shape)
        if fault:
            refused += 1
            assert stricter_than_torch(spec, shape) or not all(behind(spec, shape) or [0])
            spec = mended(spec, shape) or spec
        if not fault or fault_of(spec, shape) is None:
            taken += 1
            assert spec.out_shape(shape) == behind(spec, shape)
            check_module(spec, shape)

    check()
    assert taken > 4
    assert refused or kind.out_shape is LayerSpec.out_shape


def check_module(spec: LayerSpec, shape: Shape) -> None:
    """Parameters and settings of the module are those that the layer tells."""
    module = spec.module(nn, shape)
    assert spec.parameter_count(shape) == sum(each.numel() for each in module.parameters())
    if spec.kind in SEQUENCES:
        assert_batch_first(module)
    for field in type(spec).model_fields.keys() - {"name"} - OURS:
        if hasattr(module, field) and not is_without_effect(spec, field):
            told, held = told_of(spec, field), getattr(module, field)
            assert tuples(told) == tuples(held_as(told, held)), field


def assert_batch_first(module: nn.Module) -> None:
    assert getattr(module, "self_attn", module).batch_first


def is_without_effect(spec: LayerSpec, field: str) -> bool:
    """Where torch has no place for a setting that is of no use beside another one."""
    return {
        ("LayerNorm", "bias"): lambda: not spec.elementwise_affine,
        ("Upsample", "scale_factor"): lambda: spec.size is not None,
        ("Upsample", "align_corners"): lambda: spec.mode == "nearest",
        ("RNN", "dropout"): lambda: spec.num_layers == 1,
        ("LSTM", "dropout"): lambda: spec.num_layers == 1,
        ("GRU", "dropout"): lambda: spec.num_layers == 1,
    }.get((spec.kind, field), lambda: False)()


def told_of(spec: LayerSpec, field: str) -> Any:
    told = getattr(spec, field)
    if field == "stride" and told is None:
        return spec.kernel_size
    return (0, *told) if spec.kind == "Permute" else told


def held_as(told: Any, held: Any) -> Any:
    """A module's attribute in our words: a bias is a tensor or None, dropout a module."""
    if isinstance(held, nn.Dropout):
        return held.p
    if isinstance(told, bool) and not isinstance(held, bool):
        return held is not None and held is not False
    if callable(held):
        return held.__name__
    return held


def tuples(value: Any) -> Any:
    """`3` and `(3, 3)` alike."""
    if isinstance(value, tuple | list):
        return tuple(value) if len(set(value)) > 1 else (value[0],)
    return (value,)


@KINDS
def test_defaults_and_names_are_those_of_torch(kind: type[LayerSpec]) -> None:
    known = dict(inspect.signature(theirs(kind.__name__)).parameters)
    if "kwargs" in known:
        known = dict(inspect.signature(nn.RNNBase).parameters)
        del known["mode"]  # the name of the class
    assert list(known)[: len(kind.positional)] == list(kind.positional)
    for name, field in kind.model_fields.items():
        if name in {"name", "nonlinearity"} | OURS or (kind.__name__, name) in OTHER_DEFAULTS:
            continue
        if known[name].default is not inspect.Parameter.empty:
            assert field.default == known[name].default, name


def test_defaults_that_a_signature_does_not_tell_are_those_of_torch_too() -> None:
    assert nn.RNN(1, 1).nonlinearity == LAYERS["RNN"]().nonlinearity
    encoder = nn.TransformerEncoderLayer(4, 1)
    assert encoder.activation.__name__ == LAYERS["TransformerEncoderLayer"]().activation
    same = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
    ours = LAYERS["Upsample"](mode="bilinear").module(nn, (1, 4, 4))
    image = contract_image()
    assert ours(image).equal(same(image))


def contract_image() -> Any:
    import torch

    return torch.arange(16.0).reshape(1, 1, 4, 4) ** 2


@KINDS
def test_it_says_what_it_is(kind: type[LayerSpec]) -> None:
    @FEW
    @given(fitted(kind))
    def check(drawn: tuple[LayerSpec, Shape]) -> None:
        spec, shape = drawn
        assert spec.formula(shape)
        assert isinstance(spec.words(), str)
        assert "{" not in spec.formula(shape) + spec.words()
        assert len(spec.words()) < 100

    check()
    assert kind.category
    assert kind.summary.endswith(".")
    assert kind.short.isidentifier()
    assert theirs(kind.__name__).__module__.startswith(kind.library)
    assert (kind.__doc__ or "").startswith(f"{kind.library}.{kind.__name__}")
    for name, field in kind.model_fields.items():
        assert name == "name" or (field.title and (field.description or "").endswith(".")), name


@KINDS
def test_its_default_name_is_its_short_one(kind: type[LayerSpec]) -> None:
    model = ModelSpec(layers=(kind(), kind()))
    assert [layer.name for layer in model.layers] == [f"{kind.short}1", f"{kind.short}2"]


def test_the_catalogue_is_on_the_shelf() -> None:
    assert set(CATALOGUE.split()) == LAYERS.keys()


SLIDING = [name for name in LAYERS if name.startswith(("Conv", "MaxPool", "AvgPool"))]


@pytest.mark.parametrize("kind", SLIDING)
def test_the_formula_of_a_window_ends_in_the_sizes_that_come_out(kind: str) -> None:
    @DRAWN
    @given(fitted(LAYERS[kind]))
    def check(drawn: tuple[LayerSpec, Shape]) -> None:
        spec, shape = drawn
        assume(getattr(spec, "padding", 0) != "same")
        told = [int(line.rsplit("= ")[-1]) for line in spec.formula(shape).splitlines()]
        sizes = list(spec.out_shape(shape)[1:])
        assert told in (sizes, sizes[:1] if len(set(sizes)) == 1 else sizes)

    check()


def test_formulas_of_linear_and_reshaping_tell_the_real_counts() -> None:
    linear = LAYERS["Linear"](out_features=10)
    weight = linear.module(nn, (784,)).weight
    assert linear.formula((784,)).endswith("W is {} × {}".format(*weight.shape))
    flatten = LAYERS["Flatten"]
    assert flatten().formula((3, 8, 8)).startswith("3·8·8 = 192 values")
    assert flatten(start_dim=2).formula((3, 8, 8)).startswith("8·8 = 64 values")
    assert flatten(end_dim=2).formula((3, 5, 8)).startswith("3·5 = 15 values")
    unflatten = LAYERS["Unflatten"](unflattened_size=(3, -1, 4))
    assert unflatten.formula((24,)) == "24 = 3·2·4"


@given(st.data())
@DRAWN
def test_numbers_in_an_activation_are_its_own(data: st.DataObject) -> None:
    leaky = data.draw(specs(LAYERS["LeakyReLU"]))
    assert f"{leaky.negative_slope:g}·min" in leaky.words()


def test_names_that_torch_refuses_are_refused_when_they_are_given() -> None:
    refused = []
    for name in dir(nn.Sequential()):
        try:
            nn.Sequential().add_module(name, nn.ReLU())
        except KeyError:
            refused.append(name)
    assert len(refused) > 50
    for name in refused:
        with pytest.raises(ValidationError, match=r"torch\.nn\.Module uses itself"):
            LAYERS["ReLU"](name=name)
    assert {name for name in refused if not name.startswith("_")} <= RESERVED_NAMES


@pytest.mark.parametrize("name", ["conv1", "größe", "weight", "x" * 64])
def test_any_other_name_works_in_torch_too(name: str) -> None:
    layer = LAYERS["ReLU"](name=name)
    nn.Sequential().add_module(layer.name, nn.ReLU())


@pytest.mark.parametrize("name", ["a b", "1a", "class", "a.b", "x" * 65, "a-b", "None"])
def test_a_name_that_is_no_python_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        LAYERS["ReLU"](name=name)
