"""Files of unknown origin: none runs anything, each ends in one sentence and leaves no trace."""

import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save, save_file
from torch import Tensor, nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear
from torch.serialization import MAGIC_NUMBER, PROTOCOL_VERSION

from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.engine import foreign
from workbench.engine.remote import EngineLost, Engines, Stream
from workbench.engine.restore import load_model

STATE = {"fc1.weight": torch.arange(12.0).reshape(3, 4), "fc1.bias": torch.ones(3)}
DAMAGED = r"is damaged, or was not written by torch\.save or safetensors"


@pytest.fixture(scope="module")
def project() -> Project:
    """Softmax regression on iris, which `STATE` fits."""
    return Template.shelf["softmax_regression"].project()


def assert_refused(path: Path, project: Project, words: str) -> None:
    into = path.with_name("into.pt")
    with pytest.raises(UserError, match=words) as told:
        list(load_model(path, project, into))
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
    assert "weights_only" not in str(told.value)
    assert not into.exists()


# Pickles that want to run something


class System:
    """Unpickled by Python it makes a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.canary}",)


class Open(System):
    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.canary), "w")


class Foreign(nn.Module):
    """A network as most are: a class of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(4, 3)


def hooked(hook: object) -> nn.Module:
    net = nn.Sequential(nn.Linear(4, 3))
    net.__dict__["_forward_hooks"] = {0: hook}
    return net


SYSTEM = r"needs \w+\.system, which is no layer of the catalogue and could run code"
CODE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "os.system": (System, SYSTEM),
    "open": (Open, r"needs (\w+\.)?open, which"),
    "among parameters": (lambda canary: {**STATE, "x": System(canary)}, SYSTEM),
    "in a checkpoint": (lambda canary: {"model": STATE, "x": System(canary)}, SYSTEM),
    "as a hook": (lambda canary: hooked(System(canary)), SYSTEM),
    "a class": (lambda canary: Foreign(), r"needs [\w.]+\.Foreign, which"),
    "a wrapper": (lambda canary: nn.DataParallel(nn.Linear(4, 3)), r"needs [\w.]+DataParallel,"),
    "a function": (lambda canary: {**STATE, "x": torch.hub.load}, r"needs torch\.hub\.load, which"),
}


@pytest.mark.parametrize("case", CODE)
def test_code_is_named_and_not_run(case: str, project: Project, tmp_path: Path) -> None:
    make, words = CODE[case]
    torch.save(make(tmp_path / "canary"), tmp_path / "theirs.pt")
    assert_refused(tmp_path / "theirs.pt", project, words)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("name", ["theirs.pt", "theirs.safetensors"])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_pickles_are_not_run(
    protocol: int, name: str, project: Project, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(System(tmp_path / "canary"), protocol))
    assert_refused(tmp_path / name, project, f"{DAMAGED}|{SYSTEM}")
    assert not (tmp_path / "canary").exists()


def test_old_files_with_code_are_not_run(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    content = {**STATE, "x": System(tmp_path / "canary")}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    assert_refused(path, project, SYSTEM)
    assert not (tmp_path / "canary").exists()


@pytest.mark.filterwarnings("ignore:.torch.jit")
def test_a_torchscript_program_is_not_run(project: Project, tmp_path: Path) -> None:
    torch.jit.script(nn.Sequential(nn.Linear(4, 3))).save(tmp_path / "script.pt")
    assert_refused(tmp_path / "script.pt", project, "is a TorchScript program, which can't be")


# Networks whose attributes lie


def without_children() -> nn.Module:
    net = nn.Sequential()
    del net.__dict__["_modules"]
    return net


def holding_itself() -> nn.Module:
    net = nn.Sequential(nn.Linear(4, 3))
    net.add_module("again", net)
    return net


def claiming(name: str, value: object) -> nn.Module:
    net = nn.Sequential(nn.Linear(4, 3))
    net[0].__dict__[name] = value
    return net


LIES: dict[str, tuple[nn.Module, str]] = {
    "no children": (without_children(), DAMAGED),
    "itself": (holding_itself(), "has more than 2,000 layers, or more than 30 in one another"),
    "huge": (claiming("out_features", 10**6), "Linear fc1 gives 1000000; Cross"),
    "text": (claiming("out_features", "3"), r"layers\[0\]\.out_features must be a whole number"),
    "unhashable": (claiming("out_features", ([], [])), DAMAGED),
    "no parameters": (claiming("_parameters", {}), DAMAGED),
    "no tensor": (
        claiming("_parameters", {"weight": 1, "bias": torch.ones(3)}),
        r"fc1\.weight, which is not a plain tensor but of type int",
    ),
    "a tensor": (claiming("in_features", torch.zeros(3)), DAMAGED),
}


@pytest.mark.parametrize("case", LIES)
def test_networks_that_lie_are_refused(case: str, project: Project, tmp_path: Path) -> None:
    network, words = LIES[case]
    torch.save(network, tmp_path / "net.pt")
    with pytest.raises(UserError, match=words):
        list(load_model(tmp_path / "net.pt", project, tmp_path / "into.pt"))
    assert not (tmp_path / "into.pt").exists()


# Archives written by hand


def archive(path: Path, pickled: bytes, data: bytes = b"\0" * 48) -> Path:
    """A file with the parts that torch.save writes: a pickle, and one storage."""
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("archive/data.pkl", b"\x80\x02" + pickled + b".")
        parts.writestr("archive/version", b"3\n")
        parts.writestr("archive/byteorder", b"little")
        parts.writestr("archive/data/0", data)
    return path


def word(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def number(value: int) -> bytes:
    held = pickle.encode_long(value)
    return b"\x8a" + bytes([len(held)]) + held


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(length: int, size: tuple[int, ...], stride: tuple[int, ...], view: bytes) -> bytes:
    """A float32 tensor over a storage that claims `length` numbers."""
    storage = b"(" + word("storage") + b"ctorch\nFloatStorage\n" + word("0") + word("cpu")
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(length) + view + b"tQ"
        + number(0) + numbers(size) + numbers(stride) + b"\x89ccollections\nOrderedDict\n)RtR"
    )  # fmt: skip


def state(length: int = 12, stride: int = 4, view: bytes = b"") -> bytes:
    weight = tensor(length, (3, 4), (stride, 1), view)
    bias = tensor(length, (3,), (1,), view)
    return b"}(" + word("fc1.weight") + weight + word("fc1.bias") + bias + b"u"


DOUBLING = b"".join(b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(60))
ENDLESS = b"}(K\x01" + DOUBLING + b"K\x01u"  # to hash the key takes 2**60 steps
TOO_DEEP = b"}(K\x01" + b"\x85" * 400_000 + b"K\x01u"  # to hash the key overflows the stack
GREEDY = b"c__builtin__\nbytearray\n(" + number(16 << 30) + b"tR"


def test_the_archives_written_here_are_those_of_torch(project: Project, tmp_path: Path) -> None:
    path = archive(tmp_path / "m.pt", state(), struct.pack("<12f", *range(12)))
    list(load_model(path, project, tmp_path / "into.pt"))
    clean = torch.load(tmp_path / "into.pt")["model"]
    assert torch.equal(clean["fc1.weight"], torch.arange(12.0).reshape(3, 4))


@pytest.mark.parametrize("case", ["storage", "tensor", "tensor beyond reason"])
def test_more_data_claimed_than_there_is(case: str, project: Project, tmp_path: Path) -> None:
    claims = {
        "storage": (1 << 20, 4),
        "tensor": (12, 1 << 12),
        "tensor beyond reason": (12, 1 << 60),
    }
    length, stride = claims[case]
    assert_refused(archive(tmp_path / "m.pt", state(length, stride)), project, DAMAGED)


def test_memory_of_the_reader_is_no_weight(project: Project, tmp_path: Path) -> None:
    """An old file without data: torch loads it, filled with what lay in memory."""
    path = tmp_path / "old.pt"
    parts = [pickle.dumps(part, 2) for part in (MAGIC_NUMBER, PROTOCOL_VERSION, {})]
    content = b"\x80\x02" + state(1 << 16, view=b"N") + b"."
    path.write_bytes(b"".join([*parts, content, pickle.dumps([], 2)]))
    assert torch.load(path)["fc1.weight"].untyped_storage().nbytes() > path.stat().st_size
    assert_refused(path, project, DAMAGED)


def test_a_zip_bomb_is_not_inflated(project: Project, tmp_path: Path) -> None:
    """A good model, but for a part that no one asked for."""
    path = archive(tmp_path / "m.pt", state())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("archive/data/1", bytes(50_000_000))
    assert path.stat().st_size < 100_000
    assert torch.load(path).keys() == STATE.keys()
    assert_refused(path, project, DAMAGED)


def test_parts_that_overlap_are_refused(project: Project, tmp_path: Path) -> None:
    """The same bytes named many times: no compression is needed for a bomb."""
    path = tmp_path / "m.pt"
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("archive/data.pkl", b"\x80\x02" + state() + b".")
        parts.writestr("archive/data/0", bytes(100_000))
        for _ in range(50):
            parts.filelist.append(parts.getinfo("archive/data/0"))
    assert_refused(path, project, DAMAGED)


@pytest.mark.parametrize("pickled", [b"", b"K\x01", b"N", b"a", b"h\x05", b"(", b"}K\x01K\x02u"])
def test_pickles_of_nothing_are_refused(pickled: bytes, project: Project, tmp_path: Path) -> None:
    path = archive(tmp_path / "m.pt", pickled)
    assert_refused(path, project, f"{DAMAGED}|holds no parameters by name|it has no fc1")


def test_a_flipped_bit_is_found(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    torch.save(STATE, path)
    data = bytearray(path.read_bytes())
    data[data.index(STATE["fc1.weight"].numpy().tobytes()) + 23] ^= 1
    path.write_bytes(data)
    assert not torch.equal(torch.load(path)["fc1.weight"], STATE["fc1.weight"])  # and says nothing
    assert_refused(path, project, DAMAGED)


@pytest.mark.parametrize("form", ["m.pt", "old.pt", "m.safetensors"])
def test_truncated_files_are_refused(form: str, project: Project, tmp_path: Path) -> None:
    path = tmp_path / form
    if form == "m.safetensors":
        save_file(STATE, path)
    else:
        torch.save(STATE, path, _use_new_zipfile_serialization=form == "m.pt")
    whole = path.read_bytes()
    for length in {0, 1, 3, 8, 9, 20, *range(25, len(whole), 97), len(whole) - 1}:
        path.write_bytes(whole[:length])
        assert_refused(path, project, DAMAGED)


# safetensors whose header lies


def safetensors(header: Mapping[str, object] | bytes, data: bytes = b"\0" * 60) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape: list[int], start: int, end: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


WEIGHT, BIAS = entry([3, 4], 0, 48), entry([3], 48, 60)
HEADERS = {
    "longer than the file": struct.pack("<Q", 1 << 62) + b"{}",
    "100 MB": struct.pack("<Q", 100_000_000) + b"{",
    "no JSON": safetensors(b"{nonsense}"),
    "a list": safetensors(b"[1, 2]"),
    "deep": safetensors(b'{"a":' + b"[" * 100_000),
    "offsets beyond": safetensors({"fc1.weight": WEIGHT, "fc1.bias": entry([3], 48, 1 << 40)}),
    "overlap": safetensors({"fc1.weight": WEIGHT, "fc1.bias": entry([3], 0, 12)}),
    "backwards": safetensors({"fc1.weight": entry([3, 4], 48, 0), "fc1.bias": BIAS}),
    "shape": safetensors({"fc1.weight": entry([1 << 40], 0, 48), "fc1.bias": BIAS}),
    "shape overflow": safetensors({"w": entry([1 << 32, 1 << 32], 0, 0), "fc1.bias": BIAS}),
    "dtype": safetensors({"fc1.weight": entry([3, 4], 0, 48, "F99"), "fc1.bias": BIAS}),
    "short": safetensors({"fc1.weight": WEIGHT, "fc1.bias": BIAS}, b"\0" * 40),
}


@pytest.mark.parametrize("name", ["m.safetensors", "m.pt"])
@pytest.mark.parametrize("case", HEADERS)
def test_headers_that_lie_are_refused(
    case: str, name: str, project: Project, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(HEADERS[case])
    assert_refused(tmp_path / name, project, DAMAGED)


def test_the_content_decides_not_the_suffix(project: Project, tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_bytes(save(STATE))
    torch.save(STATE, tmp_path / "m.safetensors")
    for name in ("m.pt", "m.safetensors"):
        list(load_model(tmp_path / name, project, tmp_path / f"into-{name}"))
        clean: dict[str, Tensor] = torch.load(tmp_path / "into-m.pt")["model"]
        assert torch.equal(clean["fc1.weight"], STATE["fc1.weight"])


# What is no file of a model at all


def test_things_that_are_no_files(project: Project, tmp_path: Path) -> None:
    assert_refused(tmp_path / "none.pt", project, "could not be read: No such file")
    assert_refused(tmp_path, project, "is not a file")
    os.mkfifo(tmp_path / "pipe.pt")
    assert_refused(tmp_path / "pipe.pt", project, "is not a file")
    (tmp_path / "zero.pt").symlink_to("/dev/zero")
    assert_refused(tmp_path / "zero.pt", project, "is not a file")
    (tmp_path / "loop.pt").symlink_to("loop.pt")
    assert_refused(tmp_path / "loop.pt", project, "could not be read: Too many levels")


def test_a_huge_file_is_not_opened(project: Project, tmp_path: Path) -> None:
    with (tmp_path / "huge.pt").open("wb") as file:
        file.truncate(foreign.LARGEST + 1)
    assert_refused(tmp_path / "huge.pt", project, r"has 1\.1 GB; up to 1\.1 GB can be loaded")


@pytest.mark.parametrize(
    "content", [b"hello", b"\x89PNG\r\n\x1a\n" + bytes(100), b"PK\x03\x04", b"{}", bytes(1000)]
)
def test_files_of_other_kinds(content: bytes, project: Project, tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_bytes(content)
    assert_refused(tmp_path / "m.pt", project, DAMAGED)


@pytest.mark.parametrize("name", ["w" * 6000, "w\nchoose yes", "\x1b[2J"])
def test_names_in_a_file_do_not_reach_the_sentence_unread(
    name: str, project: Project, tmp_path: Path
) -> None:
    torch.save({**STATE, name: torch.ones(1)}, tmp_path / "m.pt")
    with pytest.raises(UserError, match=r"it has .*, which the network has not") as told:
        list(load_model(tmp_path / "m.pt", project, tmp_path / "into.pt"))
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 500
    network = nn.Sequential()
    network.__dict__["_modules"] = {name: NonDynamicallyQuantizableLinear(4, 3)}
    torch.save(network, tmp_path / "m.pt")
    assert_refused(tmp_path / "m.pt", project, DAMAGED)


# The disposable process


def loading_apart(path: Path, project: Project, engines: Engines) -> Stream:
    into = path.with_name("into.pt")
    return engines.remote("restore.load_model", path, project, into, disposable=True)


def assert_gone(pid: int | None) -> None:
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_file_that_asks_for_all_memory(
    project: Project, engines: Engines, tmp_path: Path
) -> None:
    path = archive(tmp_path / "greedy.pt", GREEDY)
    assert path.stat().st_size < 1000
    with pytest.raises(UserError, match="asks for more memory than loading a model may take"):
        list(loading_apart(path, project, engines))


def test_a_file_that_never_ends(project: Project, tmp_path: Path) -> None:
    engines = Engines(disposable_seconds=0.5)
    stream = loading_apart(archive(tmp_path / "endless.pt", ENDLESS), project, engines)
    events = iter(stream)
    assert [type(event) for event in next(events)] == [Progress]
    pid = stream.pid
    with pytest.raises(EngineLost, match="took too long and was given up"):
        next(events)
    assert_gone(pid)


def test_a_file_that_crashes_its_reader(project: Project, engines: Engines, tmp_path: Path) -> None:
    stream = loading_apart(archive(tmp_path / "deep.pt", TOO_DEEP), project, engines)
    events = iter(stream)
    assert [type(event) for event in next(events)] == [Progress]
    with pytest.raises(EngineLost, match=r"it ended the process that opened it \(exit code -11\)"):
        next(events)


def test_a_small_file_gets_little_of_the_machine(
    project: Project, engines: Engines, tmp_path: Path
) -> None:
    """The limits are those of the file: no other clock, no other memory."""
    greedy = b"c__builtin__\nbytearray\n(" + number(510 << 20) + b"tR"
    with pytest.raises(UserError, match="asks for more memory than loading a model may take"):
        list(loading_apart(archive(tmp_path / "greedy.pt", greedy), project, engines))
    endless = loading_apart(archive(tmp_path / "endless.pt", ENDLESS), project, engines)
    with pytest.raises(EngineLost, match="took too long and was given up"):
        list(endless)


def test_a_stream_that_is_left_ends_its_process(
    project: Project, engines: Engines, tmp_path: Path
) -> None:
    stream = loading_apart(archive(tmp_path / "endless.pt", ENDLESS), project, engines)
    with closing(iter(stream)) as events:
        next(events)
        pid = stream.pid
    assert_gone(pid)
