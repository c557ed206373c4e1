"""`train.py` of every source: its losses are those of the program, to the last bit."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alone import Alone
from generated import tidy
from image_files import folder as image_folder
from image_files import picture, write
from twins import assert_the_same
from written import idx, images, opened, parquet_table, people, table

from workbench.core.codegen_train import generate_program
from workbench.core.data import DatasetSpec
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.train import OptimizerSpec, TrainConfig, default_loss


def project(data: DatasetSpec, **recipe: Any) -> Project:
    """A small network that suits the data, convolving images."""
    info = data.info()
    outputs = len(info.classes) or 1
    kinds = ["Flatten", "Linear"] if len(info.shape) > 1 else ["Linear"]
    layers = [LayerSpec.named(kind)() for kind in kinds]
    layers[-1] = layers[-1].replace(out_features=outputs)
    if info.is_image:
        layers.insert(0, LayerSpec.named("Conv2d")(out_channels=4))
    usual: dict[str, Any] = {"lr": 0.01, "batch_size": 9, "epochs": 2} | recipe
    return Project(
        model=ModelSpec(layers=tuple(layers)),
        data=data,
        train=TrainConfig(
            loss=default_loss(info), optimizer=OptimizerSpec.named("Adam")(), **usual
        ),
    )


def built_in(_: Path) -> Iterator[tuple[str, DatasetSpec]]:
    for name, kind in DatasetSpec.offered().items():
        if not kind.downloadable and name != "FashionMNISTSmall":
            small = {"samples": 60} if "samples" in kind.model_fields else {}
            yield name, kind(size=60) if name == "FakeData" else kind(**small)
    yield "Curve sinc", DatasetSpec.named("Curve")(function="sinc", val_fraction=0.0, samples=60)
    yield "grey FakeData", DatasetSpec.named("FakeData")(size=60, image_size=(1, 8, 8))
    yield "Spirals of 3", DatasetSpec.named("Spirals")(classes=3, samples=90, test_fraction=0.0)


def splits(_: Path) -> Iterator[tuple[str, DatasetSpec]]:
    wine = DatasetSpec.named("Wine")
    for name, options in {
        "folds": {"folds": 3, "fold": 2},
        "folds by chance": {"folds": 4, "fold": 4, "stratify": False},
        "by chance": {"stratify": False, "split_seed": 7},
        "no val": {"val_fraction": 0.0},
        "train alone": {"val_fraction": 0.0, "test_fraction": 0.0},
        "not normalized": {"normalize": False},
        "weights": {"balance": "weights"},
        "sampling": {"balance": "sampling"},
    }.items():
        yield name, wine(**options)
    yield "sampled images", DatasetSpec.named("Digits")(balance="sampling")


def of_tables(folder: Path) -> Iterator[tuple[str, DatasetSpec]]:
    held = people()
    path = table(folder / "people.csv", held)
    for rule in ("mean", "most frequent", "own column", "drop rows"):
        yield f"people {rule}", opened(path, missing=rule)
    yield "people as integers", opened(path, categories="integers")
    yield "fares", opened(path, target="fare")
    yield "fares as they are", opened(path, target="fare", scale_target=False, normalize=False)
    yield "ports", opened(path, target="port")
    yield "numbers alone", opened(path, features="fare")
    semicolons = {name: [str(v).replace(".", ",") for v in held[name]] for name in held}
    german = table(folder / "german.csv", semicolons, delimiter=";", encoding="cp1252")
    yield "decimal commas", opened(german)
    parts = ["train", "Train", "test", "valid"] * 30
    told = table(folder / "told.tsv", {**held, "part": parts}, delimiter="\t")
    yield "split column", opened(told)
    yield "split column dropping", opened(told, missing="drop rows")
    rated = {**held, "rating": [n % 5 + 3 for n in range(120)]}
    yield "whole numbers", opened(table(folder / "rated.csv", rated), target="rating")
    gaps = {**held, "survived": ["" if n % 10 == 0 else v for n, v in enumerate(held["survived"])]}
    yield "targets missing", opened(table(folder / "gaps.csv", gaps), target="survived")
    far = {**held, "fare": ["inf" if n == 7 else v for n, v in enumerate(held["fare"])]}
    yield "infinite", opened(table(folder / "far.csv", far))
    plain = {"a": [n / 7 for n in range(60)], "b": [n % 9 for n in range(60)], "y": [0, 1] * 30}
    yield "no header", opened(table(folder / "plain.csv", plain, header=False))
    yield "parquet", opened(parquet_table(folder / "plain.parquet", plain))
    words = {"word": ["x", "y", "z"] * 20, "ok": [True, None] * 30, "y": [n / 3 for n in range(60)]}
    yield "parquet of words", opened(parquet_table(folder / "words.parquet", words))
    series = table(folder / "series.csv", {k: held[k] for k in ("age", "port", "fare")})
    for name, options in {
        "series": {"stride": 2, "missing": "own column"},
        "series of folds": {"folds": 3, "fold": 2, "horizon": 0},
    }.items():
        yield name, opened(series, target="fare", window=6, **options)


def of_arrays(folder: Path) -> Iterator[tuple[str, DatasetSpec]]:
    labels = np.arange(60) % 3
    values = np.random.default_rng(0).normal(size=(60, 4))
    np.savez(folder / "values.npz", x=values, y=labels)
    yield "npz", opened(folder / "values.npz")
    np.savez_compressed(folder / "words.npz", x=values, y=np.array(["c", "a", "b"])[labels])
    yield "npz of words", opened(folder / "words.npz")
    np.savez(folder / "parts.npz", x_train=values, y_train=labels, x_test=values, y_test=labels)
    yield "npz of parts", opened(folder / "parts.npz")
    np.save(folder / "alone.npy", values)
    yield "npy with its target", opened(folder / "alone.npy", task="regression")
    for place, (name, shape) in enumerate(
        {"images": (9, 9), "last": (9, 9, 3), "waves": (5, 2), "line": (5,)}.items()
    ):
        below = folder / name
        below.mkdir()
        pixels = images(60, *shape, seed=place)
        np.save(below / "x.npy", pixels if name in ("images", "last") else pixels / np.float32(7))
        np.save(below / "y.npy", labels * 2 + 1)
        yield f"npy {name}", opened(below / "x.npy")
    yield "npy rows", opened(folder / "images" / "x.npy", layout="row")
    fractions = folder / "fractions"
    fractions.mkdir()
    np.save(fractions / "x.npy", images(60, 9, 9) / 255)
    np.save(fractions / "y.npy", labels)
    yield "npy fractions", opened(fractions / "x.npy")
    np.savez(folder / "sixteen.npz", x=images(60, 9, 9).astype("u2") * 256, y=labels)
    yield "npz of 16 bits", opened(folder / "sixteen.npz", layout="image")
    np.savez(folder / "whole.npz", x=images(60, 9, 9, 3).astype("i8"), y=labels)
    yield "npz of whole numbers", opened(folder / "whole.npz")
    for suffix in ("", ".gz"):
        idx(folder / f"idx{suffix}" / f"train-images-idx3-ubyte{suffix}", images(60, 8, 8))
        idx(folder / f"idx{suffix}" / f"train-labels-idx1-ubyte{suffix}", labels.astype("u1"))
        idx(folder / f"idx{suffix}" / f"t10k-images-idx3-ubyte{suffix}", images(20, 8, 8))
        idx(folder / f"idx{suffix}" / "t10k-labels-idx1-ubyte", labels[:20].astype("u1"))
        yield f"idx{suffix}", opened(folder / f"idx{suffix}")


def of_images(folder: Path) -> Iterator[tuple[str, DatasetSpec]]:
    colour = image_folder(folder / "colour")
    write(colour / "a" / "deep" / "camera.jpg", picture(5, 40, 30))
    write(colour / "a" / ".hidden.png", picture(5, 40, 30))
    for fit in ("crop", "pad", "stretch"):
        yield f"images {fit}", opened(colour, size=10, fit=fit)
    yield "images grey", opened(image_folder(folder / "grey", channels=1), size=(8, 10))
    parted = folder / "parted"
    for part in ("Train", "valid", "test"):
        image_folder(parted / part, 12)
    (parted / "Train" / "a" / "bad.png").write_bytes(b"no image")
    yield "images by folder", opened(parted, skip_unreadable=True)


def of_sequences(folder: Path) -> Iterator[tuple[str, DatasetSpec]]:
    draw = np.random.default_rng(0)
    for name, root in (("sequences", folder / "plain"), ("sequences by table", folder / "told")):
        for number in range(24):
            rows = draw.normal(size=(5 + number % 4, 2)).round(3).tolist()
            below = root / "ab"[number % 2] if name == "sequences" else root
            below.mkdir(parents=True, exist_ok=True)
            held = {"t": [x for x, _ in rows], "u": ["" if y > 1.2 else y for _, y in rows]}
            table(below / f"{number:02}.csv", held)
        if name != "sequences":
            speeds = [f"{n / 7}".replace(".", ",") for n in range(24)]
            told = {"file": [f"{n:02}" for n in range(24)], "speed": speeds}
            table(root / "labels.csv", told, delimiter=";")
            for path in root.glob("[0-9]*.csv"):
                path.write_text(path.read_text().replace("t,u", "t,t"))
        yield name, opened(root, length=6 if name == "sequences" else 0)


GROUPS: dict[str, Callable[[Path], Iterator[tuple[str, DatasetSpec]]]] = {
    "built in": built_in,
    "splits": splits,
    "tables": of_tables,
    "arrays": of_arrays,
    "images": of_images,
    "sequences": of_sequences,
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_program_loses_what_the_app_loses(group: str, alone: Alone, tmp_path: Path) -> None:
    below = tmp_path / "data"
    below.mkdir()
    projects = {name: project(data) for name, data in GROUPS[group](below)}
    assert_the_same(projects, alone, tmp_path)
    (tmp_path / "tidy").mkdir()
    texts = {name: generate_program(each).text for name, each in projects.items()}
    tidy(texts, tmp_path / "tidy")
