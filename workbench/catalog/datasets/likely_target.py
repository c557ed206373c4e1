"""Which column of a table people want to predict, most likely."""

from collections.abc import Sequence

from workbench.catalog.datasets.columns import Column

TARGETS = ("target", "label", "class", "y", "outcome", "diagnosis", "species", "survived")
"""What a column to be predicted is often called; else it is the last one."""


def likely_target(columns: Sequence[Column], split: str) -> str:
    """A column with a telling name, else the last one that can be predicted."""
    able = [
        column.name
        for column in columns
        if column.holds in ("number", "category")
        and not column.says_nothing
        and column.name != split
    ]
    called = [name for wanted in TARGETS for name in able if name.lower() == wanted]
    return (called or able[::-1] or [columns[-1].name])[0]
