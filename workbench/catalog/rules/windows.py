"""Rules on the windows of convolution and pooling."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from pydantic import ValidationError

from workbench.catalog.layers.pooling_adaptive import AdaptiveAvgPool2d
from workbench.catalog.rules.reading import hidden, leaves, rows
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.rule import Finding, Remedy, Rule, Severity, swapped, without
from workbench.core.walk import Step


def _each(value: Any, axes: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple) else (value,) * axes


def _changed(layer: LayerSpec, **changes: Any) -> LayerSpec | None:
    try:
        return layer.replace(**changes)
    except ValidationError:
        return None


class KernelOfMostlyPadding(Rule):
    """A kernel is not wider than all that it can see."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "The outer weights only ever meet padding: they learn nothing."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in leaves(steps):
            if step.layer.category == "Convolution" and "Transpose" not in step.layer.kind:
                shape = step.in_shape or ()
                kernel = _each(step.layer.argument("kernel_size", 1), len(shape) - 1)
                if any(k >= 2 * size + 1 for k, size in zip(kernel, shape[1:], strict=True)):
                    yield self._finding(project, step, min(shape[1:]))

    def _finding(self, project: Project, step: Step, size: int) -> Finding:
        fitting = 2 * size - 1
        values = {"kernel_size": fitting, "padding": fitting // 2}
        smaller = _changed(step.layer, **values)
        told = "{layer} has kernels of {kernel} over maps of {size}."
        remedies = []
        if smaller is not None and smaller.out_shape(step.in_shape or ()) == step.out_shape:
            label = "set kernel_size={size}"
            remedies.append(Remedy(label, swapped(project, step, smaller), size=fitting))
        kernel = step.layer.argument("kernel_size", 1)
        return self.at(step, told, *remedies, kernel=kernel, size=size)


class EvenKernelWithSame(Rule):
    """Kernels that keep the size have a middle."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "torch pads one side more, which shifts the maps and costs a copy."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in leaves(steps):
            kernel = step.layer.argument("kernel_size", 1)
            if step.layer.argument("padding", 0) == "same" and isinstance(kernel, int):
                odd = _changed(step.layer, kernel_size=kernel + 1)
                if kernel % 2 == 0 and odd is not None:
                    remedy = Remedy(
                        "set kernel_size={size}", swapped(project, step, odd), size=kernel + 1
                    )
                    told = "{layer} has an even kernel of {kernel} with padding=same."
                    yield self.at(step, told, remedy, kernel=kernel)


class StrideBeyondKernel(Rule):
    """Windows leave nothing out between them."""

    reason: ClassVar[str] = "What lies between two windows is never seen."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in leaves(steps):
            kernel, stride = (step.layer.argument(n) for n in ("kernel_size", "stride"))
            if "Transpose" in step.layer.kind or kernel is None or stride is None:
                continue
            axes = len(step.in_shape or ()) - 1
            pairs = zip(_each(kernel, axes), _each(stride, axes), strict=True)
            # a window of one with a stride is how shortcuts are projected
            if any(s > k > 1 for k, s in pairs):
                mended = swapped(project, step, step.layer.replace(stride=kernel))
                told = "{layer} moves by {stride} with windows of {kernel}."
                remedy = Remedy("set stride={kernel}", mended, kernel=kernel)
                yield self.at(step, told, remedy, kernel=kernel, stride=stride)


class PoolingFirst(Rule):
    """Small images are not made smaller before anything has looked at them."""

    reason: ClassVar[str] = "Details are lost before a layer with weights has seen them."
    small: ClassVar[int] = 64

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        info = project.data.info()
        if not info.is_image or max(info.shape[1:]) > self.small:
            return
        sums = hidden(steps)
        for step in leaves(steps):
            if len(step.path) > 1 or step.parameters or (sums and step.path > sums[0].path[:1]):
                return
            if step.layer.category == "Pooling" and step.in_shape != step.out_shape:
                mended = without(project, step)
                remedies = [] if any(s.fault for s in mended().walk()) else [mended]
                told = "{layer} makes the images smaller before any layer has learned from them."
                fixes = (Remedy("remove {layer}", m, layer=step.layer.name) for m in remedies)
                yield self.at(step, told, *fixes)
                return


class HugeFirstLinear(Rule):
    """The step from maps to features does not hold nearly all parameters."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = (
        "Most of the network is one layer, which learns each place of the image by itself."
    )
    many: ClassVar[int] = 1_000_000
    share: ClassVar[float] = 0.9

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        if not any(step.layer.category == "Convolution" for step in steps):
            return
        total = sum(step.parameters for step in steps if not step.depth)
        for row in rows(steps):
            for number, step in enumerate(row):
                huge = step.parameters > max(self.many, self.share * total)
                if not huge or step.layer.kind != "Linear":
                    continue  # no more than one is: the row is searched once at most
                flatten = next((s for s in row[:number] if s.layer.kind == "Flatten"), None)
                if flatten:
                    yield self._finding(project, step, flatten, total)

    def _finding(self, project: Project, step: Step, flatten: Step, total: int) -> Finding:
        shape = flatten.in_shape or ()
        remedies = []
        if len(shape) == 3 and min(shape[1:]) > 2:
            size = max(min(shape[1:]) // 4, 1)
            pooled = swapped(project, flatten, AdaptiveAvgPool2d(output_size=size), flatten.layer)
            remedies.append(Remedy("insert AdaptiveAvgPool2d to {size}", pooled, size=size))
        told = "{layer} holds {percent:.0f} % of all parameters."
        return self.at(step, told, *remedies, percent=100 * step.parameters / total)
