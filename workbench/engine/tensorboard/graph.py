"""The network as TensorBoard's graph."""

import warnings
from typing import TYPE_CHECKING

import torch

from workbench.core.project import Project
from workbench.engine.build import build

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


def add_graph(writer: "SummaryWriter", project: Project) -> None:
    """Draw a network of its own on CPU: no mode or random number of training may move."""
    shape = project.data.info().shape
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # add_graph traces with torch.jit, which is deprecated
        writer.add_graph(build(project.model, shape).eval(), torch.zeros(1, *shape))
