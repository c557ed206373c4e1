"""Rules on how much of its input a network sees."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from workbench.core.memory import by_stack
from workbench.core.project import Project
from workbench.core.rule import Finding, Rule, Severity
from workbench.core.sight import sights
from workbench.core.walk import Step, in_stack


class NearsightedMaps(Rule):
    """Maps that are averaged have seen a good part of the image."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = (
        "Only small patches count, whatever stands beside them: more layers, larger kernels or "
        "pooling in between let each place see further."
    )
    share: ClassVar[float] = 0.25

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        info = project.data.info()
        pools = [step for step in steps if self._averages_all(step)]
        if not info.is_image or not pools:
            return
        seen = sights(by_stack(steps))
        for pool in pools:
            row = in_stack(steps, pool.path[:-1])
            before = [seen.get(step.path) for step in row if step.path < pool.path][-1:]
            axes = before[0] if before else None
            if axes and len(axes) == 2 and axes[0].size < self.share * info.shape[1]:
                values = {"size": axes[0].size, "whole": info.shape[1]}
                told = "{layer} averages maps of which each place sees {size} of {whole} pixels."
                yield self.at(pool, told, **values)

    @staticmethod
    def _averages_all(step: Step) -> bool:
        """Whether it leaves one value of maps of some size; inside a block that is a gate."""
        adapts = step.layer.kind in ("AdaptiveAvgPool2d", "AdaptiveMaxPool2d")
        shape = step.in_shape or ()
        whole = adapts and step.out_shape is not None and step.out_shape[1:] == (1, 1)
        return whole and not step.depth and shape[1:] != (1, 1)
