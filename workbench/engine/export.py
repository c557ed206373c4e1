"""Saving a model: its parameters alone, or the whole network as plain torch modules."""

import io
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from workbench.core.errors import UserError
from workbench.core.events import Event, ModelSaved
from workbench.core.files import write_atomically
from workbench.core.project import Project
from workbench.engine import checkpoint
from workbench.engine.weights import trained

PICKLED = (".pt", ".pth")
SAFETENSORS = ".safetensors"


def save_parameters(weights: Path, path: Path) -> Generator[Event]:
    """Write the state_dict of a checkpoint: safetensors if `path` says so, else by torch.save.

    Raises:
        UserError: the checkpoint can't be read, the suffix is unknown, or the disk refused.
    """
    suffix = check_suffix(path, (*PICKLED, SAFETENSORS))
    # Convolutions are trained in channels_last, which safetensors does not take.
    tensors = {
        name: value.contiguous() for name, value in checkpoint.load(weights)["model"].items()
    }
    write_atomically(path, _safetensors(tensors) if suffix == SAFETENSORS else _pickled(tensors))
    yield ModelSaved(path=str(path))


def save_network(project: Project, weights: Path, path: Path) -> Generator[Event]:
    """Write the whole network with the weights of a checkpoint: an `nn.Sequential` on the CPU, in
    evaluation mode, that `torch.load(path, weights_only=False)` opens wherever torch is.

    Raises:
        UserError: the checkpoint can't be read or does not fit the project's network, the network
            is more than a Sequential, the suffix is not torch's, or the disk refused.
    """
    check_suffix(path, PICKLED)
    network = trained(project, weights).eval()
    if not isinstance(network, nn.Sequential):
        raise UserError(
            "The network has blocks or layers that an nn.Sequential can't hold, and a file of its "
            "own classes would open in this program only. Save the parameters, and the code."
        )
    write_atomically(path, _pickled(network))
    yield ModelSaved(path=str(path))


def check_suffix(path: Path, known: tuple[str, ...]) -> str:
    """The suffix of a name, in small letters.

    Raises:
        UserError: it is none of those known.
    """
    suffix = path.suffix.lower()
    if suffix not in known:
        raise UserError(
            "{path} was not written: the name of this kind of file ends in {known}. Choose such a "
            "name.",
            path=path,
            known=" or ".join(known),
        )
    return suffix


def _pickled(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _safetensors(tensors: dict[str, torch.Tensor]) -> bytes:
    from safetensors.torch import save

    return save(tensors, metadata={"format": "pt"})
