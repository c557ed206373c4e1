"""Rules on layers that follow one another."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from workbench.catalog.layers.activation import ReLU
from workbench.catalog.rules.reading import (
    NORMS_OVER_BATCH,
    PROBABILITIES,
    RECURRENT,
    hidden,
    is_activation,
    is_linear,
    leaves,
    mixes,
    neighbours,
    rows,
)
from workbench.core.project import Project
from workbench.core.rule import Finding, Remedy, Rule, Severity, all_swapped, swapped, without
from workbench.core.walk import Step

TRANSPARENT = ("Flatten", "Unflatten", "Permute", "Identity", "Dropout", "Dropout2d", "AvgPool1d")
LINEAR_TOO = (*TRANSPARENT, "AvgPool2d", "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "ZeroPad2d")


class NoNonlinearity(Rule):
    """Between two weighted sums stands something that bends."""

    reason: ClassVar[str] = "Two weighted sums in a row can say no more than one of them."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for row in rows(steps):
            before: Step | None = None
            for step in row:
                if before and self._adds_nothing(before, step):
                    between = swapped(project, step, ReLU(), step.layer)
                    told = "{layer} follows {before} without a nonlinearity between them."
                    remedy = Remedy("insert ReLU", between)
                    yield self.at(step, told, remedy, before=before.layer.name)
                if step.out_shape is None:
                    break
                before = self._linear_so_far(before, step)

    @staticmethod
    def _linear_so_far(before: Step | None, step: Step) -> Step | None:
        if is_linear(step.layer):
            return step
        passes = step.layer.kind in (*LINEAR_TOO, *NORMS_OVER_BATCH)
        return before if passes else None

    @staticmethod
    def _adds_nothing(before: Step, step: Step) -> bool:
        """Depthwise and pointwise convolutions are often told apart without a nonlinearity."""
        if not is_linear(step.layer) or step.out_shape is None:
            return False
        return all(each.layer.argument("groups", 1) == 1 for each in (before, step))


class TwoActivations(Rule):
    """One activation follows a layer, not two."""

    reason: ClassVar[str] = "The second one bends what is bent already, and passes less gradient."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for first, second in neighbours(steps):
            if is_activation(first.layer) and is_activation(second.layer) and second.in_shape:
                remedy = Remedy("remove {layer}", without(project, second), layer=second.layer.name)
                told = "{layer} follows {first}, another activation."
                yield self.at(second, told, remedy, first=first.layer.name)


class HiddenSoftmax(Rule):
    """Softmax stands at an end or in a gate, not between two layers with weights."""

    reason: ClassVar[str] = (
        "Softmax makes all features share one sum of 1, so most of them nearly vanish."
    )

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for row in rows(steps):
            behind = [n for n, step in enumerate(row) if mixes(step.layer)]
            for number, step in enumerate(row):
                inside = behind and behind[0] < number < behind[-1]
                if inside and step.layer.kind in PROBABILITIES and step.in_shape:
                    told = "{layer} is a softmax in the middle of the network."
                    yield self.at(step, told, Remedy("use ReLU", swapped(project, step, ReLU())))


class SaturatingStack(Rule):
    """Deep networks do not squash after every layer."""

    reason: ClassVar[str] = (
        "Each Sigmoid passes at most a quarter of the gradient, and Tanh less where it is flat: "
        "the first layers hardly learn."
    )
    most: ClassVar[dict[str, int]] = {"Sigmoid": 2, "Tanh": 5}

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        if any(step.layer.category == "Normalization" for step in steps):
            return
        for kind, most in self.most.items():
            squashing = [s for s in leaves(steps) if s.layer.kind == kind and self._is_hidden(s)]
            if len(squashing) > most and len(hidden(steps)) > most:
                yield self._finding(project, kind, squashing)

    @staticmethod
    def _is_hidden(step: Step) -> bool:
        return len(step.path) == 1

    def _finding(self, project: Project, kind: str, squashing: Sequence[Step]) -> Finding:
        mended = all_swapped(project, squashing, [ReLU()] * len(squashing))
        remedy = Remedy("use ReLU for all {count}", mended, count=len(squashing))
        told = "{count} layers of {kind} follow one another in a deep network."
        return self.at(squashing[0], told, remedy, count=len(squashing), kind=kind)


class Bottleneck(Rule):
    """What the network knows is not squeezed through a single number."""

    reason: ClassVar[str] = "All that later layers can know of a sample then is one number."
    severity: ClassVar[Severity] = "warning"
    widened: ClassVar[int] = 16

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for row in rows(steps):
            sums = [step for step in row if mixes(step.layer) and step.out_shape is not None]
            for step in sums[:-1]:
                if self._is_one_number(step):
                    width = min(self.widened, (step.in_shape or (self.widened,))[-1])
                    wider = step.layer.replace(out_features=width)
                    label = "set out_features={size}"
                    remedy = Remedy(label, swapped(project, step, wider), size=width)
                    yield self.at(step, "{layer} squeezes a sample into one number.", remedy)

    @staticmethod
    def _is_one_number(step: Step) -> bool:
        return step.out_shape == (1,) and (step.in_shape or (1,))[-1] > 2


class SequenceOfOneStep(Rule):
    """A recurrent layer gets a sequence."""

    reason: ClassVar[str] = "With one step there is nothing to remember from step to step."

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        for step in leaves(steps):
            if step.layer.kind in RECURRENT and step.in_shape and step.in_shape[0] == 1:
                yield self.at(step, "{layer} gets a sequence of a single step.")
