"""`Rule`: one thing that a project should get right before it is trained, and what it finds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, init=False)
class Remedy:
    """A way to mend a finding with one click: `label` is a template that `values` fill."""

    label: str
    project: Project
    """The project that would result."""
    values: dict[str, Any]

    def __init__(self, label: str, project: Project, **values: Any) -> None:
        for name, value in (("label", label), ("project", project), ("values", values)):
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Finding:
    """What a rule has found at a place; `message` is a template that `values` fill."""

    rule: "Rule"
    place: Place
    message: str
    values: dict[str, Any]
    remedies: tuple[Remedy, ...] = ()

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return self.rule.severity

    @property
    def text(self) -> str:
        """The filled English sentence."""
        return self.message.format(**self.values)


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
        return Finding(self, place, message, values, remedies)

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


def swapped(project: Project, step: Step, *layers: LayerSpec) -> Project:
    """The project with other layers in place of one."""
    return project.replace(model=project.model.swapped(step.path, layers))


def without(project: Project, *steps: Step) -> Project:
    """The project without some layers."""
    return project.replace(model=project.model.removed([step.path for step in steps]))


def trained(project: Project, **changes: Any) -> Project:
    """The project with other values in its recipe."""
    return project.replace(train=project.train.replace(**changes))
