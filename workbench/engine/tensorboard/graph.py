"""The network as TensorBoard's graph."""

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch

from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.engine.build import build

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

KEPT = 8  # torch.jit never gives back what a trace takes: 0.7 MB for a CNN of nine layers


def add_graph(writer: "SummaryWriter", project: Project) -> None:
    """Draw the project's network, which is traced once for all runs of it."""
    assert writer.file_writer
    writer.file_writer.add_graph(_traced(project.model, project.data.info().shape))


@lru_cache(KEPT)
def _traced(model: ModelSpec, shape: tuple[int, ...]) -> Any:
    """The graph of a network of its own on CPU: no mode or random number of training may move."""
    # What SummaryWriter.add_graph calls each time; there is no public way to it.
    from torch.utils.tensorboard._pytorch_graph import graph

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it traces with torch.jit, which is deprecated
        network = build(model, shape).eval()
        return graph(network, torch.zeros(1, *shape))  # type: ignore[no-untyped-call]
