"""Precision-recall curves, one for each class."""

from typing import TYPE_CHECKING

from workbench.core.data import DatasetInfo, Split
from workbench.engine.predict import Predictions

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

MOST_CLASSES = 100  # more than a person looks through


def add_pr_curves(
    writer: "SummaryWriter", found: Predictions, split: Split, info: DatasetInfo, step: int
) -> None:
    """Each class against all others; regression has none."""
    for number, name in enumerate(info.classes[:MOST_CLASSES]):
        writer.add_pr_curve(
            f"precision_recall/{split}/{name}",
            found.targets == number,
            found.probabilities[:, number],
            global_step=step,
        )
