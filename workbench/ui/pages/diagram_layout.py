"""Where the parts of a network stand in its diagram. Plain arithmetic, without Qt.

The flow runs along one axis, down or to the right; lanes of branches stand side by side across it.
Every part knows its length along the flow and how far it reaches to both sides of its own line, so
that blocks in blocks never overlap.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from workbench.core.block import BlockSpec
from workbench.core.layer import Shape, shape_text
from workbench.core.memory import Stacks, by_stack
from workbench.core.walk import Path, Step

NODE = (168.0, 46.0)
"""Width and height of a layer, in pixels at full size."""
JOIN, WORD, BARE = 22.0, 58.0, 22.0
TITLE, PAD, LANES, BEND, MARGIN = 22.0, 12.0, 18.0, 20.0, 20.0
GAPS = {"down": 30.0, "right": 96.0}
"""Between two layers of a stack; a shape stands there, beside the line or above it."""

Direction = Literal["down", "right"]
Point = tuple[float, float]
SIGNS = {"add": "+", "multiply": "×", "concatenate": "concat"}


@dataclass(frozen=True)
class Box:
    """A rectangle: its left upper corner and its size."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    def meets(self, other: "Box") -> bool:
        """Whether they overlap."""
        across = self.x < other.x + other.width and other.x < self.x + self.width
        return across and self.y < other.y + other.height and other.y < self.y + self.height

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Item:
    """Something that is drawn in a rectangle: the input (path ()), a layer, a block that is folded,
    the frame of one that is not, or the sign of a join."""

    kind: Literal["input", "layer", "folded", "frame", "join"]
    box: Box
    path: Path
    sign: str = ""


@dataclass(frozen=True)
class Wire:
    """A line through points, with the shape that flows there; an arrow where it enters a layer."""

    points: tuple[Point, ...]
    label: str = ""
    is_arrow: bool = False


@dataclass
class Diagram:
    """A network, laid out. Frames come before what they hold."""

    direction: Direction
    width: float = 0.0
    height: float = 0.0
    items: list[Item] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)

    def at(self, x: float, y: float) -> Item | None:
        """What stands at a point; of things in one another the innermost."""
        return next((item for item in reversed(self.items) if item.box.holds(x, y)), None)

    def of(self, path: Path | None) -> Item | None:
        """What stands for the layer at a path."""
        places = (item for item in self.items if item.path == path and item.kind != "join")
        return next(places, None)

    def _box(self, along: float, across: float, length: float, breadth: float) -> Box:
        if self.direction == "down":
            return Box(across, along, breadth, length)
        return Box(along, across, length, breadth)

    def put(
        self,
        kind: Literal["input", "layer", "folded", "frame", "join"],
        path: Path,
        place: tuple[float, float, float, float],
        sign: str = "",
    ) -> None:
        """Add an item at (along, across, length, breadth)."""
        self.items.append(Item(kind, self._box(*place), path, sign))

    def wire(self, *points: Point, label: str = "", is_arrow: bool = False) -> None:
        """Add a line through points (along, across)."""
        if len(set(points)) < 2:
            return
        turned = points if self.direction == "right" else tuple((b, a) for a, b in points)
        self.wires.append(Wire(tuple(turned), label, is_arrow))


@dataclass(frozen=True)
class Extent:
    """The room that a part takes: along the flow, and across it on both sides of its line."""

    length: float
    low: float
    high: float


class Layout:
    """Lays out a walk; blocks whose names are in `folded` are drawn as one layer each."""

    def __init__(self, stacks: Stacks, direction: Direction, folded: Set[str]) -> None:
        self._stacks, self._folded = stacks, folded
        self.diagram = Diagram(direction)
        down = direction == "down"
        self._length, self._breadth = NODE[::-1] if down else NODE
        self._gap = GAPS[direction]
        # the title of a frame stands at its upper edge: before the flow, or beside it
        self._ahead, self._above = (TITLE, 0.0) if down else (0.0, TITLE)
        self._extents: dict[Path, Extent] = {}

    def run(self, in_shape: Shape) -> Diagram:
        """Put the input, all layers and an arrow out of the last one."""
        rest = self._row(())
        low, high = (max(self._breadth / 2, side) for side in (rest.low, rest.high))
        line, at = MARGIN + low, MARGIN
        self.diagram.put("input", (), (at, line - self._breadth / 2, self._length, self._breadth))
        at += self._length
        end = self._put_row((), at, line, shape_text(in_shape))
        last = self._stacks.get((), ())
        label = shape_text(last[-1].out_shape) if last and last[-1].out_shape else ""
        self.diagram.wire((end, line), (end + self._gap, line), label=label, is_arrow=True)
        along, across = end + self._gap + MARGIN, line + high + MARGIN
        down = self.diagram.direction == "down"
        self.diagram.width, self.diagram.height = (across, along) if down else (along, across)
        return self.diagram

    # -- how much room

    def _row(self, at: Path) -> Extent:
        """Of a stack, with the gap in front of each layer."""
        parts = [self._extent(step) for step in self._stacks.get(at, ())]
        if not parts:
            return Extent(0.0, BARE, BARE)  # a line, clear of the sign of its join
        length = sum(part.length + self._gap for part in parts)
        return Extent(length, max(p.low for p in parts), max(p.high for p in parts))

    def _extent(self, step: Step) -> Extent:
        if step.path not in self._extents:
            self._extents[step.path] = self._measured(step)
        return self._extents[step.path]

    def _measured(self, step: Step) -> Extent:
        half = self._breadth / 2
        if not self._is_open(step):
            return Extent(self._length, half, half)
        assert isinstance(step.layer, BlockSpec)
        lanes = [self._row((*step.path, number)) for number in range(len(step.layer.stacks))]
        if len(lanes) == 1:
            inside = lanes[0]
            length = max(inside.length - self._gap, 0.0) + BEND
        else:
            offsets = list(_lines(lanes))
            low = max(lane.low - line for lane, line in zip(lanes, offsets, strict=True))
            high = max(lane.high + line for lane, line in zip(lanes, offsets, strict=True))
            most = max(lane.length for lane in lanes)
            inside = Extent(most, low, high)
            length = BEND + max(most, self._gap) + BEND + self._join(step)[0]
        length += self._ahead + 2 * PAD
        return Extent(
            length,
            max(inside.low, half) + PAD + self._above,
            max(inside.high, half) + PAD,
        )

    def _is_open(self, step: Step) -> bool:
        return isinstance(step.layer, BlockSpec) and step.layer.name not in self._folded

    def _join(self, step: Step) -> tuple[float, float, str]:
        """Length, breadth and text of the sign where lanes meet."""
        sign = SIGNS[getattr(step.layer, "merge", "add")]
        width = WORD if len(sign) > 1 else JOIN
        return (JOIN, width, sign) if self.diagram.direction == "down" else (width, JOIN, sign)

    # -- where everything stands

    def _put_row(
        self, stack: Path, at: float, line: float, label: str, entry: float | None = None
    ) -> float:
        """Put a stack that begins at `at`, its line at `entry`; gives where it ends."""
        end = at if entry is None else entry
        for step in self._stacks.get(stack, ()):
            start = at + self._gap
            into = not self._is_open(step)
            self.diagram.wire((end, line), (start, line), label=label, is_arrow=into)
            self._put(step, start, line)
            at = end = start + self._extent(step).length
            label = shape_text(step.out_shape) if step.out_shape else ""
        return end

    def _put(self, step: Step, at: float, line: float) -> None:
        if not self._is_open(step):
            kind: Literal["folded", "layer"]
            kind = "folded" if isinstance(step.layer, BlockSpec) else "layer"
            place = (at, line - self._breadth / 2, self._length, self._breadth)
            self.diagram.put(kind, step.path, place)
            return
        extent = self._extent(step)
        breadth = extent.low + extent.high
        self.diagram.put("frame", step.path, (at, line - extent.low, extent.length, breadth))
        assert isinstance(step.layer, BlockSpec)
        start, end = at + self._ahead + PAD, at + extent.length
        if len(step.layer.stacks) == 1:
            inner = self._put_row((*step.path, 0), start - self._gap + BEND, line, "", at)
            self.diagram.wire((inner, line), (end, line))
            return
        self._put_lanes(step, step.layer, at, end, line)

    def _put_lanes(self, step: Step, block: BlockSpec, at: float, end: float, line: float) -> None:
        lanes = [self._row((*step.path, number)) for number in range(len(block.stacks))]
        length, breadth, sign = self._join(step)
        split, middle = at + self._ahead + PAD + BEND / 2, end - PAD - length / 2
        self.diagram.wire((at, line), (split, line))
        for number, offset in enumerate(_lines(lanes)):
            place = line + offset
            self.diagram.wire((split, line), (split, place))
            stack = (*step.path, number)
            done = self._put_row(stack, split, place, "")
            made = self._stacks[stack][-1].out_shape if self._stacks.get(stack) else None
            label = shape_text(made) if made else ""
            is_main = abs(offset) < 1e-9
            side = line + (breadth / 2 if offset > 0 else -breadth / 2)
            if is_main:
                self.diagram.wire(
                    (done, line), (end - PAD - length, line), label=label, is_arrow=True
                )
            else:
                bend = (middle, place)
                self.diagram.wire((done, place), bend, (middle, side), label=label, is_arrow=True)
        join = (end - PAD - length, line - breadth / 2, length, breadth)
        self.diagram.put("join", step.path, join, sign)
        self.diagram.wire((end - PAD, line), (end, line))


def _lines(lanes: Sequence[Extent]) -> Iterator[float]:
    """How far the line of each lane lies from that of the block. An empty one, as the shortcut of
    a Residual, is a bare line beside the first; else as many stand on one side as on the other."""
    offsets = [0.0]
    for before, lane in pairwise(lanes):
        offsets.append(offsets[-1] + before.high + LANES + lane.low)
    half = len(lanes) // 2
    if len(lanes) == 2 and not (lanes[0].length and lanes[1].length):
        middle = 0.0
    elif len(lanes) % 2:  # the lane in the middle goes straight on
        middle = offsets[half]
    else:
        middle = (offsets[half - 1] + offsets[half]) / 2
    return (offset - middle for offset in offsets)


def laid_out(
    steps: Sequence[Step], in_shape: Shape, direction: Direction, folded: Set[str] = frozenset()
) -> Diagram:
    """The diagram of a walked network."""
    return Layout(by_stack(steps), direction, folded).run(in_shape)


def beside(diagram: Diagram, path: Path, by: int) -> Path | None:
    """The layer in the next lane (`by` 1) or the one before (-1), nearest to the one at `path`."""
    here = diagram.of(path)
    for place in range(len(path) - 2, 0, -2):
        lane = (*path[:place], path[place] + by)
        others = [i for i in diagram.items if i.path[: place + 1] == lane and i.kind != "join"]
        if here and others:
            return min(others, key=lambda item: _apart(here, item)).path
    return None


def _apart(one: Item, other: Item) -> float:
    (x, y), (a, b) = one.box.middle, other.box.middle
    return abs(x - a) + abs(y - b)
