"""What a trained model makes of the space of its inputs: features, boundaries, single samples.

The weights are those of a file, so that all of this works in a process beside one that trains.
"""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.core.data import Split, ended
from workbench.core.errors import UserError
from workbench.core.events import Event, Predicted, Progress
from workbench.core.project import Project
from workbench.core.space import Asked, BoundaryFound, Embedded, FormFound
from workbench.engine.asked import model_of
from workbench.engine.batches import Batches, loaded
from workbench.engine.deployed import BATCH, Deployed
from workbench.engine.tensorboard.embedding import features

MOST_PCA = 5000
MOST_TSNE = 1000
"""Samples: a quarter of the steps of t-SNE takes a second or two then, and can be stopped."""
TSNE_PARTS = 4
GRID = 96
MOST_POINTS = 2000
MARGIN = 0.08

_held: dict[tuple[Project, Path, int, int], Deployed] = {}
"""The model that was asked last."""


def _model(project: Project, weights: Path) -> Deployed:
    """The model of a checkpoint, read anew only when training has written another.

    Raises:
        UserError: the checkpoint can't be used.
    """
    try:
        told = weights.stat()
    except OSError as error:
        raise UserError("There is no checkpoint at {path}.", path=weights) from error
    key = (project, weights, told.st_mtime_ns, told.st_size)
    if key not in _held:
        made = model_of(project, weights)
        made.network.eval()
        _held.clear()
        _held[key] = made
    return _held[key]


def _said(project: Project, model: Deployed, inputs: NDArray[Any]) -> NDArray[np.float32]:
    """Probabilities (n, classes) or values (n,) for raw inputs."""
    with torch.inference_mode():
        parts = [
            model(torch.tensor(inputs[at : at + BATCH])) for at in range(0, len(inputs), BATCH)
        ]
    found: NDArray[np.float32] = torch.cat(parts).float().numpy()
    classes = project.data.info().classes
    return found if classes else found.reshape(len(inputs))


# -- embedding


def embedding(project: Project, weights: Path, split: Split, method: str) -> Generator[Event]:
    """Samples of a split by what the last layer gets of them, in two dimensions: by PCA, or by
    t-SNE, which tells where the samples lie on its way.

    Raises:
        UserError: the checkpoint can't be used, or the split has too few samples.
    """
    yield Progress(text="Reading the model")
    model = _model(project, weights)
    batches = Batches(project.data, torch.device("cpu"), channels_last=False)
    most = MOST_TSNE if method == "tsne" else MOST_PCA
    vectors, _ = features(model.network, batches, split, most, most_values=most * 4096)
    if len(vectors) < 4:
        raise UserError("The {split} split has too few samples to be laid out.", split=split)
    predicted = _predicted(project, model, batches, split, len(vectors))
    points, explained = pca(vectors)
    found = Embedded(
        split=split,
        method=method,
        points=points,
        predicted=predicted,
        explained=explained if method == "pca" else (),
        width=vectors.shape[1],
    )
    if method == "pca":
        yield found
        return
    for done, laid in enumerate(tsne(vectors, points), 1):
        yield Progress(text="t-SNE", done=done, total=TSNE_PARTS)
        yield replace(found, points=laid)


def _predicted(
    project: Project, model: Deployed, batches: Batches, split: Split, count: int
) -> NDArray[Any]:
    outputs = []
    loss, info = project.train.loss, batches.info
    with torch.inference_mode():
        for start in range(0, count, BATCH):
            inputs = batches.taken(split, slice(start, min(start + BATCH, count))).inputs
            outputs.append(loss.probabilities(model.network(inputs).float(), info))
    found = torch.cat(outputs)
    return (found.argmax(1) if info.task == "classification" else found).numpy()


def pca(vectors: Tensor) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """The first two principal components (n, 2), and the share of the variance of each.

    Exact, by the eigenvectors of the covariance (Pearson 1901); the largest entry of each axis is
    positive, so that the picture does not turn over between two epochs.
    """
    centred = vectors.double() - vectors.double().mean(0)
    if centred.shape[1] == 1:  # a picture has two axes
        centred = torch.cat([centred, torch.zeros_like(centred)], 1)
    variances, axes = torch.linalg.eigh(centred.T @ centred / max(len(centred) - 1, 1))
    variances, axes = variances.flip(0)[:2].clamp(min=0), axes.flip(1)[:, :2]
    largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
    total = float(centred.square().sum()) / max(len(centred) - 1, 1) or 1.0
    first, second = (variances / total).tolist()
    return (centred @ (axes * largest.sign())).numpy(), (first, second)


def tsne(vectors: Tensor, start: NDArray[Any]) -> Generator[NDArray[np.float32]]:
    """Where t-SNE lays the samples (n, 2) after each part of its steps, from `start` on.

    scikit-learn's (van der Maaten and Hinton 2008) can't be stopped on its way: it is asked for
    250 steps at a time, of which the first alone exaggerate.
    """
    from sklearn.manifold import TSNE

    laid = np.ascontiguousarray(start / (start[:, 0].std() or 1.0) * 1e-4, dtype=np.float32)
    perplexity = min(30.0, (len(laid) - 1) / 3)
    values = vectors.numpy()
    for part in range(TSNE_PARTS):
        exaggeration = 12.0 if part == 0 else 1.0
        made = TSNE(init=laid, early_exaggeration=exaggeration, perplexity=perplexity, max_iter=250)
        laid = np.ascontiguousarray(made.fit_transform(values), dtype=np.float32)
        yield laid


# -- decision boundary


def boundary(
    project: Project, weights: Path, added: tuple[tuple[float, float], ...]
) -> Generator[Event]:
    """What a model of two inputs says on a grid over its training samples, and of added points.

    Raises:
        UserError: the model has other inputs, or the checkpoint can't be used.
    """
    model = _model(project, weights)
    info = project.data.source_info()
    if info.shape != (2,):
        raise UserError(
            "A boundary can be drawn for two inputs; {data} has others.", data=info.title
        )
    train = loaded(project.data)["train"]
    shown = np.linspace(0, len(train.targets) - 1, min(len(train.targets), MOST_POINTS)).astype(int)
    points = np.asarray(train.inputs[shown], dtype=np.float32)
    asked = np.array(added, dtype=np.float32).reshape(-1, 2)
    low, high = _bounds(np.concatenate([points, asked]))
    grid = _grid(low, high)
    said = _said(project, model, np.concatenate([grid, asked]))
    values = said[: len(grid)]
    yield BoundaryFound(
        values=values.reshape(GRID, GRID, *values.shape[1:]),
        low=(float(low[0]), float(low[1])),
        high=(float(high[0]), float(high[1])),
        points=points,
        targets=train.targets[shown],
        asked=said[len(grid) :],
    )


def _bounds(points: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    low, high = np.nanmin(points, 0), np.nanmax(points, 0)
    room = np.where(high > low, (high - low) * MARGIN, 1.0)
    return low - room, high + room


def _grid(low: NDArray[Any], high: NDArray[Any]) -> NDArray[np.float32]:
    """The middles of GRID x GRID cells, (GRID * GRID, 2)."""
    steps = (np.arange(GRID) + 0.5) / GRID
    first, second = (low[i] + steps * (high[i] - low[i]) for i in range(2))
    return np.stack(np.meshgrid(first, second), -1).reshape(-1, 2).astype(np.float32)


# -- single samples


def form(project: Project) -> Generator[Event]:
    """What a row of the model's table is made of: each column with its range or categories.

    Raises:
        UserError: the data can't be loaded.
    """
    raw = ended(project.data.unprepared.raw_samples())
    if raw:
        rows = raw.splits["train"].inputs
        columns = [(column.name, column.values) for column in raw.encoding.columns]
    else:
        rows, info = loaded(project.data)["train"].inputs, project.data.source_info()
        names = info.features or tuple(str(place + 1) for place in range(info.shape[0]))
        columns = [(name, ()) for name in names]
    yield FormFound(
        fields=tuple(_field(*column, rows[:, place]) for place, column in enumerate(columns))
    )


def _field(name: str, values: tuple[str, ...], column: NDArray[Any]) -> Asked:
    known = column[np.isfinite(column)].astype(np.float64)
    if not len(known):
        return Asked(name, 0.0, 0.0, 0.0, values)
    usual = np.bincount(known.astype(int)).argmax() if values else np.median(known)
    return Asked(name, float(known.min()), float(known.max()), float(usual), values)


def answer(project: Project, weights: Path, sample: NDArray[Any]) -> Generator[Event]:
    """What the model says of one raw sample, (*shape) or (columns,).

    Raises:
        UserError: the checkpoint can't be used.
    """
    said = _said(project, _model(project, weights), sample[None])
    yield predicted_of(project, said[0], "")


def answer_file(project: Project, weights: Path, path: Path) -> Generator[Event]:
    """What the model says of a picture in a file, as it is decoded in training.

    Raises:
        UserError: it can't be read, or the checkpoint can't be used.
    """
    from workbench.engine.inputs import read_inputs

    model = _model(project, weights)
    said = _said(project, model, read_inputs(path, project.data, model.encoding)[:1])
    yield predicted_of(project, said[0], str(path))


def predicted_of(project: Project, said: NDArray[Any], file: str) -> Predicted:
    """One outcome by the names of the classes."""
    classes = project.data.info().classes
    by_class = dict(zip(classes, np.ravel(said).tolist(), strict=bool(classes)))
    predicted = classes[int(said.argmax())] if classes else float(said)
    return Predicted(file=file, sample=1, predicted=predicted, probabilities=by_class)
