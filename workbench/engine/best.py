"""The best weights of a run so far, by validation loss, else by training loss."""

import math
from typing import Any

from torch import nn

from workbench.core.events import Metrics
from workbench.engine import checkpoint


class Best:
    """Keeps a copy of the weights of the epoch with the lowest loss; `state` is a checkpoint."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.saved = False

    def take(self, network: nn.Module, metrics: Metrics, epoch: int, step: int) -> bool:
        """Keep the weights if the loss is lower than ever; says whether it is."""
        if not metrics or metrics["loss"] >= self.state.get("loss", math.inf):
            return False
        model = checkpoint.copied(network)
        self.state = {"model": model, "epoch": epoch, "step": step, "loss": metrics["loss"]}
        self.saved = False
        return True

    def epochs_since(self, epoch: int) -> int:
        """How many epochs have passed without a better loss."""
        since: int = epoch - self.state.get("epoch", epoch)
        return since
