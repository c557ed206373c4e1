"""Damage files of every format at random, open them, and count what comes of it.

`python tests/campaigns/mutate.py 10000` opens as many of each format: bits turned, bytes set, cut,
doubled and moved, in the file as a whole or in the part that says what it holds, with its sums put
right. Each must be loaded or told in one sentence, within 2 s of processor time and 500 MB, and
none may run anything: a canary file lies where code in the seeds would put it. Exit code 1 if not.
"""

import argparse
import io
import os
import pickle
import random
import resource
import signal
import struct
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.core.errors import ForeignClass, UserError
from workbench.core.project import Project, load_project
from workbench.core.template import Template
from workbench.engine import bundle, checkpoint
from workbench.engine.build import build
from workbench.engine.restore import load_model

SECONDS, MEGABYTES = 2.0, 500
EACH = 100
"""Files that one process opens, unless it ends before."""


class System:
    """Unpickled by Python it makes a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.canary}'",)


class Own(nn.Module):
    """A network of a class that is not known."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(4, 3)


def _torch(content: Any, **how: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **how)
    return buffer.getvalue()


def seeds(project: Project, folder: Path) -> dict[str, bytes]:
    """A good or hostile file of each format."""
    torch.manual_seed(0)
    network = build(project.model, (4,))
    weights = folder / "weights.pt"
    checkpoint.save({"model": network.state_dict()}, weights)
    list(bundle.save_bundle(project, weights, folder / "bundle.pt"))
    state = {name: value.clone() for name, value in network.state_dict().items()}
    code = {**state, "x": System(folder / "canary")}
    return {
        "state_dict": _torch(state),
        "state_dict before 1.6": _torch(state, _use_new_zipfile_serialization=False),
        "safetensors": save(state),
        "whole network": _torch(network),
        "foreign network": _torch({"model": Own(), "x": System(folder / "canary")}),
        "code": _torch(code),
        "code before 1.6": _torch(code, _use_new_zipfile_serialization=False),
        "bundle": (folder / "bundle.pt").read_bytes(),
        "project": project.to_json().encode(),
    }


class Damage:
    """Ways to change bytes, drawn from a seed."""

    def __init__(self, seed: object) -> None:
        self._draw = random.Random(str(seed))

    def of(self, whole: bytes) -> bytes:
        """A file, changed as a whole, or in a part of its archive or in its header."""
        if whole.startswith(b"PK") and self._draw.random() < 0.7:
            return self._inside(whole)
        if whole[8:9] == b"{" and self._draw.random() < 0.7:
            size = struct.unpack("<Q", whole[:8])[0]
            header = self._changed(whole[8 : 8 + size])
            return struct.pack("<Q", len(header)) + header + whole[8 + size :]
        return self._changed(whole)

    def _inside(self, whole: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(buffer, "w") as new:
            names = [name for name in old.namelist() if name.endswith("data.pkl")]
            chosen = names[0] if self._draw.random() < 0.8 else self._draw.choice(old.namelist())
            for name in old.namelist():
                data = old.read(name)
                new.writestr(name, self._changed(data) if name == chosen else data)
        return buffer.getvalue()

    def _changed(self, data: bytes) -> bytes:
        for _ in range(self._draw.choice((1, 1, 2, 4, 16))):
            data = self._draw.choice(WAYS)(self, bytearray(data))
        return data

    def _place(self, data: bytearray) -> int:
        return self._draw.randrange(len(data) + 1)

    def turn(self, data: bytearray) -> bytes:
        """Turn a bit."""
        if data:
            data[self._draw.randrange(len(data))] ^= 1 << self._draw.randrange(8)
        return bytes(data)

    def put(self, data: bytearray) -> bytes:
        """Put bytes that mean much: opcodes, signs of JSON, the largest numbers."""
        place, word = self._place(data), self._draw.choice(WORDS)
        keep = self._draw.random() < 0.5
        return bytes(data[:place] + word + data[place + (0 if keep else len(word)) :])

    def cut(self, data: bytearray) -> bytes:
        """Cut the end off, or a piece out."""
        start, end = sorted((self._place(data), self._place(data)))
        return bytes(data[:start] if self._draw.random() < 0.3 else data[:start] + data[end:])

    def double(self, data: bytearray) -> bytes:
        """Write a piece again, somewhere."""
        start, end, place = self._place(data), self._place(data), self._place(data)
        return bytes(data[:place] + data[start:end] + data[place:])


WAYS: tuple[Callable[[Damage, bytearray], bytes], ...]
WAYS = (Damage.turn, Damage.turn, Damage.put, Damage.put, Damage.cut, Damage.double)
NUMBERS = (b"\x00" * 8, b"\xff" * 8, b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"NaN", b"1e999")
OPCODES = tuple(bytes([code]) for code in b"R.0(bqhcX}]t\x81\x85\x86\x87\x93Q")
CALLS = (b"cos\nsystem\n", b"cbuiltins\neval\n", b"ctorch\nload\n", b"ctorch\nFloatStorage\n")
SIGNS = (b"{", b"[" * 1000, b'"', b"-", b"999999999999", b"null", b"\xd8\x00", b"\xe2\x80\xae")
WORDS = (*NUMBERS, *OPCODES, *CALLS, *SIGNS)


def opened(path: Path, project: Project) -> str:
    """What comes of opening it: `loaded`, `refused`, or what it must not be."""
    try:
        _open(path, project)
    except UserError as error:
        told = str(error)
        plain = str(path) in told and told.isprintable() and len(told) < 6000
        return "refused" if plain else f"told badly: {told[:300]!r}"
    except Exception as error:
        return f"fault: {type(error).__name__}: {str(error)[:200]}"
    return "loaded"


def _open(path: Path, project: Project) -> None:
    if path.suffix == ".workbench":
        load_project(path)
        return
    into = path.with_name("into.pt")
    try:
        list(load_model(path, project, into))
    except ForeignClass:
        list(load_model(path, project, into, False, True))


def _limit() -> None:
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + (MEGABYTES << 20),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)


def batch(
    name: str, seed: int, numbers: range, whole: bytes, project: Project, folder: Path
) -> list[str]:
    """What comes of these files, as far as one process gets with them."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        _limit()
        with os.fdopen(write, "wb", buffering=0) as told:
            path = folder / ("m.workbench" if name == "project" else "m.pt")
            for number in numbers:
                path.write_bytes(Damage((name, seed, number)).of(whole))
                signal.setitimer(signal.ITIMER_PROF, SECONDS)
                found = opened(path, project)
                signal.setitimer(signal.ITIMER_PROF, 0)
                told.write(found.encode().replace(b"\n", b" ") + b"\n")
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as lines:
        found = lines.read().decode().splitlines()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -signal.SIGPROF:
        found.append("took too long")
    elif code:
        found.append(f"ended the process ({code})")
    return found


def campaign(name: str, seed: int, count: int, whole: bytes, folder: Path) -> Counter[str]:
    """How often each came of `count` files of a format."""
    project, counts, number = _project(), Counter[str](), 0
    while number < count:
        numbers = range(number, min(number + EACH, count))
        found = batch(name, seed, numbers, whole, project, folder)
        for place, each in enumerate(found):
            if each not in ("loaded", "refused"):
                print(f"  {name} {seed} {number + place}: {each}", flush=True)
            counts[each.partition(":")[0]] += 1
        number += len(found)
    return counts


def _project() -> Project:
    return Template.shelf["softmax_regression"].project()  # on iris: (4,) to 3 classes


def _warm(held: dict[str, bytes], folder: Path) -> None:
    """Open each once undamaged: what torch imports for it is not to be counted with each file."""
    for kind, whole in held.items():
        path = folder / ("m.workbench" if kind == "project" else "m.pt")
        path.write_bytes(whole)
        opened(path, _project())


def main() -> int:
    """Run the campaign; 1 if a file was neither loaded nor refused, or ran something."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("files", type=int, help="how many of each format")
    arguments.add_argument("--seed", type=int, default=0, help="of the damage")
    arguments.add_argument("--format", help="this one alone")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        held = seeds(_project(), folder)
        _warm(held, folder)
        for kind, whole in held.items():
            if options.format in (None, kind):
                counts = campaign(kind, options.seed, options.files, whole, folder)
                told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
                print(f"{kind}: {told}", flush=True)
                good = good and counts.keys() <= {"loaded", "refused"}
        if (folder / "canary").exists():
            print("the canary was touched: a file ran code", flush=True)
            good = False
        pickle.loads(pickle.dumps(System(folder / "canary")))
        assert (folder / "canary").exists(), "the canary tells nothing"
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
