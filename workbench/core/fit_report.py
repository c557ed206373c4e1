"""How well the tensors of a file fit a network: what a person is told before some are taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from workbench.core.errors import UserError

Outcome = Literal["matched", "missing", "unexpected", "reshaped"]
OUTCOMES: tuple[Outcome, ...] = ("missing", "unexpected", "reshaped", "matched")
"""Those that need a look first."""
MOST = 500
"""Rows of each outcome that are told by name; a file may have millions."""


class Compared(NamedTuple):
    """A tensor by its name, and its shape in the file and in the network: empty where it lacks."""

    outcome: Outcome
    name: str
    came: str
    needed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FitReport:
    """The tensors of a file beside those of a network."""

    rows: tuple[Compared, ...]
    counts: Mapping[Outcome, int]
    prefix: str = ""
    """What was taken off the front of the file's names, so that they match."""


class Misfit(UserError):  # noqa: N818  the name says what happened
    """Parameters that are not those of the network; `report` tells each."""

    def __init__(self, message: str, report: FitReport, **values: Any) -> None:
        super().__init__(message, **values)
        self.report = report

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (self.message, self.report, self.values)


def _remade(message: str, report: FitReport, values: dict[str, Any]) -> Misfit:
    return Misfit(message, report, **values)
