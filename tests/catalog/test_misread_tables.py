"""Tables that were once read as something else without a word: what is lost or guessed is told."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.written import opened
from workbench.catalog.datasets.parquet import parquet_chunks
from workbench.catalog.datasets.text_table import CHUNK_BYTES
from workbench.core.errors import UserError

ALL = {"val_fraction": 0.0, "test_fraction": 0.0}


def lines_of(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.mark.parametrize("rest", [[], ['9,8,"c"']])
def test_a_quotation_mark_without_an_end_swallows_no_rows(tmp_path: Path, rest: list[str]) -> None:
    lines = ["x,y,word", *(f"{n},{n % 2},{'ab'[n % 2]}" for n in range(40))]
    lines[21] = '20,0,"a'
    with pytest.raises(UserError, match=r"line 22: .* quotation mark may lack its end"):
        opened(lines_of(tmp_path / "t.csv", [*lines, *rest]))


def test_decimal_commas_throughout_are_no_delimiters(tmp_path: Path) -> None:
    rows = [(n * n % 97 + 0.5, 2 * n + 0.25, 1000 + n + 0.75) for n in range(10, 50)]
    lines = [f"{x};{y};{z:,}".replace(",", "'").replace(".", ",") for x, y, z in rows]
    path = lines_of(tmp_path / "t.csv", [line.replace("'", ".") for line in lines])
    data = opened(path, target="column 3", **ALL)
    train = data.load()["train"]
    found = zip(*train.inputs.T.tolist(), train.targets.tolist(), strict=True)
    assert sorted(found) == sorted(rows)
    assert (data.facts.dialect.delimiter, data.facts.dialect.header) == (";", False)


def test_a_comma_stays_the_delimiter_of_whole_numbers(tmp_path: Path) -> None:
    data = opened(lines_of(tmp_path / "t.csv", [f"{n},{n * n % 7},{n % 2}" for n in range(40)]))
    assert len(data.facts.columns) == 3


def parted_table(folder: Path) -> Path:
    parts = ["train"] * 30 + ["val"] * 6 + ["test"] * 4
    lines = [f"{n},{n * 7 % 13},{n / 4},{part}" for n, part in enumerate(parts, 5)]
    return lines_of(folder / "t.csv", ["a,b,y,part", *lines])


def test_a_time_series_takes_no_split_column(tmp_path: Path) -> None:
    path = parted_table(tmp_path)
    with pytest.raises(UserError, match="split in order, not by the column 'part'"):
        opened(path, window=3, split_column="part")
    with pytest.raises(ValueError, match="split in order, not by the column 'part'"):
        opened(path).replace(window=3)
    series = opened(path, window=3)
    assert (series.split_column, sum(series.info().sizes.values())) == ("", 37)
    assert "part=val" not in series.info().features, "what a row is for is nothing to learn from"
    assert opened(path).info().sizes == {"train": 30, "val": 6, "test": 4}


def sequences(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_renamed_folder_of_a_class_is_told(tmp_path: Path) -> None:
    texts = {f"{label}/{n}.csv": f"x,y\n{n},2\n3,4\n" for label in ("run", "walk") for n in "123"}
    data = opened(sequences(tmp_path / "moves", texts), **ALL)
    assert len(data.load()["train"].targets) == 6
    (tmp_path / "moves" / "run").rename(tmp_path / "moves" / "crawl")
    with pytest.raises(UserError, match="has changed since it was chosen"):
        data.load()
    (tmp_path / "moves" / "crawl").rename(tmp_path / "moves" / "run")
    (tmp_path / "moves").rename(tmp_path / "moved")
    assert len(data.replace(path=str(tmp_path / "moved")).load()["train"].targets) == 6


@pytest.mark.parametrize("signs", [",.", ".,"])
def test_sequences_of_both_decimal_signs_are_refused(tmp_path: Path, signs: str) -> None:
    texts = {
        f"{label}/{n}.csv": "x;y\n1.125;0.5\n2.5;7.125\n".replace(".", signs[n == 2])
        for label in "ab"
        for n in range(3)
    }
    with pytest.raises(UserError, match=r"2\.csv is written with decimal") as told:
        opened(sequences(tmp_path / "both", texts))
    assert "Save all of them alike" in str(told.value)
    alike = {name: text.replace(".", ",") for name, text in texts.items()}
    train = opened(sequences(tmp_path / "alike", alike), **ALL).load()["train"]
    assert train.inputs[0].tolist() == [[1.125, 0.5], [2.5, 7.125]]


@pytest.mark.parametrize("as_dictionary", [True, False])
def test_words_that_parquet_holds_once_come_in_bounded_pieces(
    tmp_path: Path, as_dictionary: bool
) -> None:
    words = ["a" * 100_000, "b" * 100_000, None]
    cells = pa.array([words[row % 3] for row in range(3000)])
    cells = cells.dictionary_encode() if as_dictionary else cells
    pa.parquet.write_table(
        pa.table({"x": range(3000), "words": cells, "y": [1.5] * 3000}), tmp_path / "t.parquet"
    )
    assert (tmp_path / "t.parquet").stat().st_size < CHUNK_BYTES // 10
    pa.default_memory_pool().release_unused()
    before, seen = pa.total_allocated_bytes(), []
    for chunk in parquet_chunks(tmp_path / "t.parquet"):
        assert sum(map(len, chunk.columns[1])) <= CHUNK_BYTES + 200_000
        assert pa.total_allocated_bytes() - before < CHUNK_BYTES
        seen += zip(*chunk.columns, strict=True)
    assert seen == [(str(row), words[row % 3] or "", "1.5") for row in range(3000)]
