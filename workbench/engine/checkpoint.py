"""Checkpoints: tensors and plain containers only, written whole or not at all."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.errors import UserError
from workbench.core.files import write_atomically


def copied(network: nn.Module) -> dict[str, Tensor]:
    """The weights as they are now, on the CPU, where later steps don't reach them."""
    weights = network.state_dict().items()
    return {name: value.detach().to("cpu", copy=True) for name, value in weights}


def is_finite(network: nn.Module) -> bool:
    """Whether every weight and running figure is a finite number, so that it is worth keeping."""
    return all(bool(values.isfinite().all()) for values in network.state_dict().values())


def save(state: dict[str, Any], path: Path, ready: Callable[[], None] = lambda: None) -> None:
    """Write a checkpoint atomically; `ready` is called before it takes the place of the old one.

    Raises:
        UserError: the disk refused; the checkpoint that was there is unchanged.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue(), ready)


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU. torch does not check the sums in its files: this does.

    Raises:
        UserError: the file is missing, damaged or no checkpoint of this program.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged:
            raise zipfile.BadZipFile(f"{damaged} has a wrong checksum")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError("There is no checkpoint at {path}.", path=path) from error
    except Exception as error:  # zipfile and torch raise a dozen types for damaged files
        raise UserError(
            "The checkpoint {path} is damaged and can't be used: {reason}.",
            path=path,
            reason=str(error).splitlines()[0] if str(error) else type(error).__name__,
        ) from error
    if not isinstance(state, dict) or "model" not in state:
        raise UserError("{path} is not a checkpoint of this program.", path=path)
    return state
