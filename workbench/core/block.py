"""A layer that is made of stacks of layers."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from workbench.core.layer import LayerSpec, Shape


class BlockSpec(LayerSpec, abstract=True):
    """Stacks of layers that stand as one layer; every stack gets the block's input.

    A block adds no parameters: those are its layers'. An empty stack passes its input on.
    """

    category: ClassVar[str] = "Blocks"
    scope: ClassVar[bool] = False
    """Whether it is a module of its own, with the names of its layers below its own name."""
    in_sequence: ClassVar[bool] = False
    """Whether that module is an `nn.Sequential` of its rounds."""

    @property
    def stacks(self) -> tuple[tuple[LayerSpec, ...], ...]:
        """Its stacks, in order."""
        raise NotImplementedError

    @property
    def titles(self) -> tuple[str, ...]:
        """What the stacks are called."""
        raise NotImplementedError

    @property
    def variables(self) -> tuple[str, ...]:
        """What the outputs of the stacks are called in code; the first one, if empty, is what the
        network goes on with."""
        return ("",)

    @property
    def rounds(self) -> int:
        """How often the stacks are run one after another, each round with weights of its own."""
        return 1

    def with_stacks(self, stacks: Sequence[Sequence[LayerSpec]]) -> Self:
        """A copy with other layers in its stacks."""
        raise NotImplementedError

    def out_shape(self, in_shape: Shape) -> Shape:
        raise NotImplementedError("the shapes of a block are found by `walk`")

    def joined_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The shape of a sample behind the block, from those behind its stacks.

        Raises:
            ShapeError: they don't fit together.
        """
        return shapes[0]

    @property
    def join_tensors(self) -> int:
        """How many tensors the join makes, the joined one among them; 0 if it hands on its one
        input."""
        return 1

    @property
    def join_saves(self) -> bool:
        """Whether the backward pass needs the outputs of the stacks, as for a product."""
        return False

    def joined(self, torch: Any, outputs: Sequence[Any]) -> Any:
        """The block's output from those of its stacks; `torch` is the module of that name."""
        return outputs[0]

    def joined_source(self, outputs: Sequence[str]) -> str:
        """The same as an expression of Python."""
        return outputs[0]
