"""Rules on what stands between the last weights and the loss."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from workbench.catalog.rules.reading import DROPOUTS, NORMS_OVER_BATCH, PROBABILITIES, end, last
from workbench.core.project import Project
from workbench.core.rule import Finding, Remedy, Rule, Severity, trained, without
from workbench.core.train import default_loss
from workbench.core.walk import Step

SQUASHING = ("Sigmoid", "Tanh", "ReLU", "Softplus", "Hardswish", "SiLU", "GELU", "ELU")


class _LastLayer(Rule, abstract=True):
    """A layer that must not be the last one in front of a loss."""

    losses: ClassVar[tuple[str, ...]]
    kinds: ClassVar[tuple[str, ...]]
    message: ClassVar[str]

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        step, loss = last(steps), project.train.loss.kind
        if step and step.layer.kind in self.kinds and loss in self.losses:
            remedy = Remedy("remove {layer}", without(project, step), layer=step.layer.name)
            yield self.at(step, self.message, remedy, kind=step.layer.kind, loss=loss)


class SoftmaxBeforeCrossEntropy(_LastLayer):
    """No Softmax in front of CrossEntropyLoss."""

    reason: ClassVar[str] = (
        "CrossEntropyLoss applies log-softmax itself; twice makes gradients small."
    )
    losses: ClassVar[tuple[str, ...]] = ("CrossEntropyLoss",)
    kinds: ClassVar[tuple[str, ...]] = PROBABILITIES
    message: ClassVar[str] = "{kind} stands in front of {loss}, which contains it."


class SigmoidBeforeBCEWithLogits(_LastLayer):
    """No Sigmoid in front of BCEWithLogitsLoss."""

    reason: ClassVar[str] = (
        "BCEWithLogitsLoss applies sigmoid itself; twice keeps probabilities between 0.5 and 0.73."
    )
    losses: ClassVar[tuple[str, ...]] = ("BCEWithLogitsLoss",)
    kinds: ClassVar[tuple[str, ...]] = ("Sigmoid", *PROBABILITIES)
    message: ClassVar[str] = "{kind} stands in front of {loss}, which squashes its input itself."


class SquashedScores(_LastLayer):
    """Scores of classes are not squashed."""

    reason: ClassVar[str] = "Scores must be free to grow in both directions, or no class gets sure."
    losses: ClassVar[tuple[str, ...]] = ("CrossEntropyLoss", "BCEWithLogitsLoss")
    kinds: ClassVar[tuple[str, ...]] = SQUASHING
    message: ClassVar[str] = "{layer} squashes the scores in front of {loss}."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        step = last(steps)
        is_other_rules = project.train.loss.kind == "BCEWithLogitsLoss"
        if not (step and step.layer.kind == "Sigmoid" and is_other_rules):
            yield from super().check(project, steps)


class BoundedRegression(_LastLayer):
    """A regression ends in free numbers."""

    reason: ClassVar[str] = "A bounded output can't reach targets beyond its bounds."
    losses: ClassVar[tuple[str, ...]] = ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")
    kinds: ClassVar[tuple[str, ...]] = ("ReLU", "Sigmoid", "Tanh", *PROBABILITIES)
    message: ClassVar[str] = "{layer} bounds what the network can predict."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        if project.data.info().task == "regression":
            yield from super().check(project, steps)


class _BehindLastWeights(Rule, abstract=True):
    """A layer that does harm behind the last weights."""

    kinds: ClassVar[tuple[str, ...]]
    message: ClassVar[str]

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in end(steps):
            if step.layer.kind in self.kinds:
                remedy = Remedy("remove {layer}", without(project, step), layer=step.layer.name)
                yield self.at(step, self.message, remedy)


class DropoutAtTheEnd(_BehindLastWeights):
    """No Dropout behind the last weights."""

    reason: ClassVar[str] = "It sets outputs themselves to zero, so the loss sees wrong answers."
    kinds: ClassVar[tuple[str, ...]] = DROPOUTS
    message: ClassVar[str] = "{layer} drops outputs of the network while it trains."


class BatchNormAtTheEnd(_BehindLastWeights):
    """No BatchNorm behind the last weights."""

    reason: ClassVar[str] = "It ties each output to the others of the batch and fixes their spread."
    kinds: ClassVar[tuple[str, ...]] = NORMS_OVER_BATCH
    message: ClassVar[str] = "{layer} normalizes the outputs of the network over the batch."


class _LossForClasses(Rule, abstract=True):
    """A loss that classes are better served without."""

    severity: ClassVar[Severity] = "hint"
    loss: ClassVar[str]
    message: ClassVar[str]
    fewest: ClassVar[int] = 2

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        info = project.data.info()
        if len(info.classes) >= self.fewest and project.train.loss.kind == self.loss:
            usual = default_loss(info)
            remedy = Remedy("use {loss}", trained(project, loss=usual), loss=usual.kind)
            yield self.found("train.loss", self.message, remedy, loss=self.loss)


class SquaredErrorOfClasses(_LossForClasses):
    """Classes are not learned by squared errors."""

    reason: ClassVar[str] = (
        "Squared errors of probabilities have tiny gradients where one is wrong."
    )
    loss: ClassVar[str] = "MSELoss"
    message: ClassVar[str] = "{loss} measures classes as if they were numbers."


class YesOrNoOfManyClasses(_LossForClasses):
    """One of many classes is not asked for as many times yes or no."""

    reason: ClassVar[str] = "The classes exclude each other, and CrossEntropyLoss knows that."
    loss: ClassVar[str] = "BCEWithLogitsLoss"
    message: ClassVar[str] = "{loss} asks each class by itself, though a sample has only one."
    fewest: ClassVar[int] = 3
