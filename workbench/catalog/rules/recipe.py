"""Rules on the optimizer and its numbers."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from workbench.catalog.rules.reading import hidden
from workbench.core.project import Project
from workbench.core.rule import Change, Finding, Remedy, Rule, Severity, trained
from workbench.core.walk import Step

# Far out of what anybody uses, and the usual: (too low, usual, too high), by optimizer.
LR = {
    "SGD": (1e-5, 0.05, 1.5),
    "Adam": (1e-6, 1e-3, 0.05),
    "AdamW": (1e-6, 1e-3, 0.05),
    "NAdam": (1e-6, 2e-3, 0.05),
    "RAdam": (1e-6, 1e-3, 0.05),
    "RMSprop": (1e-6, 1e-3, 0.05),
    "Adagrad": (1e-5, 1e-2, 1.0),
    "Adamax": (1e-6, 2e-3, 0.1),
    "LBFGS": (1e-3, 1.0, 2.0),
    "Muon": (1e-6, 1e-3, 0.05),
}
ADDED_UP = ("SGD", "RMSprop")
"""Where momentum adds up steps; Muon's are of one size whatever was added."""
STRONG_DECAY = {"AdamW": 0.01, "Muon": 0.1}
"""The usual weight decay where it does not depend on the gradient: 1 is far too much."""


def _usual_lr(project: Project, usual: float) -> Remedy:
    return Remedy("set lr={lr:g}", trained(project, lr=usual), lr=usual)


def _optimizer(project: Project, **changes: Any) -> Change:
    return trained(project, optimizer=project.train.optimizer.replace(**changes))


class LrTooHigh(Rule):
    """The learning rate is not far above what works."""

    reason: ClassVar[str] = "Steps overshoot: the loss jumps about, or stops being a number."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        train = project.train
        _, usual, high = LR.get(train.optimizer.kind, (0.0, 0.0, float("inf")))
        # momentum adds up steps: 0.9 makes them ten times as long
        added = train.optimizer.kind in ADDED_UP
        momentum = train.optimizer.argument("momentum", 0.0) if added else 0.0
        length = train.lr / (1 - momentum)
        if train.lr > high or length > 10 * high:
            told = "lr={lr:g} is far above the usual for {optimizer}, about {usual:g}."
            values = {"lr": train.lr, "optimizer": train.optimizer.kind, "usual": usual}
            yield self.found("train.lr", told, _usual_lr(project, usual), **values)


class LrTooLow(Rule):
    """The learning rate is not so small that nothing moves."""

    reason: ClassVar[str] = "The weights hardly move from where they start."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        train = project.train
        low, usual, _ = LR.get(train.optimizer.kind, (0.0, 0.0, 0.0))
        if train.lr < low:
            told = "lr={lr:g} is far below the usual for {optimizer}, about {usual:g}."
            values = {"lr": train.lr, "optimizer": train.optimizer.kind, "usual": usual}
            yield self.found("train.lr", told, _usual_lr(project, usual), **values)


class SgdWithoutMomentum(Rule):
    """Deep networks are trained with momentum."""

    severity: ClassVar[Severity] = "hint"
    reason: ClassVar[str] = "Plain steps creep along the narrow valleys of deep networks."
    deep: ClassVar[int] = 5

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        optimizer = project.train.optimizer
        plain = optimizer.kind == "SGD" and optimizer.argument("momentum", 0.0) == 0
        if plain and len(hidden(steps)) >= self.deep:
            told = "SGD has no momentum, for a network of {count} layers with weights."
            remedy = Remedy("set momentum=0.9", _optimizer(project, momentum=0.9))
            yield self.found("train.optimizer", told, remedy, count=len(hidden(steps)))


class MomentumTooHigh(Rule):
    """Momentum forgets in time."""

    reason: ClassVar[str] = "A hundred and more steps are added up: training overshoots and swings."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        momentum = project.train.optimizer.argument("momentum", 0.0)
        if momentum >= 0.99:
            remedy = Remedy("set momentum=0.9", _optimizer(project, momentum=0.9))
            told = "momentum={momentum:g} adds up {count:,.0f} steps."
            values = {"momentum": momentum, "count": 1 / (1 - momentum)}
            yield self.found("train.optimizer", told, remedy, **values)


class WeightDecayTooStrong(Rule):
    """Weight decay leaves the weights something to say."""

    reason: ClassVar[str] = "The pull towards zero is stronger than what the data says."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        optimizer = project.train.optimizer
        decay = optimizer.argument("weight_decay", 0.0)
        if decay > (1.0 if optimizer.kind in STRONG_DECAY else 0.1):
            usual = STRONG_DECAY.get(optimizer.kind, 1e-4)
            mended = _optimizer(project, weight_decay=usual)
            told = "weight_decay={decay:g} is far above the usual."
            remedy = Remedy("set weight_decay={usual:g}", mended, usual=usual)
            yield self.found("train.optimizer", told, remedy, decay=decay)


class BetasTheWrongWayRound(Rule):
    """The mean of the squares forgets more slowly than the mean."""

    reason: ClassVar[str] = "Then a step is as long as chance wants: the scale follows the noise."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        betas = project.train.optimizer.argument("betas", (0.0, 1.0))
        if betas[0] > betas[1]:
            mended = _optimizer(project, betas=(0.9, 0.999))
            told = "betas={betas}: the first is above the second."
            remedy = Remedy("set betas=(0.9, 0.999)", mended)
            yield self.found("train.optimizer", told, remedy, betas=str(tuple(betas)))


class EpsilonTooLarge(Rule):
    """Epsilon only guards against a division by 0."""

    reason: ClassVar[str] = "It outweighs the gradients, so steps no longer fit each weight."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        eps = project.train.optimizer.argument("eps", 0.0)
        if eps > 0.01:
            remedy = Remedy("set eps=1e-8", _optimizer(project, eps=1e-8))
            told = "eps={eps:g} is far above the usual 1e-8."
            yield self.found("train.optimizer", told, remedy, eps=eps)
