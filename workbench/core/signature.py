"""What goes into an exported model and what comes out, in words and numbers that go with it."""

from typing import Any

from workbench import __version__
from workbench.core.data import DatasetInfo
from workbench.core.project import Project
from workbench.core.raw import Encoding

INPUTS = "inputs"
MISSING = (
    "NaN where a value is missing; what stands in for it, scaling and the encoding of categories "
    "are done by the model"
)


def output_name(info: DatasetInfo) -> str:
    """What a model gives: `probabilities` (n, classes) or `values` (n,)."""
    return "probabilities" if info.task == "classification" else "values"


def signature(project: Project, encoding: Encoding | None, dtype: str) -> dict[str, Any]:
    """The signature of a project's network with its preparation inside, ready to be JSON."""
    info, source = project.data.info(), project.data.source_info()
    output: dict[str, Any] = {"name": output_name(info), "dtype": "float32", "of": info.target}
    if info.task == "classification":
        output |= {"shape": ["batch", len(info.classes)], "classes": list(info.classes)}
    else:
        output |= {"shape": ["batch"], "meaning": "in the unit of the target"}
    given = _columns(encoding) if encoding else _values(source, dtype)
    return {
        "made_by": f"Torch Workbench {__version__}",
        "data": info.title,
        "task": info.task,
        "input": {"name": INPUTS, "dtype": dtype, **given},
        "output": output,
    }


def _columns(encoding: Encoding) -> dict[str, Any]:
    columns = [
        {"name": column.name, "holds": "category", "codes": list(column.values)}
        if column.values
        else {"name": column.name, "holds": "number"}
        for column in encoding.columns
    ]
    meaning = f"rows of a table: numbers, and categories as their place in codes; {MISSING}"
    return {"shape": ["batch", len(columns)], "meaning": meaning, "columns": columns}


def _values(source: DatasetInfo, dtype: str) -> dict[str, Any]:
    told: dict[str, Any] = {"shape": ["batch", *source.shape]}
    if source.is_image:
        told["meaning"] = f"images (channels, height, width) from 0 to {source.full_scale:g}"
        return told
    told["meaning"] = "values as in their file; scaling is done by the model"
    return told | ({"features": list(source.features)} if source.features else {})
