"""Whether the options of a table fit what was found in it; each raises a ValueError that says what
does not."""

from typing import TYPE_CHECKING

from workbench.catalog.datasets.columns import listed

if TYPE_CHECKING:
    from workbench.catalog.datasets.table import Table


def check_columns(table: "Table") -> None:
    """Its target, features and split column are there, and each is one of them only."""
    known = table.facts.places
    given = [table.target, *table.features, *filter(None, [table.split_column])]
    for name in given:
        if name not in known:
            raise ValueError(f"there is no column {name!r:.80}; the columns are {listed(known)}")
    if len(set(given)) != len(given) and not table.window:
        raise ValueError("a column can only be one of target, feature and split column")
    if table.split_column and table.split_column != table.facts.split_column:
        raise ValueError(f"{table.split_column!r} has other values than train, val and test")


def check_features(table: "Table") -> None:
    """There are columns to learn from, and rows can be dropped where that is wished."""
    for column in table.columns:
        if not column.is_feature:
            raise ValueError(
                f"the column {column.name!r} can't be a feature: it holds "
                f"{'nothing' if column.holds == 'empty' else 'too many different words'}"
            )
    if not table.columns:
        raise ValueError("there is no column beside the target to learn from")
    if table.missing == "drop rows" and not table.facts.gaps:
        raise ValueError(
            "values are missing in too many combinations of columns to drop rows; choose "
            "another rule"
        )


def check_windows(table: "Table") -> None:
    """A time series is split in order, keeps its rows, and has windows to train on."""
    if not table.window:
        return
    if table.split_column:
        raise ValueError(
            f"a time series is split in order, not by the column {table.split_column!r}; leave "
            "the split column empty, or set the window to 0"
        )
    if table.missing == "drop rows":
        raise ValueError("rows of a time series can't be dropped; choose another rule")
    if not table.counts()["train"]:
        raise ValueError(f"{table.facts.total:,} rows are too few for a window of {table.window}")
    if table.folds > 1 and not table.borders.train:
        raise ValueError(
            f"no window is left to train on that fold {table.fold} of {table.folds} does not "
            "overlap; choose more folds or a smaller window"
        )
