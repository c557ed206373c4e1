"""The contract of every layer on the shelf, against the torch.nn module of the same name."""

import inspect
from math import prod
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from strategies import specs
from torch import nn

from workbench.core.block import BlockSpec
from workbench.core.layer import RESERVED_NAMES, LayerSpec, Shape, ShapeError
from workbench.core.model import ModelSpec

LAYERS = {n: kind for n, kind in LayerSpec.choices().items() if not issubclass(kind, BlockSpec)}
KINDS = pytest.mark.parametrize("kind", LAYERS.values(), ids=LAYERS)
DRAWN = settings(max_examples=70, deadline=None, derandomize=True, database=None)
# torch warns that this costs a copy; the result is right.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

SIZES = st.sampled_from([1, 2, 3, 5, 8, 13, 20])
PICTURES = st.tuples(st.sampled_from([1, 2, 3, 4, 6, 12]), SIZES, SIZES)
SHAPES = st.one_of(PICTURES, PICTURES, PICTURES, st.tuples(SIZES), st.tuples(SIZES, SIZES))
IMAGES = {"Conv2d", "MaxPool2d", "AvgPool2d", "BatchNorm2d"}


def module_of(spec: LayerSpec, shape: Shape) -> nn.Module:
    made: nn.Module = getattr(nn, spec.kind)(**spec.arguments(shape))
    return made.eval()


def behind(spec: LayerSpec, shape: Shape) -> Shape | None:
    """The shape of a sample behind torch's own layer; None if torch refuses it."""
    try:
        output = module_of(spec, shape)(torch.zeros(2, *shape))
    except (RuntimeError, ValueError, IndexError):
        return None
    assert output.shape[0] == 2, "a sample must stay one sample"
    return tuple(output.shape[1:])


def stricter_than_torch(spec: LayerSpec, shape: Shape) -> bool:
    """Where torch computes something that nobody means."""
    if spec.kind == "Linear":
        return len(shape) == 3  # over the columns of an image, pixel row by pixel row
    if spec.kind in ("Softmax", "LogSoftmax"):
        return spec.dim in (0, -len(shape) - 1)  # over the batch
    return spec.kind in IMAGES and len(shape) == 2  # it takes the batch for channels


@KINDS
def test_shape_parameters_and_faults_are_those_of_torch(kind: type[LayerSpec]) -> None:
    taken = refused = 0

    @DRAWN
    @given(specs(kind), SHAPES)
    def check(spec: LayerSpec, shape: Shape) -> None:
        nonlocal taken, refused
        if fault_of(spec, shape):
            refused += 1
            assert stricter_than_torch(spec, shape) or behind(spec, shape) is None
        else:
            taken += 1
            assert spec.out_shape(shape) == behind(spec, shape)
            check_module(spec, shape)

    check()
    assert taken > 10
    assert refused or kind.out_shape is LayerSpec.out_shape


def check_module(spec: LayerSpec, shape: Shape) -> None:
    """Parameters and settings of the module are those that the layer tells."""
    module = module_of(spec, shape)
    assert spec.parameter_count(shape) == sum(each.numel() for each in module.parameters())
    for field in type(spec).model_fields.keys() - {"name"}:
        told, held = getattr(spec, field), getattr(module, field)
        if isinstance(told, bool) and not isinstance(held, bool):
            held = held is not None  # a bias is a tensor or None
        if field == "stride" and told is None:
            told = spec.kernel_size
        assert pair(told) == pair(held)


def pair(value: Any) -> Any:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


def fault_of(spec: LayerSpec, shape: Shape) -> ShapeError | None:
    return next(iter(ModelSpec(layers=(spec,)).walk(shape))).fault


@KINDS
def test_every_fix_mends_its_fault_for_torch_too(kind: type[LayerSpec]) -> None:
    @DRAWN
    @given(specs(kind), SHAPES)
    def check(spec: LayerSpec, shape: Shape) -> None:
        fault = fault_of(spec, shape)
        if fault is None:
            return
        assert fault.fixes, str(fault)
        for fix in fault.fixes:
            steps = list(ModelSpec(layers=(spec,)).swapped((0,), fix.layers).walk(shape))
            left = [step.fault for step in steps if step.fault]
            # A layer may have two faults; the next one then has fixes of its own.
            assert all(other.message != fault.message and other.fixes for other in left), fix.label
            for step in steps:
                assert left or step.out_shape == behind(step.layer, step.in_shape)

    check()


@KINDS
def test_defaults_and_names_are_those_of_torch(kind: type[LayerSpec]) -> None:
    theirs = inspect.signature(getattr(nn, kind.__name__)).parameters
    for name, field in kind.model_fields.items():
        if name == "name" or (kind.__name__ in ("Softmax", "LogSoftmax") and name == "dim"):
            continue  # dim=None makes torch guess, with a warning
        if theirs[name].default is not inspect.Parameter.empty:
            assert field.default == theirs[name].default, name


@KINDS
def test_it_says_what_it_is(kind: type[LayerSpec]) -> None:
    spec, shape = kind(), (4, 8, 8)
    assert spec.category
    assert spec.summary.endswith(".")
    assert spec.short.isidentifier()
    assert isinstance(spec.words(), str)
    assert spec.formula(shape if fault_of(spec, shape) is None else (4,))
    assert (kind.__doc__ or "").startswith(f"torch.nn.{kind.__name__}")
    for name, field in kind.model_fields.items():
        assert name == "name" or (field.title and field.description.endswith(".")), name


@KINDS
def test_its_default_name_is_its_short_one(kind: type[LayerSpec]) -> None:
    model = ModelSpec(layers=(kind(), kind()))
    assert [layer.name for layer in model.layers] == [f"{kind.short}1", f"{kind.short}2"]


def test_every_layer_of_the_first_release_is_on_the_shelf() -> None:
    first = "Conv2d ReLU Sigmoid Tanh Softmax LogSoftmax MaxPool2d AvgPool2d Flatten Linear Dropout"
    assert LAYERS.keys() >= {*first.split(), "BatchNorm2d"}


@pytest.mark.parametrize("kind", ["Conv2d", "MaxPool2d", "AvgPool2d"])
def test_the_formula_of_a_window_ends_in_the_height_that_comes_out(kind: str) -> None:
    @DRAWN
    @given(specs(LAYERS[kind]), PICTURES)
    def check(spec: LayerSpec, shape: Shape) -> None:
        assume(fault_of(spec, shape) is None and spec.padding != "same")
        assert int(spec.formula(shape).rsplit("= ")[-1]) == spec.out_shape(shape)[1]

    check()


def test_formulas_of_linear_and_flatten_tell_the_real_counts() -> None:
    linear = LAYERS["Linear"](out_features=10)
    weight = nn.Linear(**linear.arguments((784,))).weight
    assert linear.formula((784,)).endswith("W is {} × {}".format(*weight.shape))
    assert LAYERS["Flatten"]().formula((3, 8, 8)).endswith(f"= {prod((3, 8, 8))} values")


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
