"""From a constructor or a function of torch to the layer that says the same."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from workbench.core.block import BlockSpec
from workbench.core.code_values import Leaf, Unsayable, is_plain
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.spec import told
from workbench.core.unknown import ANY_SHAPE, LAZY

# Arguments that change nothing for a layer of the catalogue at these values.
HARMLESS: Mapping[str, tuple[Any, ...]] = {
    "inplace": (True, False),
    "device": (None,),
    "dtype": (None,),
    "padding_mode": ("zeros",),
    "ceil_mode": (False,),
    "return_indices": (False,),
    "divisor_override": (None,),
    "recompute_scale_factor": (None, False),
    "need_weights": (True, False),
}


def layer_kind(path: str) -> type[LayerSpec] | None:
    """The leaf of the catalogue under torch's full name."""
    for kind in LayerSpec.choices().values():
        if kind.full_name() == path and not issubclass(kind, BlockSpec) and not kind.verbatim:
            return kind
    return None


def constructed(path: str, args: list[Any], keywords: dict[str, Any]) -> Leaf:
    """The layer that a call of `torch.nn.Linear` and the like makes.

    Raises:
        Unsayable: it has no such layer, or no such argument.
    """
    room, _, name = path.rpartition(".")
    lazy = name.removeprefix("Lazy")
    is_lazy = name != lazy and lazy in LAZY
    kind = layer_kind(f"{room}.{lazy}" if is_lazy else path)
    if kind is None:
        raise Unsayable(f"{path} is not in the catalogue")
    order = kind.order()[1:] if is_lazy else kind.order()
    return _made(kind, _bound(name, order, args, keywords))


def called(kind: str, order: tuple[str, ...], args: list[Any], keywords: dict[str, Any]) -> Leaf:
    """The layer that a function with these arguments behind its input stands for."""
    return _made(LayerSpec.named(kind), _bound(kind, order, args, keywords))


def _bound(
    name: str, order: tuple[str, ...], args: list[Any], keywords: dict[str, Any]
) -> dict[str, Any]:
    if len(args) > len(order):
        raise Unsayable(f"{name} has more arguments than are known")
    given = {**dict(zip(order, args, strict=False)), **keywords}
    if not all(is_plain(value) for value in given.values()):
        raise Unsayable(f"an argument of {name} is no number or word")
    return given


def _made(kind: type[LayerSpec], given: dict[str, Any]) -> Leaf:
    name = kind.__name__
    try:
        fields = kind.fields_of_call(given)
        known = {key: value for key, value in fields.items() if key in kind.model_fields}
        spec = kind(**known)
    except ValidationError as error:
        raise Unsayable(str(told(error, name)).rstrip(".")) from error
    except (UserError, TypeError, ValueError) as error:
        raise Unsayable(f"{name}: {error}".rstrip(".")) from error
    fixed = spec.arguments(ANY_SHAPE)
    claims = {}
    for key, value in given.items():
        if key in known or value in HARMLESS.get(key, ()):
            continue
        if key not in fixed:
            raise Unsayable(f"{key}={value!r} of {name} is not in the catalogue")
        claims[key] = value
    _check_fixed(name, fixed, given)
    claims.pop("batch_first", None)
    return Leaf(spec, {key: value for key, value in claims.items() if value is not ...})


def _check_fixed(name: str, fixed: dict[str, Any], given: dict[str, Any]) -> None:
    if fixed.get("batch_first") and not given.get("batch_first"):
        raise Unsayable(f"{name} has no batch_first=True: the batch is not its first dimension")
