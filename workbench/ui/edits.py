"""What can be done to the network: each edit is one step of undo."""

from PySide6.QtGui import QGuiApplication

from workbench.catalog.layers.blocks import Branches
from workbench.core.block import BlockSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.walk import Path
from workbench.ui.clips import layers_mime, layers_of
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.stack_view import StackView
from workbench.ui.text import tr


class Edits:
    """Edits the layers that are selected in `view`."""

    def __init__(self, session: Session, stack: Stack, view: StackView) -> None:
        self.session, self.stack, self.view = session, stack, view

    def add(self, layers: tuple[LayerSpec, ...]) -> None:
        """Put layers behind the selected ones, or at the end."""
        self.stack.insert(self.view.behind(), layers)

    def remove(self, label: str = "") -> None:
        """Remove the selected layers; if there are none, the selected branches."""
        chosen = self.view.chosen()
        if chosen:
            self.stack.remove(chosen, label or tr("Remove layers"))
        else:
            self._remove_branches(self.view.chosen_stacks())

    def _remove_branches(self, stacks: list[Path]) -> None:
        for path in sorted(stacks, reverse=True):
            block = self.stack.model_spec.at(path[:-1])
            if isinstance(block, Branches) and len(block.branches) > 1:
                left = block.branches[: path[-1]] + block.branches[path[-1] + 1 :]
                self._replace(path[:-1], block.replace(branches=left), tr("Remove branch"))

    def branching(self) -> bool:
        """Whether a block of branches is selected, alone, or one of its layers or branches."""
        return self._branches() is not None

    def _branches(self) -> Path | None:
        places = self.view.chosen() or self.view.chosen_stacks()
        place = places[0] if len(places) == 1 else ()
        blocks = {step.path for step in self.stack.steps if isinstance(step.layer, Branches)}
        around = (place[:end] for end in range(len(place), 0, -1))  # itself, else the nearest
        return next((path for path in around if path in blocks), None)

    def add_branch(self) -> None:
        """Put an empty branch behind those of the block."""
        path = self._branches()
        if path is not None:
            block = self.stack.model_spec.at(path)
            assert isinstance(block, Branches)
            self._replace(path, block.replace(branches=(*block.branches, ())), tr("Add branch"))

    def _replace(self, path: Path, block: LayerSpec, label: str) -> None:
        with self.session.document.bounded():
            self.stack.edit(label, self.stack.model_spec.swapped(path, [block]), [block.name])

    def layers(self) -> tuple[LayerSpec, ...]:
        """The selected layers, without those that lie in selected blocks."""
        return tuple(step.layer for step in self.view.chosen_steps())

    def copy(self) -> None:
        """Put the selected layers on the clipboard, as JSON too."""
        layers = self.layers()
        if layers:
            QGuiApplication.clipboard().setMimeData(layers_mime(layers))

    def cut(self) -> None:
        """Copy the selected layers, then remove them."""
        self.copy()
        self.remove(tr("Cut layers"))

    def paste(self) -> None:
        """Put the layers on the clipboard behind the selected ones."""
        try:
            layers, _ = layers_of(QGuiApplication.clipboard().mimeData())
        except UserError as error:
            self.session.failed.emit(error, False)
            return
        if layers:
            self.add(layers)

    def duplicate(self) -> None:
        """Put a copy of the selected layers behind them."""
        layers = self.layers()
        if layers:
            self.add(layers)

    def shift(self, by: int) -> None:
        """Move the selected layers one place up (-1) or down (1) in their stack."""
        chosen = self.view.chosen()
        if not chosen:
            return
        stack, places = chosen[0][:-1], [path[-1] for path in chosen]
        if any(path[:-1] != stack for path in chosen):
            self.session.said.emit(tr("Select layers of one stack to move them together."))
            return
        before = places[0] - 1 if by < 0 else places[-1] + 2
        size = sum(path[:-1] == stack for path, _ in self.stack.model_spec.nested())
        if 0 <= before <= size:
            self.stack.move(chosen, (*stack, before))

    def shift_in(self) -> None:
        """Move the selected layers into the block above them, behind its layers."""
        chosen = self.view.chosen()
        above = (*chosen[0][:-1], chosen[0][-1] - 1) if chosen and chosen[0][-1] else ()
        block = self.stack.model_spec.at(above) if above else None
        if isinstance(block, BlockSpec):
            self.stack.move(chosen, (*above, 0, len(block.stacks[0])))
        else:
            self.session.said.emit(tr("There is no block right above the selected layers."))

    def shift_out(self) -> None:
        """Move the selected layers behind the block that they lie in."""
        chosen = self.view.chosen()
        if chosen and len(chosen[0]) > 1:
            block = chosen[0][:-2]
            self.stack.move(chosen, (*block[:-1], block[-1] + 1))
        else:
            self.session.said.emit(tr("The selected layers lie in no block."))

    def wrap(self, kind: type[BlockSpec]) -> None:
        """Put the selected neighbours into a new block of this kind."""
        chosen = self.view.chosen()
        stack = chosen[0][:-1] if chosen else ()
        places = [path[-1] for path in chosen]
        in_row = bool(places) and places == list(range(places[0], places[-1] + 1))
        if not in_row or any(path[:-1] != stack for path in chosen):
            self.session.said.emit(tr("Select layers that follow one another to wrap them."))
            return
        with self.session.document.bounded():
            model = self.stack.model_spec.wrapped(chosen, kind())
            name = model.at(chosen[0]).name
            self.stack.edit(tr("Wrap in {block}", block=kind.__name__), model, [name])

    def wrapped(self) -> bool:
        """Whether a block is selected, alone."""
        layers = self.layers()
        return len(layers) == 1 and isinstance(layers[0], BlockSpec)

    def unwrap(self) -> None:
        """Put the layers of the selected block in its place."""
        (path,) = self.view.chosen()
        names = [layer.name for layer in self._inner(path)]
        with self.session.document.bounded():
            model = self.stack.model_spec.unwrapped(path)
            self.stack.edit(tr("Unwrap"), model, names)

    def _inner(self, path: Path) -> list[LayerSpec]:
        block = self.stack.model_spec.at(path)
        assert isinstance(block, BlockSpec)
        return [layer for stack in block.stacks for layer in stack]

    def fix(self, path: Path, number: int) -> None:
        """Mend the fault of the layer there by the offer of that number."""
        if number < len(self.stack.offers(path)):
            self.stack.mend(path, number)

    def fix_first(self) -> None:
        """Mend the first fault that can be mended, by the best offer."""
        for step in self.stack.steps:
            if step.fault and self.stack.offers(step.path):
                self.fix(step.path, 0)
                return
        self.session.said.emit(tr("The network has no problem that can be fixed."))
