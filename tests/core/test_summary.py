"""The table of a network, for people and for spreadsheets."""

import csv
import io

import pytest

from workbench.core.costs import amount, costs_of, size
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.summary import COLUMNS, MEMORY, Row, csv_text, markdown, summary
from workbench.core.template import Template


def rows_of(project: Project) -> list[Row]:
    steps = project.walk()
    return summary(steps, costs_of(project, steps), project.data.info())


@pytest.mark.parametrize("name", Template.shelf)
def test_every_layer_has_a_row_and_the_figures_add_up(name: str) -> None:
    project = Template.shelf[name].project()
    first, *rows, total = rows_of(project)
    assert [row.values[0] for row in rows] == [layer.name for _, layer in project.model.nested()]
    for column in (5, 6, MEMORY):
        top = [row.values[column] or 0 for row in (first, *rows) if not row.depth]
        assert sum(top) == total.values[column]


def test_a_fault_leaves_what_is_not_known_empty() -> None:
    project = Template.shelf["mlp"].project()
    layers = (LayerSpec.named("Conv2d")(kernel_size=9), LayerSpec.named("ReLU")())
    rows = rows_of(project.replace(model=project.model.replace(layers=layers)))
    assert rows[1].is_faulty
    assert rows[1].values[3:] == (None, "9", None, None, None, None)
    assert rows[2].texts()[2:] == [""] * 7


def test_markdown_is_a_table_with_a_cell_for_each_column() -> None:
    lines = markdown(rows_of(Template.shelf["resnet18_cifar"].project())).splitlines()
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 1}
    assert {len(line) for line in lines} == {len(lines[0])}
    assert lines[1].split("|")[6].strip().endswith("-:")  # numbers to the right
    assert lines[-1].split()[1] == "Total"


def test_csv_has_plain_numbers() -> None:
    project = Template.shelf["small_cnn"].project()
    head, _, conv, *_, total = csv.reader(io.StringIO(csv_text(rows_of(project))))
    assert head[MEMORY] == "Memory (bytes)"
    assert conv[:2] == ["conv1", "Conv2d"]
    assert conv[5:7] == ["160", str(28 * 28 * 16 * 9)]
    assert int(total[MEMORY]) == costs_of(project, project.walk()).saved


@pytest.mark.parametrize(
    ("number", "counted", "sized"),
    [
        (0, "0", "0 B"),
        (999, "999", "999 B"),
        (1_000, "1.0 k", "1.0 kB"),
        (99_949, "99.9 k", "99.9 kB"),
        (99_960, "100 k", "100 kB"),
        (999_600, "1.0 M", "1.0 MB"),
        (455_800_832, "456 M", "456 MB"),
        (12_000_000_000, "12.0 G", "12.0 GB"),
    ],
)
def test_figures_are_told_in_short(number: int, counted: str, sized: str) -> None:
    assert amount(number) == counted
    assert size(number) == sized
