"""The ways in which a trained model leaves the program, and what each is for."""

from typing import NamedTuple


class ExportFormat(NamedTuple):
    """A format of files that other programs run, with the preparation of the data inside."""

    name: str
    title: str
    suffix: str
    """Of the file; empty for a folder."""
    summary: str
    """One line: what it is for."""


EXPORT_FORMATS = {
    each.name: each
    for each in (
        ExportFormat(
            "onnx",
            "ONNX",
            ".onnx",
            "One file for other languages and devices, run by ONNX Runtime.",
        ),
        ExportFormat(
            "pt2",
            "torch.export",
            ".pt2",
            "One file for PyTorch alone, which needs no code of the network.",
        ),
        ExportFormat(
            "python",
            "Plain Python",
            "",
            "A folder with model.py, weights and predict.py, to read and to change.",
        ),
    )
}
