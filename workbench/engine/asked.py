"""What a trained model says of files, and of data other than its own."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import torch

from workbench.core.data import DatasetSpec, Split, ended
from workbench.core.errors import UserError
from workbench.core.events import Event, Predicted
from workbench.core.project import Project
from workbench.core.raw import Encoding
from workbench.engine import checkpoint
from workbench.engine.batches import normalization
from workbench.engine.deployed import BATCH, Deployed, source
from workbench.engine.evaluate import Evaluation, evaluation
from workbench.engine.inputs import Values, read_inputs
from workbench.engine.predict import joined, one_batch
from workbench.engine.preparation import Normalization
from workbench.engine.weights import filled


def model_of(project: Project, weights: Path) -> Deployed:
    """The model with the preparation that it was trained with: of a bundle it is in the file, else
    it is measured on the training split.

    Raises:
        UserError: the checkpoint can't be used, or the data is needed and missing.
    """
    state = checkpoint.load(weights)
    network = filled(project, state, weights)
    kept: dict[str, Any] = state.get("preparation", {})
    moments = Normalization(kept["mean"], kept["std"]) if kept else normalization(project.data)
    return Deployed(project, network, moments, _encoding(project.data, kept.get("instead")))


def _encoding(data: DatasetSpec, instead: Sequence[float] | None) -> Encoding | None:
    if instead:
        return data.encoding(instead)
    found = ended(data.unprepared.raw_samples())
    return found.encoding if found else None


def predict_files(project: Project, weights: Path, paths: Sequence[Path]) -> Generator[Event]:
    """What the model predicts for every sample of every file.

    Raises:
        UserError: the model or a file can't be used.
    """
    model = model_of(project, weights)
    classes = project.data.info().classes
    for path in paths:
        inputs = read_inputs(path, project.data, model.encoding)
        for number, output in enumerate(_outputs(model, inputs), 1):
            probabilities = dict(zip(classes, output.flatten().tolist(), strict=bool(classes)))
            predicted = classes[int(output.argmax())] if classes else output.item()
            yield Predicted(
                file=str(path), sample=number, predicted=predicted, probabilities=probabilities
            )


def _outputs(model: Deployed, inputs: Values) -> Generator[torch.Tensor]:
    with torch.inference_mode():
        for start in range(0, len(inputs), BATCH):
            yield from model(torch.tensor(inputs[start : start + BATCH]))  # Pillow's are read-only


def evaluate_on(project: Project, weights: Path, data: DatasetSpec, split: Split) -> Evaluation:
    """Measure a model on a split of data that need not be its own.

    Raises:
        UserError: the model or data can't be used, they don't fit each other, or the split is
            empty.
    """
    model, given = model_of(project, weights), source(data, split)
    info = project.data.info()
    _check_alike(project.data, data, model.encoding, given.encoding)
    parts = []
    targets = torch.from_numpy(given.samples.targets)
    with torch.inference_mode():
        for inputs, wanted in zip(given.batches(), torch.split(targets, BATCH), strict=True):
            batch = model.prepare(inputs)
            parts.append(one_batch(model.network, batch, wanted, project.train.loss, info))
    return evaluation(joined(parts, info), info, split, data.info().title)


def _check_alike(
    own: DatasetSpec, other: DatasetSpec, known: Encoding | None, came: Encoding | None
) -> None:
    first, second = own.source_info(), other.source_info()
    columns = [each.columns if each else () for each in (known, came)]
    for what, needed, found in (
        ("samples", first.shape, second.shape),
        ("columns", columns[0], columns[1]),
        ("task", first.task, second.task),
        ("classes", first.classes, second.classes),
    ):
        if needed != found and not (what == "samples" and known):
            raise UserError(
                "The model can't be measured on {data}: its {what} are not those that it was "
                "trained on.",
                data=second.title,
                what=what,
            )
