"""Preparation as values: what is done to samples between the files and the network."""

from typing import TYPE_CHECKING, ClassVar

from workbench.core.errors import UserError
from workbench.core.layer import Shape, shape_text
from workbench.core.source import Source
from workbench.core.spec import Spec

if TYPE_CHECKING:
    from torch import Generator, Tensor


class TransformSpec(Spec, shelf=True):
    """One transform of `torchvision.transforms.v2` under its name and argument names.

    It works on whole batches (n, channels, height, width) of float32 in 0...1, on the device that
    trains. Random ones draw for every sample of its own from a generator on the CPU, so that the
    same generator gives the same batch on every device.
    """

    summary: ClassVar[str]
    """One sentence on what it does."""
    train_only: ClassVar[bool] = False
    """Whether it is random: then evaluation gets what `apply` gives, mostly the samples as are."""
    mixes: ClassVar[bool] = False
    """Whether it mixes samples: then targets come and go as class probabilities (n, classes)."""

    def out_shape(self, in_shape: Shape) -> Shape:
        """The shape of a sample behind it, in plain arithmetic.

        Raises:
            UserError: it does not work on such samples.
        """
        self.image(in_shape)
        return in_shape

    def apply(self, inputs: "Tensor") -> "Tensor":
        """A batch without chance, as evaluation gets it."""
        return inputs

    def draw(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        """A batch as training gets it."""
        return self.apply(inputs)

    def draw_mixed(
        self, inputs: "Tensor", targets: "Tensor", generator: "Generator"
    ) -> tuple["Tensor", "Tensor"]:
        """A batch and its targets as training gets them."""
        return self.draw(inputs, generator), targets

    def source(self, in_shape: Shape) -> Source:
        """What `draw` does to a batch `inputs` of samples of `in_shape`, as Python; its numbers
        come from `generator`. `draw_mixed` has `targets` beside."""
        return self.apply_source(in_shape)

    def apply_source(self, in_shape: Shape) -> Source:
        """What `apply` does, likewise; no lines where that is nothing."""
        return Source(())

    def image(self, in_shape: Shape) -> tuple[int, int, int]:
        """Channels, height and width of a sample.

        Raises:
            UserError: it is no image.
        """
        if len(in_shape) != 3:
            raise UserError(
                "{transform} works on images; a sample here is {shape}. Remove it.",
                transform=self.kind,
                shape=shape_text(in_shape),
            )
        channels, height, width = in_shape
        return channels, height, width
