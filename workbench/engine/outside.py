"""Runs an exported model in a Python of its own, which knows nothing of this program.

`python -I outside.py KIND PATH`: batches come in by standard input, what is predicted goes out by
standard output, each as its length (8 bytes, little endian) and a `.npy` or `.npz` file. With the
word `layers` behind, what each layer gives goes out too, under the layer's name.
"""

import ast
import importlib
import io
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Run = Callable[[np.ndarray], dict[str, np.ndarray]]
OUTPUT = "output"


def send(stream: Any, content: bytes) -> None:
    """Write a piece that `receive` reads."""
    stream.write(struct.pack("<Q", len(content)) + content)
    stream.flush()


def receive(stream: Any) -> bytes | None:
    """The next piece; None at the end."""
    head = stream.read(8)
    return stream.read(struct.unpack("<Q", head)[0]) if len(head) == 8 else None


def onnx(path: Path, layers: bool) -> Run:
    """An ONNX file in onnxruntime."""
    import onnxruntime

    model = _with_layers(path) if layers else path.read_bytes()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    (given,) = session.get_inputs()

    def run(inputs: np.ndarray) -> dict[str, np.ndarray]:
        found = dict(zip(names, session.run(None, {given.name: inputs}), strict=True))
        if not layers:
            return {OUTPUT: found[names[0]]}
        last = _last_values(path)
        return {OUTPUT: found[names[0]]} | {name: found[key] for name, key in last.items()}

    return run


def _last_values(path: Path) -> dict[str, str]:
    """For each module of the network the name of the last value that it computes: the exporter
    notes of every node which modules it is within."""
    import onnx

    last: dict[str, str] = {}
    for node in onnx.load(path).graph.node:
        noted = [prop.value for prop in node.metadata_props if prop.key.endswith("name_scopes")]
        for name in ast.literal_eval(noted[0])[:-1] if noted else []:
            last[name] = node.output[0]
    return {name: value for name, value in last.items() if name}


def _with_layers(path: Path) -> bytes:
    import onnx

    model = onnx.load(path)
    known = {output.name for output in model.graph.output}
    for value in sorted(set(_last_values(path).values()) - known):
        model.graph.output.append(onnx.ValueInfoProto(name=value))
    return bytes(model.SerializeToString())


def pt2(path: Path, layers: bool) -> Run:
    """A program of torch.export."""
    import torch

    module = torch.export.load(path).module()
    if layers:
        return _interpreted(module)

    def run(inputs: np.ndarray) -> dict[str, np.ndarray]:
        with torch.inference_mode():
            return {OUTPUT: module(torch.from_numpy(inputs)).numpy()}

    return run


def _interpreted(module: Any) -> Run:
    import torch

    class Noting(torch.fx.Interpreter):
        """Notes the last value of every module of which a node is."""

        def __init__(self) -> None:
            super().__init__(module)
            self.found: dict[str, np.ndarray] = {}

        def run_node(self, n: torch.fx.Node) -> Any:
            value = super().run_node(n)
            if isinstance(value, torch.Tensor) and n.op == "call_function":
                for name, _ in n.meta.get("nn_module_stack", {}).values():
                    self.found[name] = value.detach().numpy()
            return value

    def run(inputs: np.ndarray) -> dict[str, np.ndarray]:
        noting = Noting()
        with torch.inference_mode():
            (output,) = torch.utils._pytree.tree_leaves(noting.run(torch.from_numpy(inputs)))
        return {**noting.found, OUTPUT: output.numpy()}

    return run


def python(path: Path, layers: bool) -> Run:
    """A folder with `predict.py`."""
    import torch

    program = _imported(path)
    model, found = program.load(), dict[str, np.ndarray]()

    def note(name: str) -> Callable[..., None]:
        def noted(module: Any, inputs: Any, output: Any) -> None:
            output = output[0] if isinstance(output, tuple) else output
            found[name] = output.detach().numpy()

        return noted

    if layers:
        for name, module in model.named_modules(prefix="network"):
            module.register_forward_hook(note(name))

    def run(inputs: np.ndarray) -> dict[str, np.ndarray]:
        batch = torch.from_numpy(inputs)
        found.clear()
        if layers:
            found["prepare"] = program.prepare(batch).numpy()
        return {OUTPUT: program.predict(model, batch).numpy(), **found}

    return run


def _imported(folder: Path) -> Any:
    """The `predict` of a folder; another one's may have been imported before."""
    for name in ("model", "predict"):
        sys.modules.pop(name, None)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("predict")
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = before


OPENED = {"onnx": onnx, "pt2": pt2, "python": python}


def main() -> None:
    """Answer every batch until there are no more."""
    kind, path, *more = sys.argv[1:]
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    run = OPENED[kind](Path(path), bool(more))
    while content := receive(sys.stdin.buffer):
        answer = io.BytesIO()
        np.savez(answer, allow_pickle=False, **run(np.load(io.BytesIO(content))))
        send(told, answer.getvalue())


if __name__ == "__main__":
    main()
