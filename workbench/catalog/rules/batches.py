"""Rules on batches and epochs."""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import ClassVar

from workbench.catalog.rules.reading import DROPOUTS, hidden
from workbench.core.project import Project
from workbench.core.rule import Finding, Remedy, Rule, Severity, trained
from workbench.core.walk import Step

USUAL_BATCH = 64


def _steps(project: Project) -> int:
    """How many steps training takes."""
    samples = project.data.info().sizes["train"]
    batch = max(project.train.batch_length(samples), 1)
    return project.train.epochs * ceil(samples / batch)


class BatchLargerThanSet(Rule):
    """A batch is a part of the training set."""

    reason: ClassVar[str] = "Every step then takes the whole set, whatever the number says."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        samples, size = project.data.info().sizes["train"], project.train.batch_size
        if isinstance(size, int) and size > samples:
            part = max(2 ** ((samples // 8).bit_length() - 1), 1) if samples >= 8 else samples
            told = "The batch size {size:,} is larger than the training set of {samples:,}."
            remedy = Remedy("set batch size {part}", trained(project, batch_size=part), part=part)
            yield self.found("train.batch_size", told, remedy, size=size, samples=samples)


class WholeSetAtOnce(Rule):
    """Adam gets many noisy steps, not one exact one an epoch."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "One step an epoch learns slowly; batches give many for the same work."
    small: ClassVar[int] = 1_000

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        samples, train = project.data.info().sizes["train"], project.train
        adaptive = train.optimizer.kind != "SGD"
        if train.batch_size == "all" and adaptive and samples > self.small:
            mended = trained(project, batch_size=USUAL_BATCH)
            told = "Each step takes all {samples:,} samples."
            remedy = Remedy("set batch size {size}", mended, size=USUAL_BATCH)
            yield self.found("train.batch_size", told, remedy, samples=samples)


class OneSampleAtATime(Rule):
    """Large sets are learned in batches."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "The machine could take dozens of samples in the same time."
    many: ClassVar[int] = 2_000

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        samples = project.data.info().sizes["train"]
        if project.train.batch_size == 1 and samples > self.many:
            mended = trained(project, batch_size=USUAL_BATCH)
            told = "An epoch takes {samples:,} steps of a single sample."
            remedy = Remedy("set batch size {size}", mended, size=USUAL_BATCH)
            yield self.found("train.batch_size", told, remedy, samples=samples)


class FewSteps(Rule):
    """Training takes enough steps to get somewhere."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "A step moves the weights only a little: a network needs hundreds."
    few: ClassVar[int] = 50
    enough: ClassVar[int] = 500

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        count = _steps(project)
        if 0 < count < self.few:
            epochs = ceil(self.enough / (count / project.train.epochs))
            told = "Training takes only {count} steps in all."
            remedy = Remedy("set epochs={size}", trained(project, epochs=epochs), size=epochs)
            yield self.found("train.epochs", told, remedy, count=count)


class EpochsByHeart(Rule):
    """A small set is not shown a thousand times to a network that nothing holds back."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "The network learns the samples by heart long before."
    many: ClassVar[int] = 1_000
    small: ClassVar[int] = 2_000

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        held = project.train.optimizer.argument("weight_decay", 0.0) > 0
        held |= any(step.layer.kind in DROPOUTS for step in steps)
        samples, epochs = project.data.info().sizes["train"], project.train.epochs
        if epochs >= self.many and samples < self.small and len(hidden(steps)) > 1 and not held:
            told = "{epochs:,} epochs over {samples:,} samples, without dropout or weight decay."
            remedy = Remedy("set epochs=100", trained(project, epochs=100))
            yield self.found("train.epochs", told, remedy, epochs=epochs, samples=samples)
