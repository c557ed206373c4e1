"""`Rule`: one thing that a project should get right before it is trained, and what it finds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.shelf import Shelf
from workbench.core.walk import Path, Step

Severity = Literal["problem", "warning", "hint"]
SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "hint")
"""A problem can't be trained or learns nothing; a warning costs accuracy or time; a hint is worth
a thought. The worst first."""

Place = Path | str
"""The path of a layer, or the field of recipe or data: `train.lr`, `data.normalize`."""


Change = Callable[[], Project]
"""Makes a changed project. Only what is chosen is made: a large network takes milliseconds."""


@dataclass(frozen=True, init=False)
class Remedy:
    """A way to mend a finding with one click: `label` is a template that `values` fill."""

    label: str
    change: Change
    values: dict[str, Any]

    def __init__(self, label: str, change: Change, **values: Any) -> None:
        for name, value in (("label", label), ("change", change), ("values", values)):
            object.__setattr__(self, name, value)

    @cached_property
    def project(self) -> Project:
        """The project that would result."""
        return self.change()


@dataclass(frozen=True)
class Finding:
    """What a rule has found at a place; `message` is a template that `values` fill."""

    rule: "Rule"
    place: Place
    message: str
    values: dict[str, Any]
    ways: Callable[[], Iterable[Remedy]]
    subject: str = ""
    """A layer's name that stands in front of the message, where the message is a fault's own."""

    @cached_property
    def remedies(self) -> tuple[Remedy, ...]:
        """What mends it, the best first."""
        return tuple(self.ways())

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return self.rule.severity

    @property
    def text(self) -> str:
        """The filled English sentence."""
        return f"{self.subject} {self.message.format(**self.values)}".lstrip()


class Rule:
    """Looks at a project and its walk. A subclass is one rule, and puts itself on the shelf."""

    shelf: ClassVar[Shelf["Rule"]] = Shelf()

    severity: ClassVar[Severity] = "warning"
    reason: ClassVar[str]
    """Why it matters, in one sentence."""

    def __init_subclass__(cls, *, abstract: bool = False) -> None:
        if not abstract:
            Rule.shelf.put(cls.__name__, cls)

    def check(self, project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
        """What is amiss; nothing where shapes are not known, and rather silent than wrong."""
        raise NotImplementedError

    def found(self, place: Place, message: str, *remedies: Remedy, **values: Any) -> Finding:
        """A finding of this rule."""
        return Finding(self, place, message, values, lambda: remedies)

    def at(self, step: Step, message: str, *remedies: Remedy, **values: Any) -> Finding:
        """A finding at a layer; the message may name it by `{layer}`."""
        return self.found(step.path, message, *remedies, layer=step.layer.name, **values)


def findings(project: Project, steps: Sequence[Step]) -> list[Finding]:
    """What all rules find in a project with this walk; the worst first, then as it is computed."""
    found = [finding for kind in Rule.shelf.values() for finding in kind().check(project, steps)]
    return sorted(found, key=_order)


def _order(finding: Finding) -> tuple[int, bool, Path, str]:
    place = finding.place
    is_field = isinstance(place, str)
    return (
        SEVERITIES.index(finding.severity),
        is_field,
        () if isinstance(place, str) else place,
        place if isinstance(place, str) else "",
    )


def swapped(project: Project, step: Step, *layers: LayerSpec) -> Change:
    """Puts other layers in place of one."""
    return lambda: project.replace(model=project.model.swapped(step.path, layers))


def all_swapped(project: Project, steps: Iterable[Step], layers: Iterable[LayerSpec]) -> Change:
    """Puts another layer in place of each of several."""

    def change() -> Project:
        model = project.model
        for step, layer in zip(steps, layers, strict=True):
            model = model.swapped(step.path, (layer,))
        return project.replace(model=model)

    return change


def without(project: Project, step: Step) -> Change:
    """Takes a layer away."""
    return lambda: project.replace(model=project.model.removed([step.path]))


def trained(project: Project, **changes: Any) -> Change:
    """Puts other values into the recipe."""
    return lambda: project.replace(train=project.train.replace(**changes))
