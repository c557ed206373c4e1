"""Predictions vs. actuals as a figure."""

import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from workbench.core.data import DatasetInfo, DatasetSpec, Split
from workbench.engine.predict import Predictions
from workbench.engine.tensorboard.pictures import small

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch.utils.tensorboard import SummaryWriter

TAG = "predictions vs. actuals"
COLUMNS, ROWS = 6, 4
MOST_POINTS = 2000
MOST_NUMBERED = 20
RIGHT, WRONG = "#12805c", "#c0392b"


def add_figure(
    writer: "SummaryWriter", found: Predictions, split: Split, data: DatasetSpec, step: int
) -> None:
    """Images with what they are taken for, a confusion matrix of other samples, or for regression
    a scatter with the diagonal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no font has every letter that a class may be named with
        figure = drawn(found, split, data)
        writer.add_figure(f"{TAG}/{split}", figure, step)


def drawn(found: Predictions, split: Split, data: DatasetSpec) -> "Figure":
    """The figure; matplotlib is imported here, since nothing else needs it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), dpi=100)
    info = data.info()
    margins = (0.2, 0.2, 0.78, 0.78)  # left, bottom, width, height; a layout engine draws thrice
    axes = figure.add_axes(margins)
    if info.task != "classification":
        _scatter(axes, found, info)
    elif data.source_info().is_image:
        _samples(axes, found, split, data)
    else:
        _confusion(axes, found, info)
    return figure


def _scatter(axes: "Axes", found: Predictions, info: DatasetInfo) -> None:
    actual, predicted = found.targets[:MOST_POINTS], found.probabilities[:MOST_POINTS]
    both = torch.cat([actual, predicted])
    ends = [both.min().item(), both.max().item()]
    axes.plot(ends, ends, color="0.6", linewidth=1)
    axes.scatter(actual.numpy(), predicted.numpy(), s=9, alpha=0.6, linewidths=0)
    axes.set(xlabel=_plain(f"actual {info.target}"), ylabel=_plain(f"predicted {info.target}"))
    axes.set_aspect("equal", adjustable="datalim")


def _confusion(axes: "Axes", found: Predictions, info: DatasetInfo) -> None:
    classes = len(info.classes)
    pairs = found.targets.long() * classes + found.probabilities.argmax(1)
    counts = torch.bincount(pairs, minlength=classes**2).view(classes, classes)
    axes.imshow(counts.numpy(), cmap="Blues")
    axes.set(xlabel="predicted", ylabel="actual")
    if classes > MOST_NUMBERED:
        return
    names = [_plain(name) for name in info.classes]
    axes.set_xticks(range(classes), names, rotation=90)
    axes.set_yticks(range(classes), names)
    middle = counts.max().item() / 2
    for actual, row in enumerate(counts.tolist()):
        for predicted, count in enumerate(row):
            color = "white" if count > middle else "black"
            axes.text(predicted, actual, str(count), ha="center", va="center", color=color)


def _samples(axes: "Axes", found: Predictions, split: Split, data: DatasetSpec) -> None:
    """The most wrong samples in the upper half, the first ones of the split below, all in one
    picture: a plot for each would take ten times as long to draw."""
    chosen = most_wrong(found, COLUMNS * ROWS // 2)
    first = [row for row in range(len(found.targets)) if row not in chosen]
    chosen += first[: COLUMNS * ROWS - len(chosen)]
    images = small(data, split, chosen)
    side = images.shape[-1]
    axes.imshow(_mosaic(images), cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
    axes.set_position((0.02, 0.02, 0.96, 0.96))
    classes = data.info().classes
    for place, row in enumerate(chosen):
        at = (place % COLUMNS + 0.5, place // COLUMNS * 1.5 + 1.04)
        _tell(axes, at, side, _told(found, row, classes))


def most_wrong(found: Predictions, count: int) -> list[int]:
    """The samples that are taken for another class, those with the largest loss first."""
    wrong = (found.probabilities.argmax(1) != found.targets).nonzero().flatten()
    order = found.losses[wrong].argsort(descending=True)
    rows: list[int] = wrong[order][:count].tolist()
    return rows


def _mosaic(images: Tensor) -> Any:
    """The images in rows, with half a side of white below each for its words."""
    count, channels, side = images.shape[:3]
    half = side // 2
    canvas = torch.full((channels, ROWS * (side + half), COLUMNS * side), 255, dtype=torch.uint8)
    for place in range(count):
        top, left = place // COLUMNS * (side + half), place % COLUMNS * side
        canvas[:, top : top + side, left : left + side] = images[place]
    return canvas.permute(1, 2, 0).numpy()


def _told(found: Predictions, row: int, classes: tuple[str, ...]) -> tuple[str, str]:
    """The words below a sample, and their colour; wrong ones say `predicted != actual`."""
    predicted = int(found.probabilities[row].argmax())
    actual = int(found.targets[row])
    chance = f"{found.probabilities[row, predicted]:.0%}"
    if predicted == actual:
        return f"{classes[actual]}\n{chance}", RIGHT
    return f"{classes[predicted]} {chance}\n!= {classes[actual]}", WRONG


def _tell(axes: "Axes", at: tuple[float, float], side: int, told: tuple[str, str]) -> None:
    x, y = (each * side for each in at)
    axes.text(x, y, told[0], color=told[1], fontsize=8, ha="center", va="top", parse_math=False)


def _plain(text: str) -> str:
    """A text in which no dollar sign begins a formula."""
    return text.replace("$", r"\$")
