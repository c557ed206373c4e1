"""What the network makes of samples, for TensorBoard's projector."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from workbench.core.data import DatasetInfo, DatasetSpec, Split
from workbench.engine.batches import Batches
from workbench.engine.tensorboard.pictures import small

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

MOST = 500
MOST_VALUES = 200_000
"""Numbers in the file, which is text: 2 MB of it."""
BATCH = 64
FEWEST = 4
TAG = "features"


def add_embedding(
    writer: "SummaryWriter", network: nn.Module, batches: Batches, data: DatasetSpec, step: int
) -> None:
    """Features of validation samples in front of the last layer, with their classes and images.

    There is one embedding in a run, that of its latest weights: older ones are removed.
    """
    split: Split = "val" if batches.size("val") else "train"
    vectors, targets = features(network, batches, split)
    if len(vectors) < FEWEST:
        return
    folder = Path(writer.log_dir)
    for old in folder.glob(f"*/{TAG}"):  # add_embedding would print a warning among JSON lines
        shutil.rmtree(old.parent)
    info = batches.info
    images = None
    if data.source_info().is_image:
        images = small(data, split, range(len(vectors))).float() / 255
    writer.add_embedding(vectors, _labels(targets, info), images, global_step=step, tag=TAG)


def features(
    network: nn.Module,
    batches: Batches,
    split: Split,
    most: int = MOST,
    most_values: int = MOST_VALUES,
) -> tuple[Tensor, Tensor]:
    """What the last layer with parameters gets, (n, width), and the targets (n,), of the first
    samples of a split; as many as keep the projector's file small, if nothing else is said."""
    last = [each for each in network.modules() if any(True for _ in each.parameters(False))][-1]
    vectors: list[Tensor] = []
    most = min(most, batches.size(split))
    targets = batches.taken(split, slice(most)).targets.cpu()
    with _evaluated(network), _seen(last, vectors):
        for start in range(0, most, BATCH):
            network(batches.taken(split, slice(start, min(start + BATCH, most))).inputs)
            if sum(part.numel() for part in vectors) > most_values:
                break
    found = torch.cat(vectors) if vectors else torch.zeros(0, 1)
    found = found[: most_values // found.shape[1]]
    return found, targets[: len(found)]


@contextmanager
def _evaluated(network: nn.Module) -> Iterator[None]:
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        network.train(was_training)


@contextmanager
def _seen(layer: nn.Module, vectors: list[Tensor]) -> Iterator[None]:
    """Collect what the layer gets, one vector a sample."""

    def keep(module: nn.Module, arguments: tuple[Any, ...]) -> None:
        vectors.append(_flat(arguments[0].detach().float(), module).cpu())

    handle = layer.register_forward_pre_hook(keep)
    try:
        yield
    finally:
        handle.remove()


def _flat(inputs: Tensor, layer: nn.Module) -> Tensor:
    """One vector a sample: means over places of an image, or over moments of a sequence."""
    if inputs.ndim < 3:
        return inputs.flatten(1)
    if inputs.ndim > 3 or isinstance(layer, nn.Conv1d):  # channels first
        return inputs.flatten(2).mean(2)
    return inputs.mean(1)


def _labels(targets: Tensor, info: DatasetInfo) -> list[str]:
    if info.task != "classification":
        return [f"{value:g}" for value in targets.tolist()]
    names = [" ".join(name.split()) for name in info.classes]  # a line of the file each
    return [names[target] for target in targets.tolist()]
