"""torchvision's datasets from real files on disk; missing, damaged, or without a network."""

import gzip
import hashlib
import pickle
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError

MNIST, FASHION, CIFAR = (DatasetSpec.named(name) for name in ("MNIST", "FashionMNIST", "CIFAR10"))
DRAW = np.random.default_rng(0)


def idx(array: np.ndarray) -> bytes:
    """An array of bytes in the format of the MNIST files."""
    head = bytes([0, 0, 8, array.ndim])
    return head + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()


def images(count: int, side: int = 28) -> np.ndarray:
    return DRAW.integers(0, 256, (count, side, side), dtype=np.uint8)


def labels(count: int) -> np.ndarray:
    return (np.arange(count) % 10).astype(np.uint8)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, np.ndarray]:
    """The four files of MNIST, 200 and 50 samples, as the folder `raw` holds them."""
    held = {
        "train-images-idx3-ubyte": images(200),
        "train-labels-idx1-ubyte": labels(200),
        "t10k-images-idx3-ubyte": images(50),
        "t10k-labels-idx1-ubyte": labels(50),
    }
    raw(tmp_path).mkdir(parents=True)
    for name, array in held.items():
        (raw(tmp_path) / name).write_bytes(idx(array))
    return held


def raw(root: Path, name: str = "MNIST") -> Path:
    return root / name / "raw"


def test_the_files_are_read_byte_by_byte(tmp_path: Path, files: dict[str, np.ndarray]) -> None:
    splits = MNIST(root=str(tmp_path), val_fraction=0.0).load()
    for split, stem in (("train", "train"), ("test", "t10k")):
        inputs, targets = splits[split]
        assert inputs.dtype == np.uint8
        assert (inputs[:, 0] == files[f"{stem}-images-idx3-ubyte"]).all()
        assert (targets == files[f"{stem}-labels-idx1-ubyte"]).all()
        assert targets.dtype == np.int64
    assert len(splits["val"].targets) == 0


def test_the_validation_share_is_taken_evenly(tmp_path: Path, files: dict[str, np.ndarray]) -> None:
    splits = MNIST(root=str(tmp_path), val_fraction=0.1).load()
    assert np.bincount(splits["val"].targets).tolist() == [2] * 10
    assert np.bincount(splits["train"].targets).tolist() == [18] * 10


def test_without_a_folder_the_programs_own_is_used(home: Path) -> None:
    folder = raw(home / "datasets", "FashionMNIST")
    folder.mkdir(parents=True)
    for stem, count in (("train", 30), ("t10k", 10)):
        (folder / f"{stem}-images-idx3-ubyte").write_bytes(idx(images(count)))
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(idx(labels(count)))
    assert FASHION().folder == home / "datasets"
    assert len(FASHION().load()["test"].targets) == 10


@pytest.mark.parametrize("kind", [MNIST, FASHION, CIFAR])
def test_missing_files_are_told_with_the_folder_and_what_to_do(
    tmp_path: Path, kind: type[DatasetSpec]
) -> None:
    spec = kind(root=str(tmp_path / "nothing"))
    with pytest.raises(UserError, match=rf"is not in {tmp_path}/nothing\. .*Download"):
        spec.load()
    assert not (tmp_path / "nothing").exists(), "looking makes no folders"


@pytest.mark.parametrize("missing", range(4))
def test_one_missing_file_is_enough(
    tmp_path: Path, files: dict[str, np.ndarray], missing: int
) -> None:
    (raw(tmp_path) / list(files)[missing]).unlink()
    with pytest.raises(UserError, match="is not in"):
        MNIST(root=str(tmp_path)).load()


@pytest.mark.parametrize("number", range(4))
def test_a_file_cut_off_anywhere_is_told(
    tmp_path: Path, files: dict[str, np.ndarray], number: int
) -> None:
    path = raw(tmp_path) / list(files)[number]
    whole = path.read_bytes()
    for length in [*range(17), len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=f"of MNIST in {tmp_path} are damaged.*download again"):
            MNIST(root=str(tmp_path)).load()


DAMAGE = {
    "zeros": bytes(1000),
    "text": b"<html>404 Not Found</html>",
    "gzip": gzip.compress(idx(images(200))),
    "labels in place of images": idx(labels(200)),
    "larger images": idx(images(200, side=32)),
    "fewer images than labels": idx(images(150)),
    "a size beyond any file": bytes([0, 0, 8, 3]) + b"\x7f\xff\xff\xff" * 3 + bytes(100),
    "numbers of another type": bytes([0, 0, 0x0D, 3]) + idx(images(200))[4:],
    "no dimensions": bytes([0, 0, 8, 0]),
    "empty": b"",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_other_contents_are_told(tmp_path: Path, files: dict[str, np.ndarray], damage: str) -> None:
    (raw(tmp_path) / "train-images-idx3-ubyte").write_bytes(DAMAGE[damage])
    with pytest.raises(UserError, match=f"of MNIST in {tmp_path} are damaged"):
        MNIST(root=str(tmp_path)).load()


def test_labels_beyond_the_classes_are_told(tmp_path: Path, files: dict[str, np.ndarray]) -> None:
    (raw(tmp_path) / "train-labels-idx1-ubyte").write_bytes(idx(labels(200) + 1))
    with pytest.raises(UserError, match="damaged"):
        MNIST(root=str(tmp_path)).load()


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path, files: dict[str, np.ndarray]) -> None:
    path = raw(tmp_path) / "t10k-images-idx3-ubyte"
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match=str(tmp_path)):
        MNIST(root=str(tmp_path)).load()


def test_files_of_cifar_that_are_not_the_known_ones_are_never_unpickled(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in ("data_batch_1", "data_batch_2", "test_batch", "batches.meta"):
        (folder / name).write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(UserError, match="CIFAR-10 is not in"):
        CIFAR(root=str(tmp_path)).load()
    assert not canary.exists()


class Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection goes by a proxy that is not there: it is refused at once."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("kind", [MNIST, FASHION, CIFAR])
@pytest.mark.usefixtures("no_network")
def test_a_download_without_a_network_says_so(
    tmp_path: Path, kind: type[DatasetSpec], capfd: pytest.CaptureFixture[str]
) -> None:
    spec = kind(root=str(tmp_path))
    with pytest.raises(UserError, match=f"could not be downloaded.*files into {tmp_path}"):
        list(spec.download())
    assert capfd.readouterr().out == "", "standard output belongs to the program"
    with pytest.raises(UserError, match="is not in"):
        spec.load()


@pytest.mark.parametrize("kind", [MNIST, CIFAR])
@pytest.mark.usefixtures("no_network")
def test_a_download_into_what_is_no_folder_says_so(tmp_path: Path, kind: type[DatasetSpec]) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match=f"{tmp_path}/file"):
        list(kind(root=str(tmp_path / "file")).download())
    assert (tmp_path / "file").read_text() == "mine"


class Server:
    """MNIST's files as a server has them; it stops in the middle of a file where it is told to."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.asked, self.go_on = folder, [], threading.Event()
        self.go_on.set()
        self.waits = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                body = (server.folder / self.path[1:]).read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2])
                server.waits.set()
                server.go_on.wait()
                with suppress(ConnectionError):  # nobody may be there any more
                    self.wfile.write(body[len(body) // 2 :])

            def log_message(self, *_: object) -> None:
                """Standard error is the tests'."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        address = f"http://127.0.0.1:{self.http.server_port}/"
        monkeypatch.setattr(datasets.MNIST, "mirrors", [address])
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def holds(self, files: dict[str, bytes]) -> None:
        for name, content in files.items():
            (self.folder / name).write_bytes(content)

    def close(self) -> None:
        self.go_on.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()
        for thread in threading.enumerate():
            if thread.name == "download":
                thread.join()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    (tmp_path / "server").mkdir()
    served = Server(tmp_path / "server", monkeypatch)
    yield served
    served.close()


@pytest.fixture
def published(
    tmp_path: Path,
    files: dict[str, np.ndarray],
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, bytes]:
    """The four files, packed, with their checksums where torchvision has them."""
    packed = {f"{name}.gz": gzip.compress(idx(array)) for name, array in files.items()}
    server.holds(packed)
    checked = [(name, hashlib.md5(content).hexdigest()) for name, content in packed.items()]
    monkeypatch.setattr(datasets.MNIST, "resources", checked)
    return packed


def test_a_download_says_how_far_it_is_and_is_what_was_published(
    tmp_path: Path, files: dict[str, np.ndarray], published: dict[str, bytes], server: Server
) -> None:
    data = MNIST(root=str(tmp_path / "data"), val_fraction=0.0)
    told = list(data.download())
    texts = dict.fromkeys(event.text for event in told)
    assert list(texts)[-1] == "Unpacking MNIST"
    assert all(event.done <= event.total for event in told)
    assert server.asked == [f"/{name}" for name in published]
    images = data.load()["train"].inputs
    assert (images[:, 0] == files["train-images-idx3-ubyte"]).all()
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["MNIST"]
    assert not list(data.download()), "it is there"
    (raw(tmp_path / "data") / "train-labels-idx1-ubyte").write_bytes(b"damaged")
    list(data.download())
    assert server.asked == [f"/{name}" for name in published], "packed, they are there still"
    assert (data.load()["train"].inputs == images).all()


def test_a_download_that_is_given_up_leaves_nothing_and_waits_for_nobody(
    tmp_path: Path, published: dict[str, bytes], server: Server
) -> None:
    data = MNIST(root=str(tmp_path / "data"))
    server.go_on.clear()
    steps = data.download()
    next(step for step in steps if step.done)
    assert server.waits.is_set()
    steps.close()
    assert not server.go_on.is_set(), "the server is silent still"
    assert list((tmp_path / "data").iterdir()) == []
    server.go_on.set()


def test_a_download_that_comes_damaged_is_told_and_leaves_nothing(
    tmp_path: Path, server: Server
) -> None:
    server.holds({file: b"an error page" for file, _ in datasets.MNIST.resources})
    data = MNIST(root=str(tmp_path / "data"))
    with pytest.raises(UserError) as caught:
        list(data.download())
    told = str(caught.value)
    assert told.startswith("MNIST was downloaded, but a file came damaged: MNIST/raw/train-images")
    assert list((tmp_path / "data").iterdir()) == []


def test_every_file_of_torchvision_is_known_by_its_address_place_and_checksum() -> None:
    kinds = {n: k for n, k in DatasetSpec.offered().items() if k.downloadable}
    assert set(kinds) >= {"MNIST", "EMNIST", "QMNIST", "USPS", "SVHN", "STL10", "CIFAR100"}
    for name, kind in kinds.items():
        for file in kind().remote_files(getattr(datasets, name)):
            assert file.urls
            assert all(url.startswith("http") for url in file.urls)
            assert re.fullmatch("[0-9a-f]{32}", file.md5)
            assert all(url.endswith(Path(file.place).name) for url in file.urls)
