"""The tree of layers: edits anywhere in it, and the walk through blocks."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from work import grows_evenly, work

from workbench.catalog.layers.blocks import Branches, Group, Repeat, Residual
from workbench.core.block import BlockSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.model import DEEPEST, ModelSpec, nested, outermost
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.core.walk import Path

CHOICES = LayerSpec.choices()
DRAWN = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def layer(kind: str, **arguments: object) -> LayerSpec:
    return CHOICES[kind](**arguments)


def conv(channels: int, **arguments: object) -> LayerSpec:
    return layer("Conv2d", out_channels=channels, kernel_size=3, padding=1, **arguments)


@st.composite
def stacks(draw: st.DrawFn, depth: int = 3) -> tuple[LayerSpec, ...]:
    """Layers of which some are blocks."""
    kinds = ["ReLU", "Tanh", "Group", "Residual", "Branches"]
    found = draw(st.lists(st.sampled_from(kinds[: 5 if depth else 2]), max_size=3))
    inner = stacks(depth - 1) if depth else st.just(())
    made: list[LayerSpec] = []
    for kind in found:
        block = CHOICES[kind]()
        if isinstance(block, BlockSpec):
            block = block.with_stacks([draw(inner) for _ in block.stacks])
        made.append(block)
    return tuple(made)


def outline(model: ModelSpec) -> list[tuple[Path, str]]:
    return [(path, each.name) for path, each in model.nested()]


def order(model: ModelSpec, gone: list[str]) -> list[str]:
    """The names, less those of the layers named and of what they hold."""
    lost = {each.name for name in gone for _, each in nested([model.at(model.path_of(name))])}
    return [name for _, name in outline(model) if name not in lost]


@DRAWN
@given(stacks(), st.data())
def test_removing_takes_what_a_block_holds(
    layers: tuple[LayerSpec, ...], data: st.DataObject
) -> None:
    model = ModelSpec(layers=layers)
    paths = [path for path, _ in outline(model)]
    chosen = data.draw(st.sets(st.sampled_from(paths))) if paths else set()
    gone = [model.at(path).name for path in chosen]
    assert [name for _, name in outline(model.removed(chosen))] == order(model, gone)


@DRAWN
@given(stacks(), st.data())
def test_what_is_inserted_stands_there_and_nothing_else_moves(
    layers: tuple[LayerSpec, ...], data: st.DataObject
) -> None:
    model = ModelSpec(layers=layers)
    places = [(), *(path[:-1] for path, _ in outline(model))]
    stack = data.draw(st.sampled_from(places))
    size = sum(path[:-1] == stack for path, _ in outline(model))
    place = (*stack, data.draw(st.integers(0, size)))
    grown = model.inserted(place, [layer("Sigmoid", name="new")])
    assert grown.at(place).name == grown.at(grown.path_of("new")).name == "new"
    assert grown.removed([place]) == model


@DRAWN
@given(stacks(), st.data())
def test_a_move_changes_places_only(layers: tuple[LayerSpec, ...], data: st.DataObject) -> None:
    model = ModelSpec(layers=layers)
    paths = [path for path, _ in outline(model)]
    if not paths:
        return
    chosen = data.draw(st.sets(st.sampled_from(paths), min_size=1, max_size=3))
    before = data.draw(st.sampled_from(paths))
    moved = model.moved(chosen, before)
    assert sorted(name for _, name in outline(moved)) == sorted(name for _, name in outline(model))
    tops = [model.at(path) for path in outermost(chosen)]
    into_itself = any(before[: len(p)] == p and before != p for p in outermost(chosen))
    if into_itself:
        assert moved == model
        return
    first = moved.path_of(tops[0].name)
    for number, each in enumerate(tops):  # side by side, in their order, unchanged
        assert moved.at((*first[:-1], first[-1] + number)) == each
    names = [each.name for each in tops]
    assert order(moved, names) == order(model, names)
    if before not in chosen:  # and right in front of what stood there
        behind = moved.path_of(model.at(before).name)
        assert behind == (*first[:-1], first[-1] + len(tops))


def test_a_thousand_layers_of_a_block_are_edited_at_once() -> None:
    rows = tuple(Group(name=f"g{n}") for n in range(1_200))
    model = ModelSpec(layers=(Group(name="all", layers=rows), Group(name="end")))
    chosen = [(0, 0, row) for row in range(1_000)]
    assert grows_evenly(lambda size: work(lambda: model.removed(chosen[:size])), 500)
    assert grows_evenly(lambda size: work(lambda: model.moved(chosen[:size], (1, 0, 0))), 500)
    left, moved = model.removed(chosen), model.moved(chosen, (1, 0, 0))
    assert [layer.name for layer in left.at((0,)).layers] == [f"g{n}" for n in range(1_000, 1_200)]
    assert left.at((0,)) == moved.at((0,))
    assert [layer.name for layer in moved.at((1,)).layers] == [f"g{n}" for n in range(1_000)]


@DRAWN
@given(stacks())
def test_unwrapping_undoes_wrapping(layers: tuple[LayerSpec, ...]) -> None:
    model = ModelSpec(layers=(*layers, layer("ReLU"), layer("Tanh")))
    last = len(model.layers) - 1
    wrapped = model.wrapped([(last - 1,), (last,)], Residual())
    block = wrapped.at((last - 1,))
    assert isinstance(block, Residual)
    assert block.layers == model.layers[-2:]
    assert wrapped.unwrapped((last - 1,)) == model


@DRAWN
@given(stacks())
def test_every_layer_gets_a_name_of_its_own_and_json_keeps_all(
    layers: tuple[LayerSpec, ...],
) -> None:
    model = ModelSpec(layers=layers)
    names = [name for _, name in outline(model)]
    assert all(names)
    assert len(set(names)) == len(names)
    assert ModelSpec.model_validate(model.model_dump(mode="json")) == model
    twice = model.inserted((0,), model.layers)
    assert len({name for _, name in outline(twice)}) == 2 * len(names)


def test_a_name_that_stands_twice_in_a_file_is_refused() -> None:
    inner = Group(layers=(layer("ReLU", name="a"),))
    with pytest.raises(ValidationError, match="two layers are named 'a'"):
        ModelSpec(layers=(layer("Tanh", name="a"), inner))


def test_blocks_in_blocks_without_end_are_refused() -> None:
    stack: tuple[LayerSpec, ...] = (layer("ReLU"),)
    for _ in range(DEEPEST):
        stack = (Group(layers=stack),)
    assert len(outline(ModelSpec(layers=stack))) == DEEPEST + 1
    with pytest.raises(ValidationError, match="nested at most 30 deep"):
        ModelSpec(layers=(Group(layers=stack),))


def walked(*layers: LayerSpec) -> dict[str, object]:
    steps = ModelSpec(layers=layers).walk((3, 8, 8))
    return {step.layer.name: step for step in steps}


def test_a_residual_needs_one_shape_and_offers_a_projection() -> None:
    block = Residual(layers=(conv(8, stride=2),))
    (step,) = [s for s in ModelSpec(layers=(block,)).walk((3, 8, 8)) if s.path == (0,)]
    assert "8 × 4 × 4" in str(step.fault)
    assert "3 × 8 × 8" in str(step.fault)
    for fix, parameters in zip(step.fault.fixes, [8 * 27 + 8 + 8 * 3, 8 * 27 + 8], strict=True):
        model = ModelSpec(layers=(block,)).swapped((0,), fix.layers)
        steps = model.walk((3, 8, 8))
        assert not [each.fault for each in steps if each.fault], fix.text
        assert steps[0].out_shape == (8, 4, 4)
        assert steps[0].parameters == parameters


def test_the_fault_of_a_layer_in_a_block_is_told_on_that_layer() -> None:
    steps = walked(Group(name="g", layers=(layer("Conv2d", name="c", kernel_size=9),)), conv(4))
    assert steps["g"].fault is None
    assert steps["g"].out_shape is None
    assert steps["c"].fault
    assert steps["conv1"].in_shape is None


def test_rounds_are_counted_each_with_its_own_shapes() -> None:
    steps = walked(Repeat(name="r", times=3, layers=(conv(8, name="c"),)))
    assert steps["c"].parameters == 8 * 27 + 8  # of the first round
    assert steps["r"].parameters == 8 * 27 + 8 + 2 * (8 * 8 * 9 + 8)
    assert steps["r"].out_shape == (8, 8, 8)
    alike = walked(Repeat(name="r", times=50, layers=(conv(3, name="c"),)))
    assert alike["r"].parameters == 50 * (3 * 27 + 3)
    assert alike["r"].multiply_adds == 50 * alike["c"].multiply_adds


def test_a_round_that_no_longer_fits_is_told_on_the_repeat() -> None:
    steps = walked(Repeat(name="r", times=5, layers=(layer("MaxPool2d", name="p"),)))
    assert steps["p"].fault is None
    assert str(steps["r"].fault).startswith("can't be repeated: in round 4, p has a window of 2×2")


def test_branches_are_joined_as_they_say() -> None:
    convs = ((conv(4),), (conv(6),), ())
    assert walked(Branches(name="b", branches=convs))["b"].out_shape == (13, 8, 8)
    added = walked(Branches(name="b", branches=convs, merge="add"))["b"]
    assert "to add them, they must be of one shape" in str(added.fault)
    (mended,) = added.fault.fixes[0].layers
    assert walked(mended)["b"].out_shape == (13, 8, 8)
    high = walked(Branches(name="b", branches=((layer("MaxPool2d"),), ()), merge="multiply"))["b"]
    assert high.fault
    assert [fix.text for fix in high.fault.fixes] == ["keep the first branch only"]


def test_a_fault_at_the_end_of_the_network_is_told_also_on_a_block() -> None:
    project: Project = Template.shelf["mlp"].project()
    inner = project.model.replace(layers=(Group(layers=project.model.layers[:-1]),))
    *_, last = [step for step in project.replace(model=inner).walk() if not step.depth]
    assert str(last.fault) == "gives 64; CrossEntropyLoss on Digits (8×8 scans) needs 10."


@pytest.mark.parametrize("depth", [DEEPEST + 1, 100, 200, 1_000, 20_000])
def test_a_file_with_blocks_in_blocks_without_end_is_told(depth: int) -> None:
    content = json.loads(Template.shelf["mlp"].project().to_json())
    content["model"] = {"layers": ["the blocks"]}
    blocks = depth * '{"type": "Group", "layers": [' + '{"type": "ReLU"}' + depth * "]}"
    text = json.dumps(content).replace('"the blocks"', blocks)
    with pytest.raises(UserError, match=r"nested (too deeply to be read|at most 30 deep)\."):
        Project.from_json(text, "bad.workbench")


def test_rounds_of_rounds_that_no_machine_could_run_are_refused() -> None:
    layers: tuple[LayerSpec, ...] = (layer("ReLU"),)
    for _ in range(3):
        layers = (Repeat(times=100, layers=layers),)
    with pytest.raises(ValidationError, match="at most 10,000 layers in all rounds"):
        ModelSpec(layers=layers)


def test_rounds_in_rounds_that_no_longer_fit_are_told_once() -> None:
    inner = Repeat(name="inner", times=2, layers=(layer("MaxPool2d", name="p"),))
    steps = walked(Repeat(name="outer", times=2, layers=(inner,)))
    assert steps["inner"].fault is None
    told = str(steps["outer"].fault)
    assert told.startswith("can't be repeated: in round 2, p has a window")
