"""Rules on what can't be trained at all."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from workbench.catalog.repairs import offers
from workbench.core.project import Project
from workbench.core.rule import Finding, Remedy, Rule, Severity
from workbench.core.train import fits
from workbench.core.walk import Step


def _remedies(project: Project, steps: Sequence[Step], step: Step) -> list[Remedy]:
    found = offers(project, steps, step)
    return [Remedy(o.fix.label, partial(getattr, o, "project"), **o.fix.values) for o in found]


class _Faults(Rule, abstract=True):
    """A fault of the walk, with the offers that mend it."""

    severity: ClassVar[Severity] = "problem"

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in steps:
            if step.fault and self._concerns(project, step):
                ways = partial(_remedies, project, steps, step)
                told, values = step.fault.message, step.fault.values
                yield Finding(self, step.path, told, values, ways, subject=step.layer.name)

    def _concerns(self, project: Project, step: Step) -> bool:
        raise NotImplementedError


class LayerTakesItsInput(_Faults):
    """Every layer can take the shape that it gets."""

    reason: ClassVar[str] = "torch would stop with an error at the first batch."

    def _concerns(self, project: Project, step: Step) -> bool:
        return step.out_shape is None


class OutputsSuitLoss(_Faults):
    """The network has as many outputs as the loss wants."""

    reason: ClassVar[str] = "The loss compares the outputs with the targets, one by one."

    def _concerns(self, project: Project, step: Step) -> bool:
        return step.out_shape is not None and fits(project.train.loss, project.data.info())


class LossSuitsTask(_Faults):
    """The loss is one for the task of the data."""

    reason: ClassVar[str] = "A loss for classes can't be told a number, nor the other way round."

    def _concerns(self, project: Project, step: Step) -> bool:
        return step.out_shape is not None and not fits(project.train.loss, project.data.info())


class NetworkHasLayers(Rule):
    """There is a network at all."""

    severity: ClassVar[Severity] = "problem"
    reason: ClassVar[str] = "Without layers there is nothing to train."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        if not steps:
            yield self.found("model", "The network has no layers yet.")


class SomethingLearns(Rule):
    """Some layer has parameters."""

    severity: ClassVar[Severity] = "problem"
    reason: ClassVar[str] = "An optimizer without parameters is refused by torch."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        known = all(step.out_shape is not None for step in steps)
        if steps and known and not any(step.parameters for step in steps):
            yield self.found("model", "No layer of the network learns anything.")
