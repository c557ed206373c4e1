"""Rules on normalization and dropout."""

from collections.abc import Iterator, Sequence
from functools import partial
from math import prod
from typing import ClassVar

from workbench.catalog.rules.reading import DROPOUTS, NORMS_OVER_BATCH, leaves, neighbours
from workbench.core.project import Project
from workbench.core.rule import (
    Finding,
    Remedy,
    Rule,
    Severity,
    all_swapped,
    swapped,
    trained,
    without,
)
from workbench.core.walk import Path, Step

SMALL_BATCH = 4
USUAL_BATCH = 32


class BatchNormOfFewSamples(Rule):
    """BatchNorm sees enough samples at a time."""

    reason: ClassVar[str] = (
        "Mean and variance over so few samples are noise, and evaluation uses other ones."
    )

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        samples = project.data.info().sizes["train"]
        batch = project.train.batch_length(samples)
        first = next((s for s in leaves(steps) if s.layer.kind in NORMS_OVER_BATCH), None)
        if first and batch < SMALL_BATCH:
            told = "{layer} normalizes over a batch of {count}."
            yield self.at(first, told, *self._remedies(project, samples), count=batch)

    @staticmethod
    def _remedies(project: Project, samples: int) -> Iterator[Remedy]:
        size = min(USUAL_BATCH, samples)
        if size >= SMALL_BATCH:
            label = "set batch size {size}"
            yield Remedy(label, trained(project, batch_size=size), size=size)


class BiasBeforeBatchNorm(Rule):
    """A layer right in front of BatchNorm needs no bias."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "BatchNorm subtracts the mean, and the bias with it."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        biased: list[Step] = []
        for step, norm in neighbours(steps):
            if norm.layer.kind in NORMS_OVER_BATCH and norm.out_shape is not None:
                sums = step.layer.category in ("Linear", "Convolution")
                biased += [step] if sums and step.layer.argument("bias", False) else []
        if biased:
            yield self._finding(project, biased)

    def _finding(self, project: Project, biased: Sequence[Step]) -> Finding:
        bare = [step.layer.replace(bias=False) for step in biased]
        mended = all_swapped(project, biased, bare)
        remedy = Remedy("set bias=False", mended)
        if len(biased) == 1:
            return self.at(biased[0], "{layer} has a bias that BatchNorm takes away.", remedy)
        told = "{layer} and {count} more have a bias that BatchNorm takes away."
        return self.at(biased[0], told, remedy, count=len(biased) - 1)


class NormOfOneValue(Rule):
    """A normalization over a sample's own values has several of them."""

    reason: ClassVar[str] = "A single value minus its own mean is always 0: nothing gets through."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in leaves(steps):
            dims = step.layer.argument("last_dims", 0)  # LayerNorm's: others refuse
            if step.in_shape and dims and prod(step.in_shape[-dims:]) == 1:
                remedy = Remedy("remove {layer}", without(project, step), layer=step.layer.name)
                yield self.at(step, "{layer} normalizes over a single value.", remedy)


class DropoutBeforeBatchNorm(Rule):
    """Dropout does not disturb the figures of BatchNorm.

    Li et al., Understanding the Disharmony between Dropout and Batch Normalization, 2018.
    """

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = (
        "Dropout changes the variance in training only, and BatchNorm keeps that for evaluation."
    )

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for drop, norm in neighbours(steps):
            if drop.layer.kind in DROPOUTS and norm.layer.kind in NORMS_OVER_BATCH:
                if norm.out_shape is None:
                    continue
                behind = (*norm.path[:-1], norm.path[-1] + 1)
                moved = partial(self._moved, project, drop, behind)
                told = "{layer} stands right in front of {norm}."
                remedy = Remedy("move it behind {norm}", moved, norm=norm.layer.name)
                yield self.at(drop, told, remedy, norm=norm.layer.name)

    @staticmethod
    def _moved(project: Project, step: Step, before: Path) -> Project:
        return project.replace(model=project.model.moved([step.path], before))


class DropoutOfNearlyAll(Rule):
    """Dropout leaves enough to learn from."""

    reason: ClassVar[str] = "So few values are left that a step learns from noise."
    most: ClassVar[float] = 0.8

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in leaves(steps):
            p = step.layer.argument("p", 0.0)
            if step.layer.kind in DROPOUTS and p > self.most:
                mended = swapped(project, step, step.layer.replace(p=0.5))
                told = "{layer} drops {percent:.0f} % of its input."
                yield self.at(step, told, Remedy("set p=0.5", mended), percent=100 * p)
