"""Plain text tables and figures."""

from collections.abc import Mapping, Sequence


def table(rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """Rows as aligned columns; the columns in `numbers` stand to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if index in numbers else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def figures(metrics: Mapping[str, float], prefix: str = "") -> str:
    """`loss 0.3120 · accuracy 0.8870`."""
    return " · ".join(f"{prefix}{name} {figure(value)}" for name, value in metrics.items())


def figure(value: float) -> str:
    """A metric with four decimals, or a large one with one."""
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}"
