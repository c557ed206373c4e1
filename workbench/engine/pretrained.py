"""Weights that backbones start from: published ones, or those of a file; never fetched unasked."""

from collections.abc import Generator, Iterator
from http.client import HTTPException
from pathlib import Path

import torch
from torch import Tensor, nn

from workbench.catalog.datasets.vision_download import DamagedError, RemoteFile, fetched
from workbench.catalog.layers.backbones import Backbone
from workbench.core.errors import UserError
from workbench.core.events import Event, Progress
from workbench.core.model import ModelSpec
from workbench.core.places import weights_dir
from workbench.engine.foreign import judged, opened
from workbench.engine.weights import fitted


def load(model: ModelSpec, network: nn.Module) -> None:
    """Give the backbones of a fresh network the weights that they are to start from.

    Raises:
        UserError: the weights are not on this machine, damaged, or of another network.
    """
    for _, layer in model.nested():
        if isinstance(layer, Backbone) and layer.weights != "none":
            path = _published(layer) if layer.weights == "imagenet" else _own(layer)
            for module in _modules(network, layer.name):
                take(layer, module, path)


def _modules(network: nn.Module, name: str) -> Iterator[nn.Module]:
    """The modules of a layer: several if it stands in a Repeat."""
    for path, module in network.named_modules():
        if path.rpartition(".")[2] == name:
            yield module


def take(layer: Backbone, module: nn.Module, path: Path) -> None:
    """Load a file's state_dict into a backbone; its head only if it has as many outputs.

    Raises:
        UserError: the file is damaged or of another network.
    """
    with judged(path):
        found = opened(path).content
        wanted = module.state_dict()
        if isinstance(found, dict):
            for name in (f"{layer.head}.weight", f"{layer.head}.bias"):
                if not _same_shape(found.get(name), wanted[name]):
                    found, wanted[name] = {**found, name: wanted[name]}, wanted[name]
        module.load_state_dict(fitted(found, wanted, path))


def _same_shape(value: object, like: Tensor) -> bool:
    return isinstance(value, Tensor) and value.shape == like.shape


def _own(layer: Backbone) -> Path:
    if not layer.file:
        raise UserError(
            "{name} is to start from a file of weights, and none is named. Give its path in the "
            "Layer panel.",
            name=layer.name,
        )
    return Path(layer.file)


def _published(layer: Backbone) -> Path:
    """The file of the ImageNet weights, where this program or torch itself has put it."""
    hub = Path(torch.hub.get_dir()) / "checkpoints"
    for folder in (weights_dir(), hub):
        if (folder / layer.published).is_file():
            return folder / layer.published
    raise UserError(
        "The ImageNet weights of {name} are not on this machine yet. Fetch them by Model > "
        "Download Weights, or put {file} into {folder}.",
        name=layer.kind,
        file=layer.published,
        folder=weights_dir(),
    )


def download(layers: list[Backbone]) -> Generator[Event]:
    """Fetch the ImageNet weights of these backbones, checked by the hash in their names. Closed
    before its end, it leaves nothing of the file that it was at.

    Raises:
        UserError: no network, a damaged answer, or no room.
    """
    from torchvision.models import get_model_weights

    for layer in layers:
        url = get_model_weights(layer.function).DEFAULT.url
        beginning = Path(layer.published).stem.rpartition("-")[2]
        file = RemoteFile((url,), layer.published, sha256=beginning)
        try:
            yield from fetched([file], weights_dir(), f"the weights of {layer.kind}")
        except DamagedError as error:
            raise _not_fetched(layer, "it came damaged") from error
        except (OSError, HTTPException) as error:  # URLError is an OSError
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise _not_fetched(layer, reason) from error
    names = ", ".join(layer.kind for layer in layers)
    yield Progress(text=f"The weights of {names} are there.", done=1, total=1)


def _not_fetched(layer: Backbone, reason: object) -> UserError:
    return UserError(
        "The weights of {name} could not be downloaded: {reason}. Check the network, or put {file} "
        "into {folder}.",
        name=layer.kind,
        reason=reason,
        file=layer.published,
        folder=weights_dir(),
    )
