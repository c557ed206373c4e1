"""The figures of a run by their tags, `loss/val` and so on: their words, order and points."""

from array import array

from workbench.core.curves import AXES, Curves
from workbench.ui.runs.columns import metric_title
from workbench.ui.series import Series
from workbench.ui.text import tr

FIRST = ("loss/val", "accuracy/val", "mae/val", "loss/train")


def tag_title(tag: str) -> str:
    """`loss/val` as `Val loss`, `lr` as it is."""
    name, _, split = tag.partition("/")
    return f"{tr(split.capitalize())} {metric_title(name)}" if split else tr(name.replace("_", " "))


def tag_order(tag: str) -> tuple[int, bool, str]:
    """The place of a tag among others: what people look at first stands first."""
    place = FIRST.index(tag) if tag in FIRST else len(FIRST)
    return place, not tag.endswith(("/val", "/train")), tag


def series_of(curves: Curves, tag: str) -> Series | None:
    """The points that have the figure, over steps, epochs and seconds; None if there are none."""
    import numpy as np

    table = curves.table(tag)
    if tag not in table.columns:
        return None
    columns = [table.columns[name] for name in (*AXES, tag)]
    there = ~np.isnan(np.frombuffer(columns[-1]))
    if not there.all():
        columns = [array("d", np.frombuffer(column)[there].tobytes()) for column in columns]
    return Series.of(columns)
