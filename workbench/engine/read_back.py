"""From a live torch module back to a `ModelSpec`."""

from typing import Any

import torch
from torch import nn

from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.model import DEEPEST, MOST_LAYERS, ModelSpec
from workbench.core.spec import validated


def in_sequence(network: nn.Module) -> nn.Module:
    """The network; a single layer of the catalogue as a Sequential of it."""
    is_layer = type(network).__name__ in LayerSpec.choices()
    return nn.Sequential(network) if is_layer else network


def read_back(network: nn.Module) -> ModelSpec:
    """The layers of a live `nn.Sequential` made of known `torch.nn` classes; a Sequential in it is
    a Group.

    Raises:
        UserError: it is no Sequential, has a module that is not in the catalogue, or too many.
    """
    if type(network) is not nn.Sequential:
        raise UserError(
            "The network is a {kind}, not an nn.Sequential. Load its parameters only instead.",
            kind=type(network).__name__,
        )
    stack = _Names().stack(network, 0)
    return validated(ModelSpec, {"layers": stack}, "The network")


class _Names:
    """Names that are in use, and how many layers there are: a file may hold one many times."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._count = 0

    def stack(self, network: nn.Sequential, depth: int) -> list[dict[str, Any]]:
        """The layers of a Sequential."""
        self._count += len(network._modules)
        if depth > DEEPEST or self._count > MOST_LAYERS:
            raise UserError(
                "The network has more than {layers} layers, or more than {depth} in one another. "
                "Load its parameters only instead.",
                layers=f"{MOST_LAYERS:,}",
                depth=DEEPEST,
            )
        # named_children would leave out a module that is used twice, as an activation often is.
        return [self._layer(name, module, depth) for name, module in network._modules.items()]

    def _layer(self, name: str, module: nn.Module | None, depth: int) -> dict[str, Any]:
        usable = name if name.isidentifier() and name not in self._taken else ""
        self._taken.add(usable)
        if type(module) is nn.Sequential:
            return {"type": "Group", "name": usable, "layers": self.stack(module, depth + 1)}
        return {"name": usable, **_fields(name, module)}


def _fields(name: str, module: nn.Module | None) -> dict[str, Any]:
    kind = LayerSpec.choices().get(type(module).__name__)
    if kind is None:
        raise UserError(
            "The network has a {kind} named {name}, which is not in the catalogue. Load its "
            "parameters only instead.",
            kind=type(module).__name__,
            name=name,
        )
    fields = {
        field: _plain(value, kind.model_fields[field].default)
        for field, value in kind.fields_of(module).items()
    }
    return {"type": kind.__name__, **fields}


def _plain(value: Any, default: Any) -> Any:
    """A module's attribute as a field: `(3, 3)` as 3, a bias tensor as True."""
    if isinstance(value, torch.Tensor):
        return True
    if value is None and isinstance(default, bool):
        return False
    if isinstance(value, tuple) and len(set(value)) == 1:
        return value[0]
    return value
