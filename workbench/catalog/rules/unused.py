"""Rules on layers that do nothing."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.rule import Finding, Remedy, Rule, Severity, swapped, without
from workbench.core.walk import Step


class _DoesNothing(Rule, abstract=True):
    """A layer that gives its input as it came."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "A layer that does nothing costs time, and misleads who reads it."
    message: ClassVar[str]

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in steps:
            if step.out_shape is not None and step.in_shape and self._is_idle(step):
                remedy = Remedy("remove {layer}", without(project, step), layer=step.layer.name)
                yield self.at(step, self.message, remedy)

    def _is_idle(self, step: Step) -> bool:
        raise NotImplementedError


def _all(value: Any, wanted: float) -> bool:
    return all(each == wanted for each in (value if isinstance(value, tuple) else (value,)))


def _of(layer: LayerSpec, *names: str) -> list[Any]:
    return [layer.argument(name) for name in names]


class UnusedIdentity(_DoesNothing):
    """Identity passes its input on."""

    message: ClassVar[str] = "{layer} is an Identity, which only passes its input on."

    def _is_idle(self, step: Step) -> bool:
        return step.layer.kind == "Identity"


class FlattenOfFlat(_DoesNothing):
    """Flatten has something to flatten."""

    message: ClassVar[str] = "{layer} gets what is flat already."

    def _is_idle(self, step: Step) -> bool:
        return step.layer.kind == "Flatten" and step.in_shape == step.out_shape


class PoolingOfOne(_DoesNothing):
    """Pooling takes more than one value together."""

    message: ClassVar[str] = "{layer} takes no two values together."

    def _is_idle(self, step: Step) -> bool:
        if step.layer.category != "Pooling" or step.in_shape != step.out_shape:
            return False
        kernel, stride = _of(step.layer, "kernel_size", "stride")
        adapts = kernel is None
        return adapts or (_all(kernel, 1) and (stride is None or _all(stride, 1)))


class UpsamplingByOne(_DoesNothing):
    """Upsampling makes larger."""

    message: ClassVar[str] = "{layer} leaves the size as it is."

    def _is_idle(self, step: Step) -> bool:
        grows = step.layer.kind in ("Upsample", "PixelShuffle")
        return grows and step.in_shape == step.out_shape


class PermuteInPlace(_DoesNothing):
    """Permute changes the order."""

    message: ClassVar[str] = "{layer} leaves the dimensions in their order."

    def _is_idle(self, step: Step) -> bool:
        dims = step.layer.argument("dims", ())
        return step.layer.kind == "Permute" and list(dims) == sorted(dims)


class PaddingByNothing(_DoesNothing):
    """ZeroPad2d adds something."""

    message: ClassVar[str] = "{layer} adds no padding."

    def _is_idle(self, step: Step) -> bool:
        return step.layer.kind == "ZeroPad2d" and _all(step.layer.argument("padding", 1), 0)


class DropoutOfNothing(_DoesNothing):
    """Dropout drops something."""

    message: ClassVar[str] = "{layer} drops nothing: its p is 0."

    def _is_idle(self, step: Step) -> bool:
        return step.layer.kind in ("Dropout", "Dropout2d") and step.layer.argument("p", 1) == 0


class SoftmaxOfOne(_DoesNothing):
    """Softmax has more than one value to share 1 between."""

    severity: ClassVar[Severity] = "warning"
    reason: ClassVar[str] = "A share of 1 among one value is always 1, whatever the network says."
    message: ClassVar[str] = "{layer} is a softmax over a single value."

    def _is_idle(self, step: Step) -> bool:
        shape, dim = step.in_shape or (), step.layer.argument("dim", 1)
        if step.layer.kind not in ("Softmax", "LogSoftmax") or not shape:
            return False
        return bool(shape[dim - 1 if dim > 0 else dim] == 1)


class EmptyBlock(_DoesNothing):
    """A block holds layers."""

    message: ClassVar[str] = "{layer} holds no layers."

    def _is_idle(self, step: Step) -> bool:
        block = step.layer
        return isinstance(block, BlockSpec) and not any(block.stacks) and self._passes(block)

    @staticmethod
    def _passes(block: BlockSpec) -> bool:
        return len(block.stacks) == 1


class _JoinsItsInput(Rule, abstract=True):
    """A block whose stacks are all empty joins its input with itself."""

    reason: ClassVar[str] = "The input joined with itself tells nothing new."
    kind: ClassVar[str]
    message: ClassVar[str]

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in steps:
            block = step.layer
            empty = isinstance(block, BlockSpec) and not any(block.stacks)
            if empty and block.kind == self.kind and step.out_shape is not None:
                remedy = Remedy("remove {layer}", without(project, step), layer=block.name)
                remedies = [remedy] if step.in_shape == step.out_shape else []
                yield self.at(step, self.message, *remedies)


class ResidualOfNothing(_JoinsItsInput):
    """A residual block computes something."""

    kind: ClassVar[str] = "Residual"
    message: ClassVar[str] = "{layer} holds no layers: it only doubles its input."


class BranchesOfNothing(_JoinsItsInput):
    """Branches compute something."""

    kind: ClassVar[str] = "Branches"
    message: ClassVar[str] = "{layer} holds no layers: it joins copies of its input."


class OneBranch(Rule):
    """Branches are more than one."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "One branch alone needs no block around it."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in steps:
            block = step.layer
            if block.kind == "Branches" and isinstance(block, BlockSpec) and len(block.stacks) == 1:
                mended = swapped(project, step, *block.stacks[0])
                yield self.at(step, "{layer} has a single branch.", Remedy("unwrap", mended))


class RepeatOnce(Rule):
    """Repeat repeats."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "What is done once needs no block that repeats it."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in steps:
            block = step.layer
            if block.kind == "Repeat" and isinstance(block, BlockSpec) and block.rounds == 1:
                mended = swapped(project, step, *block.stacks[0])
                yield self.at(step, "{layer} runs its layers only once.", Remedy("unwrap", mended))
