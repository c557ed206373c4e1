"""A network as a table: for the window, the command line, Markdown and spreadsheets."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.core.costs import Costs, sight_text, size
from workbench.core.data import DatasetInfo
from workbench.core.layer import LayerSpec, shape_text
from workbench.core.walk import Path, Step

COLUMNS = (
    "Layer",
    "Type",
    "Input",
    "Output",
    "Kernel",
    "Parameters",
    "Multiply-adds",
    "Memory",
    "Receptive field",
)
NUMBERS = (5, 6, 7)
"""The columns that stand to the right."""
MEMORY = 7
INDENT = "  "

Value = str | int | None


@dataclass(frozen=True)
class Row:
    """A line of the table: the input, a layer, or the total."""

    values: tuple[Value, ...]
    path: Path | None = None
    """Of its layer; () for the input, None for the total."""
    depth: int = 0
    category: str = ""
    is_faulty: bool = False

    def text(self, column: int) -> str:
        """A cell as it is read: `1,290`, `12.3 kB`."""
        value = self.values[column]
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        return size(value) if column == MEMORY else f"{value:,}"

    def texts(self) -> list[str]:
        """Its cells, the name set in by its depth."""
        cells = [self.text(column) for column in range(len(COLUMNS))]
        return [INDENT * self.depth + cells[0], *cells[1:]]


def summary(steps: Sequence[Step], costs: Costs, info: DatasetInfo) -> list[Row]:
    """The input, every layer and the total. Memory is what autograd keeps in training for one
    batch; that of a block is in its layers, and their rounds are in the block's figures only."""
    rows = [_input_row(costs, info), *(_row(step, costs) for step in steps)]
    total: tuple[Value, ...] = ("Total", None, None, None, None)
    figures = (costs.parameters, costs.multiply_adds, costs.saved, None)
    return [*rows, Row((*total, *figures))]


def _input_row(costs: Costs, info: DatasetInfo) -> Row:
    kept = costs.saved - sum(cost.saved for path, cost in costs.layers.items() if len(path) == 1)
    shape = shape_text(info.shape)
    return Row(("Input", None, None, shape, None, None, None, kept, None), (), 0, "Input")


def _row(step: Step, costs: Costs) -> Row:
    cost, layer = costs.layers.get(step.path), step.layer
    came, made = (shape_text(shape) if shape else None for shape in (step.in_shape, step.out_shape))
    figures: tuple[Value, ...] = (None,) * 4
    if cost:
        seen = sight_text(cost.sight, step.in_shape)
        figures = (cost.parameters, cost.multiply_adds, cost.saved, seen)
    return Row(
        (layer.name, layer.kind, came, made, _kernel(layer), *figures),
        step.path,
        step.depth,
        layer.category,
        step.fault is not None,
    )


def _kernel(layer: LayerSpec) -> str | None:
    kernel = getattr(layer, "kernel_size", None)
    return "×".join(map(str, kernel)) if isinstance(kernel, tuple) else kernel and str(kernel)


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown, its columns aligned."""
    cells = [list(COLUMNS), *(_markdown_cells(row) for row in rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    rule = ["-" * (w - 1) + ":" if n in NUMBERS else "-" * w for n, w in enumerate(widths)]
    lines = [cells[0], rule, *cells[1:]]
    return "\n".join(_markdown_line(line, widths) for line in lines) + "\n"


def _markdown_cells(row: Row) -> list[str]:
    name, *rest = (text.replace("|", "\\|") for text in row.texts())
    # spaces in front would be lost
    return ["&nbsp;&nbsp;" * row.depth + name.strip(), *rest]


def _markdown_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if number in NUMBERS else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join(padded)} |"


def csv_text(rows: Sequence[Row]) -> str:
    """The table for a spreadsheet: plain numbers, memory in bytes, and the depth of each layer."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*COLUMNS[:MEMORY], "Memory (bytes)", *COLUMNS[MEMORY + 1 :], "Depth"])
    writer.writerows([*row.values, row.depth] for row in rows)
    return out.getvalue()
