"""`Gallery`: the pictures of a run, made as often as little of its time allows."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from workbench.core.data import Split
from workbench.core.events import PredictionsSaved
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine.batches import Batches
from workbench.engine.pace import Share
from workbench.engine.predict import Predictions
from workbench.engine.tensorboard.curves import add_pr_curves
from workbench.engine.tensorboard.embedding import add_embedding
from workbench.engine.tensorboard.figure import add_figure
from workbench.engine.tensorboard.graph import add_graph
from workbench.engine.tensorboard.histograms import add_histograms
from workbench.engine.tensorboard.pictures import add_samples

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

log = logging.getLogger(__name__)

SHARE = 0.002
"""Of the time of training that each kind of picture may take; all are made once at its end."""
GRAPH_SECONDS = 0.005  # for each module
SAMPLES_SECONDS = 0.02
FIGURE_SECONDS = 0.5  # the first one imports matplotlib


class Gallery:
    """Histograms, the graph, samples, predictions and an embedding of a run.

    A picture that can't be made is told of once in `faults`, and not tried again. What the disk
    refuses is raised, since nothing else can be written then either.
    """

    def __init__(self, run: Run, project: Project, network: nn.Module, batches: Batches) -> None:
        self._run, self._project = run, project
        self._network, self._batches = network, batches
        modules = sum(1 for _ in network.modules())
        self._shares = {
            "histograms": Share(SHARE),
            "predictions": Share(SHARE, FIGURE_SECONDS),
            "samples": Share(SHARE, SAMPLES_SECONDS),
            "graph": Share(SHARE, GRAPH_SECONDS * modules),
            "embedding": Share(SHARE),
        }
        if not project.data.source_info().is_image:
            del self._shares["samples"]
        self._unseen: dict[Split, tuple[PredictionsSaved, int]] = {}
        self.faults: list[str] = []
        """Sentences on what could not be made."""

    def after_epoch(self, writer: "SummaryWriter", step: int) -> None:
        """Weights and gradients as they are now, and what is to be seen once."""
        self._make("histograms", partial(add_histograms, writer, self._network, step))
        self._make_once(writer)

    def _make_once(self, writer: "SummaryWriter", force: bool = False) -> None:
        seed = self._project.train.seed
        once: dict[str, Callable[[], None]] = {
            "samples": partial(add_samples, writer, self._batches, seed, 0),
            "graph": partial(add_graph, writer, self._project),
        }
        for name, add in once.items():
            if self._make(name, add, force):
                self._shares.pop(name, None)

    def predicted(self, writer: "SummaryWriter", saved: PredictionsSaved, step: int) -> None:
        """The predictions of a split after `step` are there."""
        self._unseen[saved.split] = saved, step
        if self._make("predictions", partial(self._add_predictions, writer, saved, step)):
            del self._unseen[saved.split]

    def finish(self, writer: "SummaryWriter", step: int) -> None:
        """Make what was not made yet."""
        self._make_once(writer, force=True)
        for saved, after in self._unseen.values():
            add = partial(self._add_predictions, writer, saved, after)
            self._make("predictions", add, force=True)
        self._unseen = {}
        add = partial(add_embedding, writer, self._network, self._batches, self._project.data, step)
        self._make("embedding", add, force=True)

    def _make(self, name: str, add: Callable[[], None], force: bool = False) -> bool:
        """Whether it was made, or will never be."""
        share = self._shares.get(name)
        if share is None or not (force or share.due()):
            return share is None
        try:
            with share.spending():
                add()
        except OSError:
            raise
        except Exception as error:  # tracing a graph alone raises a dozen types
            log.warning("no %s for TensorBoard", name, exc_info=True)
            del self._shares[name]
            reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
            self.faults.append(f"TensorBoard gets no {name}: {reason}. Training goes on.")
        return True

    def _add_predictions(self, writer: "SummaryWriter", saved: PredictionsSaved, step: int) -> None:
        path = self._run.folder / saved.path
        if not path.exists():  # kept predictions may be deleted at any time
            return
        with np.load(path, allow_pickle=False) as held:
            arrays = [torch.from_numpy(held[name]) for name in Predictions._fields]
        found, data = Predictions(*arrays), self._project.data
        add_pr_curves(writer, found, saved.split, data.info(), step)
        add_figure(writer, found, saved.split, data, step)
