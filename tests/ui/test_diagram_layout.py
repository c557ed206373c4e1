"""The layout of diagrams: nothing overlaps, nothing is left out."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.template import Template
from workbench.ui.pages.diagram_layout import Box, Diagram, Direction, beside, laid_out

DRAWN = settings(max_examples=30, deadline=None, derandomize=True, database=None)
DIRECTIONS: list[Direction] = ["down", "right"]
CHOICES = LayerSpec.choices()


@st.composite
def stacks(draw: st.DrawFn, depth: int = 3) -> tuple[LayerSpec, ...]:
    kinds = ["ReLU", "Conv2d", "Group", "Repeat", "Residual", "Branches"]
    found = draw(st.lists(st.sampled_from(kinds[: 6 if depth else 2]), max_size=3))
    made: list[LayerSpec] = []
    for kind in found:
        layer = CHOICES[kind]()
        if kind == "Branches":
            layer = layer.replace(branches=((),) * draw(st.integers(1, 4)))
        if isinstance(layer, BlockSpec):
            layer = layer.with_stacks([draw(stacks(depth - 1)) for _ in layer.stacks])
        made.append(layer)
    return tuple(made)


def diagram_of(model: ModelSpec, direction: Direction, folded: frozenset[str]) -> Diagram:
    return laid_out(model.walk((3, 9, 9)), (3, 9, 9), direction, folded)


def holds(outer: Box, inner: Box) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width + 1e-6
        and inner.y + inner.height <= outer.y + outer.height + 1e-6
    )


def within(block: tuple[int, ...], path: tuple[int, ...]) -> bool:
    return path[: len(block)] == block


@DRAWN
@given(stacks(), st.sampled_from(DIRECTIONS))
def test_nothing_overlaps_and_every_layer_is_there_once(
    layers: tuple[LayerSpec, ...], direction: Direction
) -> None:
    model = ModelSpec(layers=layers)
    diagram = diagram_of(model, direction, frozenset())
    shown = [item.path for item in diagram.items if item.kind != "join"]
    assert Counter(shown) == Counter([(), *(path for path, _ in model.nested())])
    whole = Box(0, 0, diagram.width, diagram.height)
    assert all(holds(whole, item.box) for item in diagram.items)
    for one, other in combinations(diagram.items, 2):
        if one.kind == "frame" and within(one.path, other.path):
            assert holds(one.box, other.box)
        else:
            assert not one.box.meets(other.box), (one, other)


@DRAWN
@given(stacks(), st.sampled_from(DIRECTIONS))
def test_lines_pass_through_no_layer(layers: tuple[LayerSpec, ...], direction: Direction) -> None:
    diagram = diagram_of(ModelSpec(layers=layers), direction, frozenset())
    solid = [item for item in diagram.items if item.kind != "frame"]
    for wire in diagram.wires:
        for (x, y), (a, b) in zip(wire.points, wire.points[1:], strict=False):
            assert x == a or y == b
            line = Box(min(x, a), min(y, b), abs(x - a) + 1e-9, abs(y - b) + 1e-9)
            for item in solid:  # without its edges, which lines touch
                box = item.box
                core = Box(box.x + 0.1, box.y + 0.1, box.width - 0.2, box.height - 0.2)
                assert not line.meets(core), (wire, item)


@DRAWN
@given(stacks(), st.data())
def test_a_folded_block_hides_what_it_holds(
    layers: tuple[LayerSpec, ...], data: st.DataObject
) -> None:
    model = ModelSpec(layers=layers)
    blocks = {layer.name: path for path, layer in model.nested() if isinstance(layer, BlockSpec)}
    folded = data.draw(st.sets(st.sampled_from(sorted(blocks)))) if blocks else set()
    diagram = diagram_of(model, "down", frozenset(folded))
    shut = [blocks[name] for name in folded]
    hidden = {path for path, _ in model.nested() if any(within(b, path[:-1]) for b in shut)}
    shown = {item.path for item in diagram.items}
    assert shown == {(), *(path for path, _ in model.nested())} - hidden


@pytest.mark.parametrize("name", Template.shelf)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_templates_show_every_shape_on_a_line(name: str, direction: Direction) -> None:
    project = Template.shelf[name].project()
    steps = project.walk()
    diagram = laid_out(steps, project.data.info().shape, direction)
    labels = {wire.label for wire in diagram.wires}
    shapes = {" × ".join(map(str, step.in_shape)) for step in steps if not step.depth}
    assert shapes <= labels
    for item in diagram.items:
        found = diagram.at(*item.box.middle)
        assert found
        assert within(item.path, found.path)


def test_sideways_goes_to_the_next_branch() -> None:
    relu, tanh = CHOICES["ReLU"](), CHOICES["Tanh"]()
    model = ModelSpec(layers=(CHOICES["Branches"](branches=((relu, relu), (tanh,), ())),))
    diagram = diagram_of(model, "down", frozenset())
    assert beside(diagram, (0, 0, 1), 1) == (0, 1, 0)
    assert beside(diagram, (0, 1, 0), -1) == (0, 0, 0)
    assert beside(diagram, (0, 1, 0), 1) is None
    assert beside(diagram, (0,), 1) is None
