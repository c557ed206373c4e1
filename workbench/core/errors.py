"""The one exception for what a user can mend."""

from functools import partial
from typing import Any


class UserError(Exception):
    """A mistake told in one sentence: what happened, to what, and what to do.

    `message` is an English template and `values` fill its fields, so that a window can translate
    the template before filling it. A value may be a part of the sentence, and then is such an error
    itself. `str()` is the filled English sentence.
    """

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message.format(**values))
        self.message = message
        # Plain values only: they cross the pipe, where a torch.dtype would drag torch along.
        self.values: dict[str, Any] = {
            name: value if isinstance(value, str | int | float | UserError) else str(value)
            for name, value in values.items()
        }

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle their args, here the filled sentence: its braces would be filled again.
        return partial(type(self), self.message, **self.values), ()


class Diverged(UserError):  # noqa: N818  the name says what happened
    """The loss stopped being a finite number, at the step that `values` holds as `step`."""


class ForeignClass(UserError):  # noqa: N818
    """A model's file needs a class that is not run here; its parameters can be read without it."""


class OutOfMemory(UserError):  # noqa: N818
    """The device had too little memory for a step."""


def told_again(sentence: str, kind: str) -> UserError:
    """An error as a record has it, of its class if there is a way out of that one."""
    kinds = {each.__name__: each for each in (Diverged, OutOfMemory)}
    return kinds.get(kind, UserError)("{reason}", reason=sentence)
