"""Whether an exported model predicts what this program does: run elsewhere, and compared."""

import io
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.core.data import Split
from workbench.core.errors import UserError
from workbench.core.events import Event, Progress
from workbench.engine import outside
from workbench.engine.deployed import Deployed, Source

TOLERANCE = 1e-4
"""Of the range of what is predicted: other kernels add in another order, which is off by some
millionths; a step that is done in another way is off by far more."""

Values = NDArray[np.float32]


class Parity(NamedTuple):
    """How far an exported model is off this program over all samples of a split."""

    split: Split
    samples: int
    largest: float
    """The largest difference of a probability or value."""
    equal: float
    """The share of samples with the same prediction: class, or value within the tolerance."""
    outputs: Values
    """What the exported model predicts."""


def compared(
    kind: str, path: Path, model: Deployed, given: Source, expected: Tensor
) -> Generator[Event, None, Parity]:
    """Run the export at `path` over all samples of `given` in a process of its own; `expected` is
    what this program predicts for them.

    Raises:
        UserError: it can't be run, or it differs; the sentence names the first layer that does.
    """
    wanted, total, parts = expected.numpy(), len(given.samples.targets), []
    with running(kind, path) as run:
        for inputs in given.batches():
            parts.append(run(inputs)[outside.OUTPUT])
            done = sum(map(len, parts))
            yield Progress(text="Comparing predictions", done=done, total=total)
    outputs = np.concatenate(parts)
    if outputs.shape != wanted.shape:
        raise _differs(kind, given, "its output has another shape")
    off = _off(outputs, wanted)
    if off.max() > tolerance(wanted):
        worst = int(off.reshape(len(off), -1).max(axis=1).argmax())
        raise _differs(kind, given, _first_difference(kind, path, model, _one(given, worst)))
    return Parity(given.split, total, float(off.max()), _share_equal(outputs, wanted), outputs)


def tolerance(wanted: Values) -> float:
    """What predictions may be off: a share of their range, and what float32 can't tell apart."""
    spread = float(wanted.max() - wanted.min()) if wanted.ndim == 1 else 1.0
    largest = float(np.abs(wanted).max())
    return TOLERANCE * max(spread, largest if wanted.ndim > 1 else 0.0) + 1e-6 * largest


def _off(outputs: Values, wanted: Values) -> Values:
    """How far each value is off; without end where it is no number."""
    off: Values = np.nan_to_num(np.abs(outputs - wanted), nan=np.inf, posinf=np.inf)
    return off


def _share_equal(outputs: Values, wanted: Values) -> float:
    if wanted.ndim > 1:
        return float((outputs.argmax(1) == wanted.argmax(1)).mean())
    return float((_off(outputs, wanted) <= tolerance(wanted)).mean())


def _one(given: Source, place: int) -> Tensor:
    inputs = given.samples.inputs[place : place + 1]
    return torch.from_numpy(np.ascontiguousarray(inputs)).to(given.dtype)


def _differs(kind: str, given: Source, where: str) -> UserError:
    return UserError(
        "The exported {kind} model predicts otherwise than this program on the {split} samples: "
        "{where}. Nothing was written; export it in another format.",
        kind=kind,
        split=given.split,
        where=where,
    )


# -- which layer differs


def _first_difference(kind: str, path: Path, model: Deployed, inputs: Tensor) -> str:
    wanted = _of_layers(model, inputs)
    with running(kind, path, layers=True) as run:
        found = run(inputs)
    for name, values in wanted.items():
        there = found.get(name)
        if there is None or there.shape != values.shape or not values.size:
            continue
        off, allowed = _off(there, values).max(), 10 * TOLERANCE * np.abs(values).max()
        if off > allowed:
            return f"{_told(name)} is the first that differs, by {off:.2g}"
    return "all layers agree, what is made of their output differs"


def _told(name: str) -> str:
    if name.startswith("prepare"):
        return "its preparation"
    return f"the layer {name.removeprefix('network.')}"


def _of_layers(model: Deployed, inputs: Tensor) -> dict[str, Values]:
    """What every module gives, in the order in which they are done."""
    found: dict[str, Values] = {}

    def note(name: str, module: nn.Module, output: object) -> None:
        value = output[0] if isinstance(output, tuple) else output
        if isinstance(value, Tensor):
            found[name] = value.detach().numpy().copy()

    hooks = [
        module.register_forward_hook(lambda m, _, output, name=name: note(name, m, output))
        for name, module in model.named_modules()
        if name
    ]
    with torch.inference_mode():
        model(inputs)
    for hook in hooks:
        hook.remove()
    return found


# -- elsewhere


class _Running:
    """A model at work in another process; called with a batch, it gives what is predicted."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: Path) -> None:
        self._process, self._errors = process, errors

    def __call__(self, inputs: Tensor) -> dict[str, Values]:
        content = io.BytesIO()
        np.save(content, inputs.numpy(), allow_pickle=False)
        answer = None
        try:
            outside.send(self._process.stdin, content.getvalue())
            answer = outside.receive(self._process.stdout)
        except OSError:  # it is gone; its last words say why
            pass
        if answer is None:
            raise self._failed()
        with np.load(io.BytesIO(answer), allow_pickle=False) as arrays:
            return dict(arrays)

    def _failed(self) -> UserError:
        self._process.wait()
        lines = self._errors.read_text(encoding="utf-8", errors="replace").split("\n")
        reason = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return UserError(
            "The exported model can't be run: {reason}. Nothing was written; export it in another "
            "format.",
            reason=reason.rstrip(".") or f"exit code {self._process.returncode}",
        )


Running = Callable[[Tensor], dict[str, Values]]


@contextmanager
def running(kind: str, path: Path, layers: bool = False) -> Iterator[Running]:
    """The export at `path` in an isolated Python (-I) that knows nothing of this program; the
    packaged program has no such Python, and opens it where it is."""
    if getattr(sys, "frozen", False):  # then `sys.executable` is this program itself
        run = outside.OPENED[kind](path, layers)
        yield lambda inputs: run(inputs.numpy())
        return
    command = [sys.executable, "-I", outside.__file__, kind, str(path), *(["layers"] * layers)]
    with tempfile.TemporaryDirectory(prefix="workbench-outside-") as folder:
        errors = Path(folder) / "errors.txt"
        with errors.open("wb") as told:
            process = subprocess.Popen(  # noqa: S603  what the user asked for
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, cwd=folder
            )
        try:
            yield _Running(process, errors)
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    try:
                        stream.close()
                    except OSError:  # a batch that it never read
                        pass
