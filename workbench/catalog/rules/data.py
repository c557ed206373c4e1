"""Rules on the data and its split."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from pydantic import ValidationError

from workbench.catalog.rules.reading import first_leaf, hidden
from workbench.core.project import Project
from workbench.core.rule import Change, Finding, Remedy, Rule, Severity
from workbench.core.walk import Step


def prepared(project: Project, **changes: Any) -> Change | None:
    """Puts other values into the data; None if it has no such field."""
    try:
        data = project.data.replace(**changes)
    except ValidationError:
        return None
    return lambda: project.replace(data=data)


class UnnormalizedInputs(Rule):
    """A table's columns come on one scale; images are in 0...1 anyway."""

    reason: ClassVar[str] = "Columns of large numbers drown the others, and steps must be tiny."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        first = first_leaf(steps)
        takes_any = first and first.layer.category in ("Normalization", "Embedding")
        if project.data.normalize or project.data.info().is_image or takes_any or not steps:
            return
        mended = prepared(project, normalize=True)
        remedies = [Remedy("normalize", mended)] if mended else []
        told = "The columns of {data} are not normalized."
        yield self.found("data.normalize", told, *remedies, data=project.data.info().title)


class TargetsOutOfRange(Rule):
    """Numbers that are to be predicted lie where a network's first outputs do, near 0."""

    reason: ClassVar[str] = (
        "A network begins near 0: it spends its steps on the way to their mean, or leaps about."
    )
    largest: ClassVar[float] = 10.0
    smallest: ClassVar[float] = 0.01

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        mended = prepared(project, scale_target=True)
        if mended is None or project.data.info().task != "regression" or not steps:
            return
        scaled = mended().data
        mean, std = scaled.info().target_scale
        if scaled != project.data and not self.smallest <= abs(mean) + std <= self.largest:
            told = "The targets of {data} are {mean:.3g} ± {std:.3g}, and learned as they are."
            values = {"data": scaled.info().title, "mean": mean, "std": std}
            remedy = Remedy("scale the target", mended)
            yield self.found("data.scale_target", told, remedy, **values)


class EmbeddingOfNumbers(Rule):
    """An embedding gets whole numbers, not normalized ones."""

    severity: ClassVar[Severity] = "problem"
    reason: ClassVar[str] = (
        "Normalized inputs are fractions around 0: no rows of its table, and some are negative."
    )

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        first = first_leaf(steps)
        if first and first.layer.kind == "Embedding" and project.data.normalize:
            mended = prepared(project, normalize=False)
            remedies = [Remedy("don't normalize", mended)] if mended else []
            yield self.at(first, "{layer} looks up inputs that are normalized.", *remedies)


class NoValidation(Rule):
    """Some samples are held back to measure every epoch."""

    reason: ClassVar[str] = "Without them nobody sees when the network begins to learn by heart."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        if project.data.info().sizes["val"] == 0:
            mended = prepared(project, val_fraction=0.1)
            remedies = [Remedy("hold back 10 %", mended)] if mended else []
            told = "No samples are held back for validation."
            yield self.found("data.val_fraction", told, *remedies)


class FewValidationSamples(Rule):
    """What is held back is enough to measure by."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "One sample more or less then moves the accuracy by whole percents."
    fewest: ClassVar[int] = 10

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        info = project.data.info()
        total, val = info.sizes["train"] + info.sizes["val"], info.sizes["val"]
        if 0 < val < max(self.fewest, len(info.classes)) and total >= 5 * self.fewest:
            mended = prepared(project, val_fraction=0.2)
            remedies = [Remedy("hold back 20 %", mended)] if mended else []
            told = "Only {count} samples are held back for validation."
            yield self.found("data.val_fraction", told, *remedies, count=val)


class NoTestSamples(Rule):
    """Some samples are kept for the final figures."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "The best epoch is chosen by validation, so that figure is too good."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        if project.data.info().sizes["test"] == 0:
            mended = prepared(project, test_fraction=0.1)
            remedies = [Remedy("keep 10 %", mended)] if mended else []
            yield self.found("data.test_fraction", "No samples are kept for the test.", *remedies)


class MoreParametersThanATableTells(Rule):
    """A network for a small table is not a thousand times larger than the table."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "It can learn every row by heart, and often does."
    most: ClassVar[int] = 1_000

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        info = project.data.info()
        total = sum(step.parameters for step in steps if not step.depth)
        if info.is_image or len(hidden(steps)) < 2 or total <= self.most * info.sizes["train"]:
            return
        told = "{parameters:,} parameters for {samples:,} samples of {data}."
        values = {"parameters": total, "samples": info.sizes["train"], "data": info.title}
        yield self.found("model", told, **values)
