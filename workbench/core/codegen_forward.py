"""The body of a `forward`: `x` goes from layer to layer, branches have names of their own."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec, shape_text
from workbench.core.unknown import call_source
from workbench.core.verbatim import indented, renamed
from workbench.core.walk import Path, Step

LONGEST_VARIABLE = 16


@dataclass(frozen=True)
class Line:
    """A line of Python, the layer that it is of, and what a comment behind it says."""

    text: str
    owner: Path | None = None
    note: str = ""
    is_kept: bool = False
    """Whether it stays as it is, whatever its length; it has its indentation."""


class Forward:
    """Writes the lines of stacks; `lines` are without indentation."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = {step.path: step for step in steps}
        self._taken = {"x"}
        self.lines: list[Line] = []

    def emit(self, stack: Sequence[LayerSpec], at: Path, source: str, target: str) -> str:
        """Write a stack that takes the variable `source` and leaves its output in `target`.

        Gives the variable that holds the output: `source` if the stack is empty.
        """
        for index, layer in enumerate(stack):
            path = (*at, index)
            first = len(self.lines)
            if isinstance(layer, BlockSpec) and not layer.scope:
                self._fork(layer, path, source, target)
            else:
                self._call(layer, path, source, target)
            self._note(first, path)
            source = target
        return source

    def _call(self, layer: LayerSpec, path: Path, source: str, target: str) -> None:
        if layer.verbatim:
            self._keep(layer, path, source, target)
            return
        lines = call_source(layer, f"self.{layer.name}", target, self._steps[path].in_shape)
        read = re.compile(rf"(?<![.\w]){target}\b")
        for line in lines:
            left, _, right = line.partition(" = ")
            self.lines.append(Line(f"{left} = {read.sub(source, right)}", path))
            if read.search(left):  # from here on the target is what is read
                source = target

    def _keep(self, layer: LayerSpec, path: Path, source: str, target: str) -> None:
        """Statements of somebody's own, which take `x` and leave their output in it."""
        if source != target:
            self.lines.append(Line(f"{target} = {source}", path))
        text = "\n".join(layer.call_source("", "x", ()))
        for line in indented(renamed(text, {"x": target}), 8):
            self.lines.append(Line(line, path, is_kept=True))

    def _fork(self, block: BlockSpec, path: Path, source: str, target: str) -> None:
        """Stacks side by side, and the line that joins them."""
        with self._scope():
            if block.variables[0]:
                outputs = self._branches(block, path, source, target)
            else:
                outputs = self._beside(block, path, source, target)
            joined = block.joined_source(outputs)
            if joined != target:
                self.lines.append(Line(f"{target} = {joined}", path))

    def _branches(self, block: BlockSpec, path: Path, source: str, target: str) -> list[str]:
        """Every stack in a variable of its own."""
        nested = target if target.startswith("branch") else ""
        outputs = []
        for number, (stack, name) in enumerate(zip(block.stacks, block.variables, strict=True)):
            variable = self._fresh(f"{nested}_{number + 1}" if nested else name)
            outputs.append(self.emit(stack, (*path, number), source, variable))
        return outputs

    def _beside(self, block: BlockSpec, path: Path, source: str, target: str) -> list[str]:
        """The first stack goes on in the variable that there is; the others take the input that
        was kept aside."""
        kept = source
        main, *others = block.stacks
        if others and main and source == target:
            kept = self._fresh(block.variables[1])
            self.lines.append(Line(f"{kept} = {source}", path))
        outputs = [self.emit(main, (*path, 0), source, target)]
        for number, stack in enumerate(others, 1):
            variable = kept
            if kept in (source, target) or number < len(others):
                variable = self._fresh(block.variables[number])
            outputs.append(self.emit(stack, (*path, number), kept, variable))
        return outputs

    def _fresh(self, wanted: str) -> str:
        """A variable that is not in use, which then is."""
        if len(wanted) > LONGEST_VARIABLE:
            wanted = wanted.partition("_")[0]
        apart = "_" if wanted[-1:].isdigit() else ""
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}{apart}{number}", number + 1
        self._taken.add(name)
        return name

    @contextmanager
    def _scope(self) -> Iterator[None]:
        """Variables that are taken within are free again behind."""
        before = set(self._taken)
        yield
        self._taken = before

    def _note(self, first: int, path: Path) -> None:
        """Say the shape behind a layer that changes it, on its last line."""
        step = self._steps[path]
        last = self.lines[-1] if len(self.lines) > first else None
        block = step.layer if isinstance(step.layer, BlockSpec) else None
        if block and not block.scope and len(block.variables) == 1:  # its only stack has said it
            return
        if last and last.owner == path and step.out_shape and step.out_shape != step.in_shape:
            self.lines[-1] = Line(last.text, path, shape_text(step.out_shape))
