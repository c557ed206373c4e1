"""Tables that were once read as something else without a word: what is lost or guessed is told."""

from pathlib import Path

import pytest

from tests.written import opened
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
