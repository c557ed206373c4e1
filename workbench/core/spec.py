"""`Spec`: a choice and its arguments, frozen, validated when made and when read.

The fields of a Spec are its form, its JSON and its constructor call. A *shelf* is a Spec class
whose subclasses can be chosen from (`LayerSpec`, `DatasetSpec`, ...); in JSON a choice is told by
`"type"`, which is the name of its class.
"""

import os
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self, TypeVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from workbench.core.errors import UserError
from workbench.core.reasons import REASONS, Refused, reason
from workbench.core.shelf import Shelf

# pydantic would look through every installed package for plugins: a tenth of a second at start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

T = TypeVar("T", bound="Spec")

# Sizes are bounded so that no file can ask for a tensor that no machine holds.
Size = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Extent = Annotated[int, Field(strict=True, ge=0, le=10_000)]
Number = Annotated[float, Field(strict=True)]
Fraction = Annotated[float, Field(strict=True, ge=0.0, lt=1.0)]


class Spec(BaseModel):
    """A frozen, keyword-only value; unknown keys and values that are not finite are refused."""

    # Validators are built at first use: a window needs few of the catalogue's classes to start.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    shelf: ClassVar[Shelf["Spec"] | None] = None
    is_shelf: ClassVar[bool] = False

    def __init_subclass__(cls, *, shelf: bool = False, abstract: bool = False) -> None:
        cls.is_shelf = shelf
        if shelf:
            cls.shelf = Shelf()
        elif cls.shelf is not None and not abstract:
            cls.shelf.put(cls.__name__, cls)

    @property
    def kind(self) -> str:
        """Its name on the shelf, which is the name of its class."""
        return type(self).__name__

    @property
    def label(self) -> str:
        """What it is called where a person chooses it."""
        return self.kind

    @classmethod
    def choices(cls) -> dict[str, type[Self]]:
        """All classes on this shelf by name."""
        return cast(dict[str, type[Self]], {} if cls.shelf is None else dict(cls.shelf))

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_type(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(value, cls) or not isinstance(value, Mapping):
            return handler(value)
        if cls.is_shelf:
            return cls.named(value.get("type")).model_validate(value)
        fields = {key: item for key, item in value.items() if key != "type"}
        if value.get("type", cls.__name__) != cls.__name__:
            raise Refused("expected the type {name}", name=cls.__name__)
        return handler(fields)

    @classmethod
    def named(cls, name: object) -> type[Self]:
        """The class on this shelf with exactly this name; a validation error if there is none."""
        found = cls.shelf.get(name) if cls.shelf is not None and isinstance(name, str) else None
        if found is None:
            known = ", ".join(cls.choices())
            # a file's own words may be of any length
            raise Refused(
                "unknown type {name}; known are {known}", name=repr(name)[:60], known=known
            )
        return cast(type[Self], found)

    @model_serializer(mode="wrap")
    def _with_its_type(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = handler(self)
        return {"type": self.kind, **fields} if self.shelf is not None else fields

    def argument(self, name: str, default: Any = None) -> Any:
        """A field by its name, or `default` where there is none; `getattr` would take long to say
        so, since pydantic words an error for each."""
        return getattr(self, name) if name in type(self).model_fields else default

    def in_force(self, field: str) -> Any:
        """What holds for a field: its value, or what an empty one is taken for."""
        return getattr(self, field)

    def matters(self, field: str) -> bool:
        """Whether a field changes anything as the others stand; a form hides it where it does
        not."""
        return True

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, validated like a new one.

        Raises:
            ValidationError: a value is out of range, or there is no such field.
        """
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**{**fields, **changes})


def path_text(location: tuple[int | str, ...]) -> str:
    """`("model", "layers", 2, "stride")` as `model.layers[2].stride`."""
    # pydantic also names the member of a union that it tried: no part of the file's path.
    parts = [part for part in location if isinstance(part, int) or _is_key(part)]
    return "".join(map(_part_text, parts)).removeprefix(".")


def _is_key(part: str) -> bool:
    return part.isidentifier() and part not in ("int", "float", "str", "tuple")


def _part_text(part: int | str) -> str:
    is_name = isinstance(part, str) and part.isidentifier()
    return f".{part}"[:60] if is_name else f"[{part!r:.60}]"


def validated(kind: type[T], value: Any, where: str) -> T:
    """`value` as a `kind`, or one sentence with the path to the first thing that is wrong.

    Raises:
        UserError: the value does not fit; the sentence names the field and the reason.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise told(error, where) from error
    except RecursionError as error:
        raise UserError("{where} is nested too deeply to be read.", where=where) from error


def told(error: ValidationError, where: str) -> UserError:
    """A validation error as one sentence that names the first wrong field and the reason."""
    found = reason(error)
    *parents, last = found.where or ("",)
    path = path_text(found.where)
    if found.text.message == REASONS["extra_forbidden"]:  # the file's own word, whatever it is
        path = (path_text(tuple(parents)) + _part_text(last)).removeprefix(".")
    if found.is_clause and not path:  # it is of the whole, not of one field
        return UserError("{where}: {reason}.", where=where, reason=found.text)
    message = "{where}: {path}: {reason}." if found.is_clause else "{where}: {path} {reason}."
    return UserError(message, where=where, path=path or "value", reason=found.text)
