"""From a live torch module back to a `ModelSpec`."""

from typing import Any

import torch
from torch import nn

from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.spec import validated


def read_back(network: nn.Module) -> ModelSpec:
    """The layers of a live `nn.Sequential` made of known `torch.nn` classes.

    Raises:
        UserError: it is no Sequential, or has a module that is not in the catalogue.
    """
    if type(network) is not nn.Sequential:
        raise UserError(
            "The network is a {kind}, not an nn.Sequential. Load its parameters only instead.",
            kind=type(network).__name__,
        )
    # named_children would leave out a module that is used twice, as an activation often is.
    layers = [_layer(name, module) for name, module in network._modules.items()]
    return validated(ModelSpec, {"layers": layers}, "The network")


def _layer(name: str, module: nn.Module | None) -> dict[str, Any]:
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
    usable = name if name.isidentifier() else ""
    return {"type": kind.__name__, "name": usable, **fields}


def _plain(value: Any, default: Any) -> Any:
    """A module's attribute as a field: `(3, 3)` as 3, a bias tensor as True."""
    if isinstance(value, torch.Tensor):
        return True
    if value is None and isinstance(default, bool):
        return False
    if isinstance(value, tuple) and len(set(value)) == 1:
        return value[0]
    return value
