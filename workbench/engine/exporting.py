"""Exporting a trained model with its preparation inside, checked against this program's own
predictions before anything stands under the name that was asked for."""

import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from workbench.core.events import Event, Exported, Progress
from workbench.core.export_formats import EXPORT_FORMATS
from workbench.core.files import write_atomically, write_folder
from workbench.core.project import Project
from workbench.core.signature import signature
from workbench.engine import checkpoint
from workbench.engine.batches import loading
from workbench.engine.deployed import Deployed, Source, deployed, source
from workbench.engine.export import check_suffix
from workbench.engine.exported import check_installed, onnx_file, pt2_file, python_files
from workbench.engine.parity import compared
from workbench.engine.placed import placed
from workbench.engine.predict import predict
from workbench.engine.tuning import Tuning
from workbench.engine.weights import filled

Files = Mapping[str, bytes]


def export(project: Project, weights: Path, name: str, path: Path) -> Generator[Event]:
    """Write the network with the weights of a checkpoint in the format `name`, and compare what it
    predicts elsewhere over the test split with what is predicted here.

    Raises:
        UserError: the checkpoint, data or format can't be used, the export predicts otherwise, or
            the disk refused; nothing stands at `path` then.
    """
    if suffix := EXPORT_FORMATS[name].suffix:
        check_suffix(path, (suffix,))
    if name == "onnx":
        check_installed()
    yield Progress(text="Loading data")
    yield from loading(project.data)
    given = source(project.data)
    yield Progress(text="Predicting")
    network, expected = _predicted(project, weights, given)
    model = deployed(project, network, given.encoding)
    yield Progress(text=f"Exporting {EXPORT_FORMATS[name].title}")
    files = _files(name, project, model, given)
    with tempfile.TemporaryDirectory(prefix="workbench-export-") as folder:
        draft = Path(folder) / ("model" + EXPORT_FORMATS[name].suffix)
        _place(name, files, draft)
        parity = yield from compared(name, draft, model, given, expected)
    _place(name, files, path)
    yield Exported(
        path=str(path),
        format=name,
        split=parity.split,
        samples=parity.samples,
        largest=parity.largest,
        equal=parity.equal,
    )


def _predicted(project: Project, weights: Path, given: Source) -> tuple[nn.Module, Tensor]:
    """The network on the CPU, and what the program predicts with it."""
    state = checkpoint.load(weights)
    tuning = Tuning.recorded(state)
    layout = tuning.channels_last if tuning else None
    network = filled(project, state, weights)
    cpu = torch.device("cpu")
    network, batches = placed(network, project.data, cpu, channels_last=layout)
    predictions = predict(network, batches, given.split, project.train.loss)
    return network.to(memory_format=torch.contiguous_format), predictions.probabilities


def _files(name: str, project: Project, model: Deployed, given: Source) -> Files:
    """The files of an export; a single one has no name."""
    dtype = str(given.dtype).removeprefix("torch.")
    told = signature(project, given.encoding, dtype)
    if name == "python":
        return python_files(project, model, told)
    write = onnx_file if name == "onnx" else pt2_file
    return {"": write(model, given.example(), told)}


def _place(name: str, files: Files, path: Path) -> None:
    if EXPORT_FORMATS[name].suffix:
        write_atomically(path, files[""])
    else:
        write_folder(path, files)
