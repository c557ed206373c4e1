"""What a data check finds: what is wrong, where, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.core.data import DatasetSpec
from workbench.core.events import Event

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The worst first: training can't be trusted; it will be worse than need be; good to know."""
MOST_NAMED = 20
"""How many places a finding names; `count` says how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong. `message` and `advice` are English templates that `values` fill."""

    severity: Severity
    kind: str
    """A word for programs: `leak`, `duplicate`, `not_finite`, ..."""
    message: str
    advice: str
    values: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[str, ...] = ()
    """The first samples (`train 12`), columns, classes or files that it is about."""
    count: int = 0
    """How many there are."""
    fix: DatasetSpec | None = None
    """The data with this mended, where a click can do it."""
    fix_label: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain values, in English."""
        return {
            "severity": self.severity,
            "kind": self.kind,
            "message": self.message.format(**self.values),
            "advice": self.advice.format(**self.values),
            "where": list(self.where),
            "count": self.count,
            "fix": self.fix_label.format(**self.values) or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChecked(Event):
    """A data check is over; the worst findings come first."""

    findings: tuple[Finding, ...]
    samples: int
    """How many samples were looked at, in all splits."""


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings by severity; otherwise in the order in which they were found."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
