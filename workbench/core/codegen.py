"""A network as the PyTorch module that a person would have written: plain text, no workbench.

Its `state_dict` has the keys of the network that the program trains, so weights load either way.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from workbench.core.block import BlockSpec
from workbench.core.codegen_forward import Forward, Line
from workbench.core.layer import LayerSpec, Shape, shape_text
from workbench.core.model import ModelSpec
from workbench.core.parameters import Parameters
from workbench.core.pretty import LENGTH, statement
from workbench.core.unknown import constructor_source
from workbench.core.verbatim import indented
from workbench.core.walk import Path, Step, in_stack, walk

NET = "Net"
LONGEST_NAME = 40


@dataclass(frozen=True)
class Code:
    """Python text, and for each of its lines the layers that it is of."""

    text: str
    owners: tuple[tuple[Path, ...], ...]

    def lines_of(self, path: Path) -> list[int]:
        """The numbers (from 0) of the lines of a layer and of what it holds."""
        depth = len(path)
        return [
            number
            for number, owners in enumerate(self.owners)
            if any(owner[:depth] == path for owner in owners)
        ]

    def layer_at(self, line: int) -> Path | None:
        """The layer that a line (from 0) is of."""
        owners = self.owners[line] if 0 <= line < len(self.owners) else ()
        return owners[0] if owners else None


def generate(model: ModelSpec, in_shape: Shape, name: str = NET) -> Code:
    """The source of a network for samples of `in_shape`; a fault becomes a comment, and a size
    that is not known behind it a lazy module or `...`."""
    kept = "".join(getattr(layer, "definitions", "") for _, layer in model.nested())
    while re.search(rf"\bclass {name}\b", kept):
        name += "2"
    module = _Module(name)
    module.write(name, model.layers, [in_shape])
    return module.code()


def class_name(title: str) -> str:
    """A title as the name of a class; empty if it has no letters to begin with."""
    words = re.split(r"[\W_]+", title)
    name = "".join(word[:1].upper() + word[1:] for word in words)[:LONGEST_NAME]
    return name if name.isidentifier() and name not in ("None", "True", "False") else ""


@dataclass
class _Class:
    """One class of the text. A line that several modules share is of the layers of all."""

    name: str
    title: str
    owner: Path
    parameters: Parameters
    init: list[Line] = field(default_factory=list)
    forward: list[Line] = field(default_factory=list)
    note: str = ""

    def lines(self) -> Iterator[Line]:
        """Its text."""
        owner = self.owner or None
        yield Line(f"class {self.name}(nn.Module):", owner)
        if self.title:
            yield Line(f'    """{self.title}"""', owner)
            yield Line("", owner)
        if self.init:
            names = "".join(f", {name}" for name in self.parameters.names)
            yield Line(f"    def __init__(self{names}):", owner)
            yield Line("        super().__init__()", owner)
            yield from self.init
            yield Line("", owner)
        yield Line("    def forward(self, x):" + self.note, owner)
        yield from self.forward
        yield Line("        return x", owner)


class _Module:
    """The classes of a text, each behind those that it uses."""

    def __init__(self, name: str) -> None:
        self._taken = {name, NET}
        self._done: list[_Class] = []
        self._kept: dict[str, Path] = {}

    def code(self) -> Code:
        lines = [line for each in self._done for line in (Line(""), Line(""), *each.lines())]
        for text, path in reversed(self._kept.items()):
            lines = [Line(""), Line(""), *(Line(each, path) for each in text.split("\n")), *lines]
        used = {
            name for line in lines for name in re.findall(r"\b(torch|torchvision)\.", line.text)
        }
        imports = [f"import {name}" for name in sorted(used)]
        lines = [*(Line(text) for text in (*imports, "from torch import nn")), *lines]
        owners = tuple((line.owner,) if line.owner else () for line in lines)
        return Code("".join(f"{line.text}\n" for line in lines), owners)

    def write(
        self,
        name: str,
        stack: Sequence[LayerSpec],
        shapes: Sequence[Shape | None],
        at: Path = (),
        title: str = "",
    ) -> list[str]:
        """Write the class of a stack, one for all the shapes that modules of it get.

        Gives for each shape the call that makes its module: `Block(16)`.
        """
        walks = [_absolute(walk(stack, shape), at) for shape in shapes]
        made = _Class(name, title, at[:-1], Parameters(len(shapes)))
        self._construct(made, at, walks)
        forward = Forward(walks[0])
        result = forward.emit(stack, at, "x", "x")
        assert result == "x"
        made.forward = forward.lines
        if len({_noted(steps) for steps in walks}) > 1:  # no comment is right for all of them
            made.forward = [replace(line, note="") for line in made.forward]
        elif shapes[0]:
            made.note = f"  # {shape_text(shapes[0])}"
        made.forward = [laid for line in made.forward for laid in _laid_out(line)]
        self._done.append(made)
        return [f"{name}({', '.join(values)})" for values in made.parameters.calls()]

    def _construct(self, made: _Class, at: Path, walks: Sequence[Sequence[Step]]) -> None:
        """The assignments of a stack's modules, also of those in blocks that are none."""
        for steps in zip(*(in_stack(steps, at) for steps in walks), strict=True):
            layer, path = steps[0].layer, steps[0].path
            if steps[0].fault and not layer.verbatim:  # in plain Python that may well run
                made.init += [
                    Line(text, path) for text in _comment(f"{layer.name} {steps[0].fault}")
                ]
            if isinstance(layer, BlockSpec) and not layer.scope:
                for number in range(len(layer.stacks)):
                    self._construct(made, (*path, number), walks)
                continue
            if layer.verbatim:
                kept = indented(getattr(layer, "assignments", ""), 8)
                made.init += [Line(text, path, is_kept=True) for text in kept]
                self._keep(getattr(layer, "definitions", ""), path)
                continue
            source = self._scope(made, layer, steps) if isinstance(layer, BlockSpec) else None
            if source is None:
                sources = [constructor_source(layer, step.in_shape) for step in steps]
                source = made.parameters.unified(sources, layer.positional)
            lines = statement(f"self.{layer.name} = {source}", 8)
            made.init += [Line(text, path) for text in lines]

    def _keep(self, text: str, path: Path) -> None:
        """Write classes and functions of somebody's own once, above those that use them."""
        if text and text not in self._kept:
            self._kept[text] = path

    def _scope(self, made: _Class, block: BlockSpec, steps: Sequence[Step]) -> str:
        """The call that makes a module of its own; writes its class first."""
        known = [shape for step in steps for shape in _rounds(block, step.in_shape)]
        distinct = list(dict.fromkeys(known))
        name, title = self._named(block)
        calls = self.write(name, block.stacks[0], distinct, (*steps[0].path, 0), title)
        by_shape = dict(zip(distinct, calls, strict=True))
        each = [[by_shape[s] for s in _rounds(block, step.in_shape)] for step in steps]
        sources = _sequential(each) if block.in_sequence else [rounds[0] for rounds in each]
        return made.parameters.unified(sources, self._done[-1].parameters.names)

    def _named(self, block: BlockSpec) -> tuple[str, str]:
        """The name of a block's class, which then is taken, and the docstring that it needs."""
        title = getattr(block, "title", "")
        default = class_name(block.name) + ("Block" if block.in_sequence else "")
        wanted = class_name(title) or default or "Block"
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}{number}", number + 1
        self._taken.add(name)
        plain = title.isprintable() and title == title.strip() and not set(title) & set('"\\')
        return name, title if plain and title != name else ""


def _absolute(steps: Sequence[Step], at: Path) -> list[Step]:
    return [replace(step, path=(*at, *step.path)) for step in steps]


def _rounds(block: BlockSpec, in_shape: Shape | None) -> list[Shape | None]:
    """What each round of a block gets; a round that none reaches counts as the first."""
    shapes: list[Shape | None] = [in_shape]
    while len(shapes) < block.rounds:
        steps = in_stack(walk(block.stacks[0], shapes[-1]))
        behind = steps[-1].out_shape if steps else shapes[-1]
        if behind is None or behind == shapes[-1]:  # it goes on like this
            return shapes + [shapes[-1]] * (block.rounds - len(shapes))
        shapes.append(behind)
    return shapes


def _sequential(each: Sequence[Sequence[str]]) -> list[str]:
    """Calls of modules in `nn.Sequential`s, alike ones in a row by a comprehension; where one
    Sequential needs a cut, all have it, so that they differ in numbers only."""
    length = len(each[0])
    cuts = [n for n in range(1, length) if any(calls[n] != calls[n - 1] for calls in each)]
    runs = list(pairwise([0, *cuts, length]))
    return [f"nn.Sequential({', '.join(_run(calls, *run) for run in runs)})" for calls in each]


def _run(calls: Sequence[str], first: int, end: int) -> str:
    once = calls[first]
    return once if end == first + 1 else f"*[{once} for _ in range({end - first})]"


def _noted(steps: Sequence[Step]) -> tuple[object, ...]:
    return tuple((step.in_shape, step.out_shape) for step in steps)


def _comment(text: str) -> list[str]:
    sign = " " * 8 + "# "
    return textwrap.wrap(text, LENGTH, initial_indent=sign, subsequent_indent=sign)


def _laid_out(line: Line) -> list[Line]:
    """A line of a forward at its place, with its note where there is room for it."""
    if line.is_kept:
        return [line]
    texts = statement(line.text, 8)
    noted = f"{texts[0]}  # {line.note}"
    if line.note and len(texts) == 1 and len(noted) <= LENGTH:
        texts = [noted]
    return [Line(text, line.owner) for text in texts]
