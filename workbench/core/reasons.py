"""Why a value was refused, in our words: pydantic's can't be translated and speak of inputs."""

from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from workbench.core.errors import UserError

# What follows upon the name of a field, by pydantic's name for the fault.
REASONS = {
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "literal_error": "must be {expected}",
    "string_type": "must be a text",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must be of the form {pattern}",
    "tuple_type": "must be a list",
    "too_short": "must have at least {min_length} values",
    "too_long": "must have at most {max_length} values",
    "model_type": "must be an object of keys and values",
    "missing": "is missing",
    "extra_forbidden": "is not a known key",
}
WHOLE_OR_WORD = "must be a whole number or {expected}"


class Refused(UserError, ValueError):  # noqa: N818  the name says what happened
    """What a validator raises: a clause without a capital and a full stop."""


class Reason(NamedTuple):
    """Why the value at `where`, as pydantic tells places, was refused."""

    where: tuple[int | str, ...]
    text: UserError
    is_clause: bool
    """Whether the text stands by itself; else it follows upon the name of the field."""


def reason(error: ValidationError) -> Reason:
    """Why the first wrong value was refused."""
    faults = error.errors(include_url=False, include_input=False)
    fault, word = _most_telling(faults)
    values = fault.get("ctx", {})
    if word and fault["type"] == "int_type":
        return Reason(fault["loc"], UserError(WHOLE_OR_WORD, **word["ctx"]), is_clause=False)
    if fault["type"] in REASONS:
        filled = {name: _figure(value) for name, value in values.items()}
        return Reason(fault["loc"], UserError(REASONS[fault["type"]], **filled), is_clause=False)
    refused = values.get("error")
    if not isinstance(refused, UserError):
        refused = UserError("{text}", text=fault["msg"].removeprefix("Value error, "))
    return Reason(fault["loc"], refused, is_clause=True)


def _most_telling(faults: list[ErrorDetails]) -> tuple[ErrorDetails, ErrorDetails | None]:
    """What is told of the first wrong value, and the words it may be as well, if any.

    Where a field takes several kinds, pydantic tells of each why not: of the kind that the value
    has already, its fault says more than that the value is not of another kind.
    """
    field = faults[0]["loc"][:1]
    of_field = [fault for fault in faults if fault["loc"][:1] == field] if field else faults[:1]
    kinds = ("int_type", "float_type", "tuple_type", "literal_error")
    word = next((fault for fault in of_field[1:] if fault["type"] == "literal_error"), None)
    return next((fault for fault in of_field if fault["type"] not in kinds), faults[0]), word


def _figure(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else value
