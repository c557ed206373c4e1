"""Tables: what is found in them, and the numbers that they become, against plain Python."""

import csv
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.written import opened, parquet_table, people, table
from workbench.catalog.datasets.parquet import parquet_chunks
from workbench.catalog.datasets.table_facts import TableFacts, survey
from workbench.catalog.datasets.text_table import CHUNK_BYTES, CHUNK_CELLS, chunks, dialect_of
from workbench.core.data import SPLITS, DatasetSpec, ended
from workbench.core.errors import UserError
from workbench.core.file_source import FileSource
from workbench.core.files import parse_json
from workbench.core.spec import validated

NUMBERED = {"x": range(100), "noise": [(7 * n) % 13 / 2 for n in range(100)], "y": [0, 1] * 50}


def every_row(data: DatasetSpec) -> np.ndarray:
    """All samples with their targets, sorted, so that splits do not matter."""
    splits = data.load()
    rows = [np.column_stack([splits[s].inputs, splits[s].targets]) for s in SPLITS]
    joined = np.concatenate(rows)
    return joined[np.lexsort(joined.T[::-1])]


def kinds(data: Any) -> dict[str, str]:
    return {column.name: column.holds for column in data.facts.columns}


def test_kinds_target_and_features_are_found(tmp_path: Path) -> None:
    data = opened(table(tmp_path / "people.csv", people()))
    assert data.kind == "Table"
    assert kinds(data) == {
        "id": "number",
        "name": "text",
        "age": "number",
        "sex": "category",
        "port": "category",
        "fare": "number",
        "survived": "number",
    }
    info = data.info()
    ports = [f"port={port}" for port in ("Cherbourg", "Queenstown", "Southampton")]
    assert info.features == ("age", "sex=male", *ports, "fare"), "no row number, no names"
    assert (info.task, info.target, info.classes) == ("classification", "survived", ("0", "1"))
    assert info.shape == (6,)
    assert info.title == "people.csv"
    assert sum(info.sizes.values()) == 120


@pytest.mark.parametrize("rule", ["mean", "most frequent", "own column", "drop rows"])
def test_missing_values_by_every_rule_as_plain_python_does_it(tmp_path: Path, rule: str) -> None:
    columns = people()
    data = opened(table(tmp_path / "people.csv", columns), missing=rule, features="age, port")
    splits, info = data.load(), data.info()
    assert {split: len(splits[split].targets) for split in SPLITS} == info.sizes
    kept = [
        (age, port, target)
        for age, port, target in zip(
            columns["age"], columns["port"], columns["survived"], strict=True
        )
        if rule != "drop rows" or (age != "" and port != "NA")
    ]
    assert sum(info.sizes.values()) == len(kept)
    train = splits["train"].inputs
    # What stands in is of training rows alone, so it is found again from what is not filled.
    ages, cities = train[:, 0], ["Cherbourg", "Queenstown", "Southampton"]
    if rule == "own column":
        assert info.features[1::4] == ("age is missing", "port is missing")
        lacks = train[:, 1] == 1
        assert math.isclose(ages[lacks][0], ages[~lacks].mean(), rel_tol=1e-6)
        assert len(set(ages[lacks].tolist())) == 1
        no_port = train[:, 5] == 1
        assert (train[no_port, 2:5] == 0).all()
        assert (train[~no_port, 2:5].sum(1) == 1).all()
        return
    assert info.features == ("age", *(f"port={city}" for city in cities))
    known = {float(age) for age, *_ in kept if age != ""}
    filled = [age for age in ages.tolist() if age not in known]
    everywhere = np.concatenate([splits[split].inputs for split in SPLITS])
    assert (everywhere[:, 1:].sum(1) == 1).all()
    assert not np.isnan(everywhere).any()
    assert (len(set(filled)) == 1) == (rule == "mean")
    wanted = Counter(int(target) for *_, target in kept)
    assert Counter(np.concatenate([splits[s].targets for s in SPLITS]).tolist()) == wanted


def test_the_mean_of_training_rows_stands_in_and_no_other(tmp_path: Path) -> None:
    columns = {"a": [float(n) if n % 4 else "" for n in range(80)], "y": [n / 3 for n in range(80)]}
    data = opened(table(tmp_path / "gaps.csv", columns))
    splits = data.load()
    lacking = {np.float32(n / 3) for n in range(0, 80, 4)}
    train = splits["train"]
    is_lacking = np.isin(train.targets, list(lacking))
    mean = train.inputs[~is_lacking, 0].mean(dtype=np.float64)
    for samples in splits.values():
        filled = samples.inputs[np.isin(samples.targets, list(lacking)), 0]
        assert filled == pytest.approx(np.full(len(filled), mean), rel=1e-6)


def test_rows_without_a_target_are_dropped(tmp_path: Path) -> None:
    columns = {
        "x": range(50),
        "z": [3 * n % 17 for n in range(50)],
        "y": ["", "a", "b"] * 16 + ["a", "b"],
    }
    data = opened(table(tmp_path / "t.csv", columns))
    assert sum(data.info().sizes.values()) == 34
    assert len(every_row(data)) == 34


@pytest.mark.parametrize(
    ("categories", "values", "names"),
    [
        ("one-hot", 2, ["c=b"]),
        ("integers", 2, ["c=b"]),
        ("one-hot", 5, [f"c={letter}" for letter in "abcde"]),
        ("integers", 5, ["c"]),
        ("one-hot", 40, ["c"]),
    ],
)
def test_categories_by_their_rule(
    tmp_path: Path, categories: str, values: int, names: list[str]
) -> None:
    words = [chr(ord("a") + n) if values < 26 else f"w{n:02}" for n in range(values)]
    columns = {"c": [words[n % values] for n in range(200)], "y": [n / 7 for n in range(200)]}
    data = opened(table(tmp_path / "c.csv", columns), categories=categories)
    assert list(data.info().features) == names
    for samples in data.load().values():
        codes = [round(float(y) * 7) % values for y in samples.targets]
        if len(names) > 1:
            assert (samples.inputs == np.eye(values)[codes]).all()
        else:
            assert samples.inputs[:, 0].tolist() == codes


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiter_and_encoding_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    columns = {
        "größe": [n / 8 for n in range(60)],
        "ort": ["Köln", "Zürich, Altstadt", 'das "Eck"; links'] * 20,
        "y": [n % 2 for n in range(60)],
    }
    data = opened(table(tmp_path / "daten.csv", columns, delimiter, encoding))
    assert kinds(data) == {"größe": "number", "ort": "category", "y": "number"}
    places = sorted(set(columns["ort"]))
    assert data.info().features == ("größe", *(f"ort={place}" for place in places))
    assert len(every_row(data)) == 60


def test_a_decimal_comma_is_found_with_points_between_thousands(tmp_path: Path) -> None:
    text = "a;b\n" + "".join(f"{n},5;1.{n:03},25\n" for n in range(100, 160))
    (tmp_path / "de.csv").write_text(text)
    data = opened(tmp_path / "de.csv", val_fraction=0.0, test_fraction=0.0)
    rows = every_row(data)
    assert rows.tolist() == [[n + 0.5, 1000 + n + 0.25] for n in range(100, 160)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_without_a_header_blank_lines_and_quoted_line_ends(tmp_path: Path, end: str) -> None:
    lines = [f'{n},"two{end}lines",{n % 3}' for n in range(40)]
    (tmp_path / "t.csv").write_bytes((end + end.join(lines) + end + end).encode())
    data = opened(tmp_path / "t.csv", features=["column 1"])
    assert kinds(data) == {"column 1": "number", "column 2": "category", "column 3": "number"}
    assert len(every_row(data)) == 40


def test_names_that_are_empty_or_twice_the_same_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "a,,a,a (2)\n" + "".join(f"{n},7,{n * n},x\n" for n in range(30))
    )
    data = opened(tmp_path / "t.csv", target="a")
    assert list(kinds(data)) == ["a", "column 2", "a (2)", "a (2) (2)"]
    assert data.info().features == ("a (2)",), "what is the same in all rows is no feature"


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["yes", "no"], "classification", ("no", "yes")),
        ([0, 1], "classification", ("0", "1")),
        ([1.0, 2.0, 3.0], "classification", ("1", "2", "3")),
        ([10, 9, 100], "classification", ("9", "10", "100")),
        (["True", "False"], "classification", ("False", "True")),
        ([n / 4 for n in range(7)], "regression", ()),
        (range(21), "regression", ()),
        (range(20), "classification", tuple(map(str, range(20)))),
    ],
)
def test_the_task_is_told_by_the_target(
    tmp_path: Path, values: Any, task: str, classes: tuple[str, ...]
) -> None:
    targets = [values[n % len(values)] for n in range(210)]
    path = table(tmp_path / "t.csv", {"x": [n * n % 31 for n in range(210)], "y": targets})
    data = opened(path)
    info, train = data.info(), data.load()["train"]
    assert (info.task, info.classes) == (task, classes)
    assert train.targets.dtype == (np.float32 if task == "regression" else np.int64)
    if classes and classes[0].isdigit():
        regression = data.replace(task="regression")
        assert regression.info().task == "regression"
        known = {float(value) for value in values}
        assert set(regression.load()["train"].targets.tolist()) == known
    if task == "regression" and len(values) == 21:
        assert data.replace(task="classification").info().classes == tuple(map(str, range(21)))


def test_what_no_float32_holds_is_missing(tmp_path: Path) -> None:
    cells = ["1e999", "-inf", "1e300", "7", "nan", "8", "9", "7"] * 6
    path = table(tmp_path / "t.csv", {"x": cells, "y": ["a", "b"] * 24})
    data = opened(path, test_fraction=0.0, val_fraction=0.0)
    [x, _] = data.facts.columns
    assert (x.missing, x.infinite, x.values, x.mean) == (24, 18, ("7", "8", "9"), 7.75)
    assert set(data.load()["train"].inputs[:, 0].tolist()) == {7, 7.75, 8, 9}


def test_a_column_says_the_splits(tmp_path: Path) -> None:
    part = ["Train"] * 60 + ["valid"] * 25 + ["test"] * 15
    data = opened(table(tmp_path / "t.csv", {**NUMBERED, "part": part}), features=["x", "noise"])
    assert data.info().sizes == {"train": 60, "val": 25, "test": 15}
    splits = data.load()
    assert sorted(splits["val"].inputs[:, 0].tolist()) == list(range(60, 85))
    assert sorted(splits["test"].inputs[:, 0].tolist()) == list(range(85, 100))
    shared = data.replace(split_column="")
    assert shared.info().sizes == {"train": 81, "val": 9, "test": 10}
    no_val = table(tmp_path / "u.csv", {**NUMBERED, "part": ["train"] * 80 + ["test"] * 20})
    assert opened(no_val).info().sizes == {"train": 72, "val": 8, "test": 20}


def test_reading_says_how_far_it_is_and_can_be_given_up(tmp_path: Path) -> None:
    data = opened(table(tmp_path / "t.csv", people(30_000)))
    steps = data.loading()
    next(steps)
    steps.close()
    told = list(data.loading())
    assert {event.text for event in told} == {"Reading t.csv"}
    assert [event.done for event in told] == sorted({event.done for event in told})
    assert (len(told), told[-1].done, told[-1].total) == (math.ceil(30_000 / 8192), 30_000, 30_000)
    assert len(data.load()["train"].targets) == data.info().sizes["train"]


def test_k_folds_are_apart_and_together_all(tmp_path: Path) -> None:
    data = opened(table(tmp_path / "t.csv", NUMBERED), features=["x"])
    seen: list[float] = []
    for fold in range(1, 8):
        part = data.replace(folds=7, fold=fold)
        splits = part.load()
        assert {split: len(splits[split].targets) for split in SPLITS} == part.info().sizes
        counts = np.bincount(splits["val"].targets)
        assert abs(counts[0] - counts[1]) <= 1
        seen += splits["val"].inputs[:, 0].tolist()
        test = splits["test"].inputs[:, 0].tolist()
    assert sorted(seen + test) == list(range(100))
    with pytest.raises(ValueError, match="no fold 8 of 7"):
        data.replace(folds=7, fold=8)


def test_without_stratification_chance_decides(tmp_path: Path) -> None:
    columns = {"x": range(1000), "y": ["rare"] * 40 + ["usual"] * 960}
    path = table(tmp_path / "t.csv", columns)
    drawn = {
        stratify: {
            np.bincount(data.load()["val"].targets, minlength=2)[0]
            for seed in range(8)
            for data in [opened(path, stratify=stratify, split_seed=seed, test_fraction=0.0)]
        }
        for stratify in (True, False)
    }
    assert drawn[True] == {4}
    assert len(drawn[False]) > 2


WINDOW = {"date": [f"day {n:03}" for n in range(200)], "a": [n / 2 for n in range(200)]}


@pytest.mark.parametrize(
    ("window", "horizon", "stride"), [(5, 1, 1), (7, 3, 2), (1, 0, 5), (20, 20, 1)]
)
def test_a_window_makes_a_time_series_as_a_loop_does(
    tmp_path: Path, window: int, horizon: int, stride: int
) -> None:
    prices = [math.sin(n / 9) for n in range(200)]
    path = table(tmp_path / "t.csv", {**WINDOW, "price": prices})
    data = opened(path, target="price", window=window, horizon=horizon, stride=stride)
    inputs, targets = [], []
    for start in range(0, 200, stride):
        end = start + window - 1 + horizon
        if end < 200:
            past = [
                [n / 2, prices[n]] if horizon else [n / 2] for n in range(start, start + window)
            ]
            inputs.append(past)
            targets.append(prices[end])
    splits, info = data.load(), data.info()
    assert info.shape == (window, 2 if horizon else 1)
    assert {split: len(splits[split].targets) for split in SPLITS} == info.sizes
    made = [
        np.concatenate([getattr(splits[s], part) for s in SPLITS]) for part in ("inputs", "targets")
    ]
    assert (made[0] == np.array(inputs, dtype=np.float32)).all(), "in the order of time"
    assert (made[1] == np.array(targets, dtype=np.float32)).all()
    folded = data.replace(folds=4, fold=2, test_fraction=0.0)
    splits = folded.load()
    assert {split: len(splits[split].targets) for split in SPLITS} == folded.info().sizes
    start, count = folded.replace(fold=1).info().sizes["val"], len(splits["val"].targets)
    assert splits["val"].targets.tolist() == np.float32(targets)[start : start + count].tolist()


@pytest.mark.parametrize(
    ("window", "horizon", "stride"), [(5, 1, 1), (7, 3, 2), (1, 0, 5), (9, 2, 4)]
)
def test_no_window_behind_a_fold_holds_a_row_of_its_targets(
    tmp_path: Path, window: int, horizon: int, stride: int
) -> None:
    rows = [float(n) for n in range(200)]
    path = table(tmp_path / "t.csv", {"x": [n / 2 for n in rows], "y": [n + 0.5 for n in rows]})
    usual = {"window": window, "horizon": horizon, "stride": stride, "scale_target": False}
    for fold in (1, 2):
        data = opened(path, target="y", features="x", folds=3, fold=fold, **usual)
        splits = data.load()
        assert {split: len(splits[split].targets) for split in SPLITS} == data.info().sizes
        last = splits["val"].targets.max() - 0.5
        behind = splits["train"].inputs[:, 0, 0] * 2
        behind = behind[behind > last - window - horizon + 1]
        assert last < behind.min() <= last + stride


def test_folds_that_leave_nothing_to_train_on_are_told(tmp_path: Path) -> None:
    rows = {"x": [n / 2 for n in range(40)], "y": [n + 0.5 for n in range(40)]}
    path = table(tmp_path / "t.csv", rows)
    with pytest.raises(UserError, match="no window is left to train on that fold 1 of 2"):
        opened(path, target="y", window=20, folds=2, fold=1)


def test_in_a_time_series_what_was_before_stands_in(tmp_path: Path) -> None:
    values = ["", 1, "", "", 4, 5, "NA", 7, 8, 9]
    path = table(tmp_path / "t.csv", {"a": values, "y": [n / 3 for n in range(10)]})
    options = {"window": 1, "horizon": 0, "val_fraction": 0.0, "test_fraction": 0.0}
    train = opened(path, **options, missing="own column").load()["train"].inputs[:, 0]
    assert train[:, 0].tolist() == [1, 1, 1, 1, 4, 5, 5, 7, 8, 9]
    assert train[:, 1].tolist() == [1, 0, 1, 1, 0, 0, 1, 0, 0, 0]


def test_parquet_is_the_same_as_csv(tmp_path: Path) -> None:
    columns = people()
    of_text = opened(table(tmp_path / "p.csv", columns), target="fare")
    typed = {
        **columns,
        "age": [None if age == "" else age for age in columns["age"]],
        "port": [None if port == "NA" else port for port in columns["port"]],
    }
    of_parquet = opened(parquet_table(tmp_path / "p.parquet", typed), target="fare")
    assert kinds(of_text) == kinds(of_parquet)
    assert of_text.info().features == of_parquet.info().features
    assert (every_row(of_text) == every_row(of_parquet)).all()


def test_parquet_of_other_types(tmp_path: Path) -> None:
    columns = {
        "flag": [n % 2 == 0 for n in range(40)],
        "list": [[n, n] for n in range(40)],
        "bytes": [b"\xff\x00"] * 40,
        "y": [n * 0.5 for n in range(40)],
    }
    data = opened(parquet_table(tmp_path / "p.parquet", columns))
    assert data.info().features == ("flag=true",)
    assert data.load()["train"].inputs.mean() == pytest.approx(0.5, abs=0.2)


def test_it_is_the_same_after_a_trip_through_its_file(tmp_path: Path) -> None:
    data = opened(table(tmp_path / "p.csv", people()), missing="own column", folds=3, fold=2)
    text = json.dumps(data.model_dump(mode="json"), allow_nan=False)
    back = validated(DatasetSpec, parse_json(text, "here"), "here")
    assert back == data
    assert hash(back) == hash(data)
    assert back.info() == data.info()
    assert isinstance(back, FileSource)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "agee"}, "there is no column 'agee'; the columns are id, name, age"),
        ({"target": "name"}, "too many different values to be classes"),
        ({"target": "sex", "task": "regression"}, "holds words: no regression"),
        ({"target": "fare", "task": "classification"}, "too many different values"),
        ({"features": ["name"]}, "the column 'name' can't be a feature"),
        ({"features": ["age", "age"]}, "only be one of"),
        ({"target": "age", "features": ["age"]}, "only be one of"),
        ({"split_column": "sex"}, "other values than train, val and test"),
        ({"missing": "zero"}, "missing"),
        ({"window": 200}, "too few for a window of 200"),
        ({"window": 5, "missing": "drop rows"}, "can't be dropped"),
        ({"colour": 1}, "which has no colour"),
        ({"facts": 1}, "which has no facts"),
    ],
)
def test_what_does_not_suit_the_table_is_one_sentence(
    tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    path = table(tmp_path / "p.csv", people())
    with pytest.raises(UserError, match=said) as told:
        opened(path, **options)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


def survey_of(path: Path) -> TableFacts:
    return ended(survey(path))


FRACTIONS = "France,1.5,2.25\nSpain,3.5,4\nItaly,2.75,8\n"


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("country,2019,2020\n" + FRACTIONS, True),
        ("country,2019,2020\nF,45000,3000\nS,21,4\n", True),
        ("inf,x\n1,2\n3,4\n", True),
        ("name,inf\na,1\nb,2\n", True),
        ("0,1,2\n0.5,1,2\n2,2.2,1.5\n", True),
        ("n,7,a\n1,2,3\n3,4,5\n", True),
        ("5.1,3.5,setosa\n4,3,setosa\n4,3.1,other\n", False),
        ("5,0,0,0\n4,0,0,1\n9,0,3,0\n", False),
        ("nan,1\n2,3\n4,5\n", False),
        ("France,2019,2020\nSpain,2018,2021\nItaly,2015,2022\n", False),
        ("yes,red\nno,blue\nyes,red\nno,red\n", False),
    ],
)
def test_a_row_is_a_header_where_it_differs_from_those_beneath(
    tmp_path: Path, text: str, header: bool
) -> None:
    (tmp_path / "t.csv").write_text(text)
    facts = survey_of(tmp_path / "t.csv")
    assert facts.dialect.header == header
    assert facts.total == text.count("\n") - header


@pytest.mark.parametrize("wished", ["yes", "no"])
def test_the_header_can_be_said(tmp_path: Path, wished: str) -> None:
    (tmp_path / "t.csv").write_text("5,1,7\n" + "".join(f"{n},{n * n},{n % 2}\n" for n in range(9)))
    data = opened(tmp_path / "t.csv", header=wished)
    total = sum(len(part.targets) for part in data.load().values())
    assert (total, data.target) == ((9, "7") if wished == "yes" else (10, "column 3"))
    with pytest.raises(UserError, match="Choose Data > Reload"):
        data.replace(header="no" if wished == "yes" else "yes").load()
    assert ("[1:]" in "\n".join(data.source().lines)) == (wished == "yes")


def test_a_chunk_is_bounded_by_its_text_and_not_by_lines(tmp_path: Path) -> None:
    cell = "\n".join(["x" * 99] * 1000)  # a hundred kilobytes in short lines
    with (tmp_path / "t.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("a", "b"), *((number, cell) for number in range(400))])
    found = list(chunks(tmp_path / "t.csv", dialect_of(tmp_path / "t.csv"), 2))
    sizes = [sum(map(len, chunk.columns[1])) for chunk in found]
    assert sum(len(chunk.columns[0]) for chunk in found) == 400
    assert max(sizes) <= CHUNK_BYTES + len(cell)


def test_a_wide_parquet_table_comes_in_few_rows_at_a_time(tmp_path: Path) -> None:
    wide = {f"c{place}": list(range(2000)) for place in range(600)}
    found = list(parquet_chunks(parquet_table(tmp_path / "t.parquet", wide)))
    assert sum(len(chunk.columns[0]) for chunk in found) == 2000
    assert max(len(chunk.columns) * len(chunk.columns[0]) for chunk in found) <= CHUNK_CELLS
