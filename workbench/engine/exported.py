"""A deployed network in the formats of other programs, as bytes."""

import importlib.util
import io
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

import torch
from torch import Tensor

from workbench.core.codegen import generate
from workbench.core.errors import UserError
from workbench.core.project import Project
from workbench.core.signature import INPUTS
from workbench.engine.deployed import Deployed
from workbench.engine.predict_program import predict_program

NEEDED = ("onnx", "onnxscript", "onnxruntime")
SIGNATURE = "signature.json"
"""Where a `.pt2` file and a folder tell what goes in and comes out; in ONNX it is `signature`."""
_OPERATOR = re.compile(r"aten\.([\w.]+)")


def check_installed() -> None:
    """See that what writes and runs ONNX is there.

    Raises:
        UserError: a package is missing.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            "ONNX is written and checked by packages that are not installed ({missing}): install "
            'them by `pip install "torch-workbench[onnx]"`, or export in another format.',
            missing=", ".join(missing),
        )


def onnx_file(model: Deployed, example: Tensor, told: Mapping[str, Any]) -> bytes:
    """An ONNX model for batches of any size, weights inside; `told` lies in its metadata.

    Raises:
        UserError: ONNX has no form of a layer, or no file can be that large.
    """
    program = _traced(model, example)
    try:
        with _quiet():
            made = torch.onnx.export(
                program,
                (),
                dynamo=True,
                external_data=False,
                verbose=False,
                input_names=[INPUTS],
                output_names=[told["output"]["name"]],
            )
        assert made is not None
        made.model.metadata_props["signature"] = json.dumps(told, ensure_ascii=False)
        made.model.doc_string = f"{told['made_by']}: {told['data']}"
        return bytes(made.model_proto.SerializeToString())
    except Exception as error:  # the exporter and protobuf raise a dozen types
        raise _refused("ONNX", error) from error


def pt2_file(model: Deployed, example: Tensor, told: Mapping[str, Any]) -> bytes:
    """A program of torch.export for batches of any size; `told` lies in it as `SIGNATURE`.

    Raises:
        UserError: torch.export can't follow a layer.
    """
    program, file = _traced(model, example), io.BytesIO()
    extra = {SIGNATURE: json.dumps(told, ensure_ascii=False)}
    torch.export.save(program, file, extra_files=extra)
    return file.getvalue()


def python_files(project: Project, model: Deployed, told: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a folder that runs without this program, by name.

    Raises:
        UserError: a transform can't be told as Python.
    """
    weights = io.BytesIO()
    tensors = model.network.state_dict().items()
    torch.save({name: value.contiguous() for name, value in tensors}, weights)
    return {
        "model.py": generate(project.model, project.data.info().shape).text.encode(),
        "weights.pt": weights.getvalue(),
        SIGNATURE: json.dumps(told, ensure_ascii=False, indent=2).encode(),
        "predict.py": predict_program(project, model.steps, model.encoding).encode(),
    }


def _traced(model: Deployed, example: Tensor) -> torch.export.ExportedProgram:
    """The operations on a batch, with its size left open."""
    sizes = ({0: torch.export.Dim("batch")},)
    with torch.inference_mode():
        model(example)  # a fault of this program is not to be told as one of the format
    try:
        with _quiet(), _plain_attention():
            return torch.export.export(model, (example,), dynamic_shapes=sizes)
    except Exception as error:  # torch raises a dozen types for what it can't follow
        raise _refused("torch.export", error) from error


def _refused(name: str, error: Exception) -> UserError:
    """The sentence for what a format can't hold; torch's own are pages long."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)  # type: ignore[arg-type]
    found = [_OPERATOR.search(str(cause)) for cause in reversed(causes)]
    operator = next((match[1] for match in found if match), "")
    first = str(causes[-1]).strip().split("\n")[0].rstrip(".")
    return UserError(
        "{name} can't hold this model: {reason}. Nothing was written; choose plain Python.",
        name=name,
        reason=f"it has no form of torch's {operator}" if operator else first[:200],
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporters say of themselves on the way: recurrent layers keep a list of
    their own weights, which is no attribute that changes; the rest is about their own future."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.filterwarnings(
            "ignore", message="The tensor attributes? self", module="contextlib"
        )
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        yield


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Attention by operations that all formats know, not by torch's fused one for evaluation."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
