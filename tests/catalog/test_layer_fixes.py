"""What a layer that can't take its input offers to do about it."""

import pytest
from contract import DRAWN, KINDS, LAYERS, behind, fault_of, shapes_for
from hypothesis import given
from strategies import specs

from workbench.catalog.layers.conv import Conv2d
from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError
from workbench.core.model import ModelSpec

REMOVAL = "remove the layer"


@KINDS
def test_every_fix_mends_its_fault_for_torch_too(kind: type[LayerSpec]) -> None:
    @DRAWN
    @given(specs(kind), shapes_for(kind))
    def check(spec: LayerSpec, shape: Shape) -> None:
        fault = fault_of(spec, shape)
        if fault is None:
            return
        labels = [fix.text for fix in fault.fixes]
        assert 1 <= len(labels) <= 3, str(fault)
        assert len(set(labels)) == len(labels)
        assert REMOVAL not in labels[:-1], "it is the last way out"
        for fix in fault.fixes:
            check_fix(spec, shape, fix, fault.message)

    check()


def check_fix(spec: LayerSpec, shape: Shape, fix: Fix, message: str) -> None:
    steps = list(ModelSpec(layers=(spec,)).swapped((0,), fix.layers).walk(shape))
    left = [step.fault for step in steps if step.fault]
    # A layer may have two faults; the next one then has fixes of its own.
    assert all(other.message != message and other.fixes for other in left), fix.text
    for step in steps:
        assert left or step.out_shape == behind(step.layer, step.in_shape)


IMAGE, SIGNAL, VECTOR, VOLUME = (3, 28, 28), (8, 50), (784,), (2, 6, 8, 8)


@pytest.mark.parametrize(
    ("kind", "arguments", "shape", "first", "second"),
    [
        ("Conv1d", {}, IMAGE, ["Conv2d"], ["Flatten", "Conv1d"]),
        ("Conv2d", {}, SIGNAL, ["Conv1d"], ["Unflatten", "Conv2d"]),
        ("Conv2d", {}, VOLUME, ["Conv3d"], ["Flatten", "Conv2d"]),
        ("Conv3d", {"kernel_size": 1}, IMAGE, ["Conv2d"], ["Unflatten", "Conv3d"]),
        ("Conv2d", {}, VECTOR, ["Unflatten", "Conv2d"], ["Unflatten", "Conv1d"]),
        ("ConvTranspose1d", {}, IMAGE, ["ConvTranspose2d"], ["Flatten", "ConvTranspose1d"]),
        ("MaxPool2d", {}, SIGNAL, ["MaxPool1d"], ["Unflatten", "MaxPool2d"]),
        ("AdaptiveAvgPool1d", {}, IMAGE, ["AdaptiveAvgPool2d"], None),
        ("BatchNorm1d", {}, IMAGE, ["BatchNorm2d"], ["Flatten", "BatchNorm1d"]),
        ("BatchNorm2d", {}, VECTOR, ["BatchNorm1d"], None),
        ("BatchNorm2d", {}, SIGNAL, ["BatchNorm1d"], ["Unflatten", "BatchNorm2d"]),
        ("Dropout2d", {}, VECTOR, ["Dropout"], None),
        ("Linear", {}, IMAGE, ["Flatten", "Linear"], ["AdaptiveAvgPool2d", "Flatten", "Linear"]),
        ("LSTM", {}, IMAGE, ["Flatten", "LSTM"], ["Flatten", "Permute", "LSTM"]),
        ("GRU", {}, VECTOR, ["Unflatten", "GRU"], []),
        ("TransformerEncoderLayer", {}, IMAGE, ["Flatten", "Permute", ...], ["Flatten", ...]),
        ("Embedding", {}, IMAGE, ["Flatten", "Embedding"], []),
        ("PixelShuffle", {}, IMAGE, ["Conv2d", "PixelShuffle"], []),
        ("Upsample", {"mode": "linear"}, IMAGE, ["Upsample"], ["Upsample"]),
    ],
)
def test_the_first_offer_is_what_was_probably_meant(
    kind: str,
    arguments: dict[str, object],
    shape: Shape,
    first: list[str],
    second: list[str] | None,
) -> None:
    fault = fault_of(LAYERS[kind](**arguments), shape)
    assert fault
    told = [[layer.kind for layer in fix.layers] for fix in fault.fixes]
    assert told[0] == [name if name is not ... else kind for name in first]
    if second is not None:
        assert told[1] == [name if name is not ... else kind for name in second]
    for fix in fault.fixes:
        assert not any(step.fault for step in ModelSpec(layers=fix.layers).walk(shape)), (
            "these leave nothing behind"
        )


def labels(kind: str, shape: Shape, **arguments: object) -> list[str]:
    fault = fault_of(LAYERS[kind](**arguments), shape)
    assert fault
    return [fix.text for fix in fault.fixes]


def test_numbers_that_must_divide_are_mended_by_the_nearest_ones() -> None:
    assert labels("MultiheadAttention", (5, 12), num_heads=5)[:2] == [
        "set num_heads=4",
        "set num_heads=6",
    ]
    assert labels("TransformerEncoderLayer", (5, 12), nhead=11)[0] == "set nhead=12"
    assert labels("GroupNorm", (10, 4, 4), num_groups=4)[0] == "set num_groups=5"
    assert labels("Conv2d", (12, 9, 9), out_channels=18, groups=4) == [
        "set groups=3",
        "set groups=6",
        "set groups=1",
    ]
    assert labels("PixelShuffle", (8, 4, 4), upscale_factor=3)[:2] == [
        "set upscale_factor=2",
        "insert Conv2d to 9 channels",
    ]


def test_an_image_that_was_laid_flat_is_offered_as_an_image_again() -> None:
    for values, picture in [(784, (1, 28, 28)), (3072, (3, 32, 32)), (7, (7, 1, 1))]:
        fault = fault_of(LAYERS["AvgPool2d"](kernel_size=1), (values,))
        assert fault
        steps = ModelSpec(layers=fault.fixes[0].layers).walk((values,))
        assert next(iter(steps)).out_shape == picture


@pytest.mark.parametrize(
    ("kind", "arguments", "shape"),
    [
        ("ConvTranspose2d", {"stride": 1000}, (64, 500, 500)),
        ("Upsample", {"scale_factor": 64.0}, (64, 500, 500)),
        ("AdaptiveAvgPool2d", {"output_size": 10_000}, (64, 5, 5)),
        ("ZeroPad2d", {"padding": 10_000}, (64, 5, 5)),
        ("Conv2d", {"out_channels": 1_000_000}, (1, 300, 300)),
        ("Embedding", {"embedding_dim": 1_000_000}, (5000,)),
    ],
)
def test_no_layer_asks_for_what_no_machine_holds(
    kind: str, arguments: dict[str, object], shape: Shape
) -> None:
    fault = fault_of(LAYERS[kind](**arguments), shape)
    assert fault
    assert "more than a machine holds" in str(fault)


def test_a_label_is_a_template_that_values_fill() -> None:
    with pytest.raises(ShapeError) as caught:
        Conv2d(out_channels=6, groups=4).out_shape((6, 8, 8))
    labels = {(fix.label, fix.text) for fix in caught.value.fixes}
    assert {label for label, _ in labels} == {"set groups={groups}"}
    assert {("set groups={groups}", f"set groups={n}") for n in (3, 1)} <= labels
