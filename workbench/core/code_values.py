"""What the parser of code knows: plain values and modules, found without executing anything."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec

MOST_STEPS = 100_000  # of the parser in one text: about a second
LONGEST_LIST = 10_000
COPIED = 100  # values that are copied in the time of a step
LARGEST_NUMBER = 1 << 64


# What a calculation or a call of strangers' code raises here: nothing of it is a fault of ours.
FAULTS = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError)
_steps: ContextVar[int] = ContextVar("steps", default=0)


def begin() -> None:
    """Count the steps of a text from zero."""
    _steps.set(0)


def step(number: int = 1) -> None:
    """Count steps of the parser.

    Raises:
        UserError: there were too many.
    """
    _steps.set(_steps.get() + number)
    if _steps.get() > MOST_STEPS:
        raise UserError("The code takes too long to read. Give a shorter piece of it.")


class Unsayable(Exception):  # noqa: N818  no fault of the user: it becomes an opaque layer
    """What no layer says; the text is the reason."""


class Untold(Unsayable):
    """A call lacks an argument."""


@dataclass(eq=False)
class Leaf:
    """A call such as `nn.Conv2d(1, 16, 3)`; `claims` are the sizes that follow from the input."""

    spec: LayerSpec
    claims: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Chain:
    """An `nn.Sequential`, or an `nn.ModuleList`, which can't be called."""

    children: list[tuple[str, Any]]
    is_called: bool = True


@dataclass(eq=False)
class Instance:
    """A module of a class in the text."""

    cls: ast.ClassDef
    call: str
    attributes: dict[str, Any] = field(default_factory=dict)
    assignments: dict[str, str] = field(default_factory=dict)
    """The lines of `__init__` that set an attribute, constants filled in."""


@dataclass(eq=False)
class Unknown:
    """An attribute that no layer says: `nn.Parameter(...)`, a module of another library."""

    reason: str


class Late(Enum):
    """What is known only while the network runs."""

    TRAINING = "training"
    BATCH = "batch"


@dataclass(frozen=True)
class Torch:
    """A name of torch: `torch.nn.functional.relu`."""

    path: str


@dataclass(frozen=True)
class Kind:
    """A class or a function of the text."""

    node: ast.ClassDef | ast.FunctionDef


@dataclass(eq=False)
class Item:
    """A layer on its way into the tree, with the module that it is a call of."""

    spec: LayerSpec
    name: str = ""
    module: object = None
    stacks: tuple[tuple[Item, ...], ...] | None = None
    claims: dict[str, Any] = field(default_factory=dict)

    def outline(self) -> tuple[Any, ...]:
        """What two alike rounds have in common."""
        stacks = self.stacks or ()
        return self.spec, self.name, tuple(tuple(i.outline() for i in stack) for stack in stacks)

    def every(self) -> Iterator[Item]:
        """It and what it holds."""
        yield self
        for stack in self.stacks or ():
            for item in stack:
                yield from item.every()


Environment = dict[str, Any]

NUMBERS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: lambda a, b: a**b if abs(b) <= 64 and abs(a) <= 1 << 16 else _too_large(),
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


def _too_large() -> Any:
    raise Unsayable("a number in it is too large")


def is_plain(value: object, depth: int = 3) -> bool:
    """Whether a value is a number, a word, None, or a list of those, not too deep."""
    if isinstance(value, list | tuple):
        step(len(value))
        return depth > 0 and all(is_plain(each, depth - 1) for each in value)
    return value is None or value is ... or isinstance(value, bool | int | float | str)


def truth(value: object) -> bool:
    """Whether a test of a value holds.

    Raises:
        Unsayable: that is known only while the network runs.
    """
    if isinstance(value, Chain):
        return bool(value.children)
    is_nn = isinstance(value, Torch) and value.path.startswith("torch.nn.")
    if is_nn or isinstance(value, list | tuple | dict | range | Leaf | Instance | Kind):
        return bool(value)
    if is_plain(value):
        return bool(value)
    raise Unsayable("it tests what is known only while it runs")


def calculated(operator: ast.operator, left: Any, right: Any) -> Any:
    """A sum, a product and so on, of numbers or lists of a sane size."""
    plain = (bool, int, float)
    is_sum = isinstance(operator, ast.Add)
    if is_sum and type(left) is type(right) and isinstance(left, list | tuple | str):
        step((len(left) + len(right)) // COPIED)
        return bounded(left + right)
    if isinstance(operator, ast.Mult) and isinstance(left, list) and isinstance(right, int):
        step(abs(right) * len(left) // COPIED)
        return left * right if 0 <= right * len(left) <= LONGEST_LIST else _too_large()
    if not isinstance(left, plain) or not isinstance(right, plain):
        raise Unsayable("it calculates with what is no number")
    try:
        found = NUMBERS[type(operator)](left, right)
    except (KeyError, ArithmeticError) as error:
        raise Unsayable("it has a calculation that can't be done") from error
    return found if abs(found) <= LARGEST_NUMBER else _too_large()


def bounded(values: Sequence[Any]) -> Any:
    """The values, if they are not too many."""
    return values if len(values) <= LONGEST_LIST else _too_large()


def attribute_name(node: ast.expr) -> str:
    """The `b` of `a.b`; empty for anything else."""
    return node.attr if isinstance(node, ast.Attribute) else ""
