"""The columns of the table of runs: what each tells, and by what it is sorted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.core.carried_out import in_force
from workbench.core.clock import clock
from workbench.core.run_list import ListedRun
from workbench.core.run_summary import Summary
from workbench.ui.text import tr

Text = Callable[[ListedRun], str]
Order = Callable[[ListedRun], Any]

SIGNS = {
    "new": "○",
    "running": "▶",
    "completed": "✓",
    "early": "✓",
    "stopped": "■",
    "failed": "✕",
    "interrupted": "⚠",
    "unreadable": "⚠",
}
METRICS = {"roc_auc": "ROC-AUC", "top5": "top-5 accuracy", "r2": "R²"}
WORDS = {"early": "stopped early"}
STATUS_TIPS = {
    "new": "Its training has not begun: it is about to, or it was given up before",
    "running": "A process is training it at this moment",
    "completed": "Trained for as many epochs as planned",
    "early": "It ended by itself, since the loss got no better",
    "stopped": "Stopped by hand; the last checkpoint is kept",
    "failed": "Training ended with an error; open the run to see how far it came",
    "interrupted": "Its process ended without a word: it was killed, or the machine went down",
}


@dataclass(frozen=True)
class Column:
    """A column. Rows for which `order` is None stand last, whichever way it is sorted."""

    key: str
    title: str
    tip: str
    text: Text
    order: Order
    number: bool = False
    shown: bool = True
    edits: str = ""
    """The field of the notes that can be edited in it."""


def columns_for(runs: Iterable[ListedRun]) -> list[Column]:
    """The columns for these runs: those that all have, and one for each metric among them."""
    summaries = [run.summary for run in runs if run.summary]
    best = _ordered({name for summary in summaries for name in summary.best})
    test = _ordered({name for summary in summaries for name in summary.test})
    metrics = [_metric("best", name) for name in best] + [_metric("test", name) for name in test]
    return [*_first(), *metrics, *_last()]


def _ordered(names: set[str]) -> list[str]:
    known = ("loss", "accuracy", "mae")
    return [name for name in known if name in names] + sorted(names - set(known))


def _first() -> list[Column]:
    return [
        Column(
            "name",
            tr("Run"),
            tr("Its name; F2 changes it"),
            lambda run: run.title,
            lambda run: run.title.casefold(),
            edits="name",
        ),
        Column("status", tr("Status"), tr("How it stands"), status_text, lambda run: run.status),
        Column(
            "epochs",
            tr("Epochs"),
            tr("Epochs completed, of those that were planned"),
            _epochs,
            lambda run: run.summary.epoch if run.summary else None,
            number=True,
        ),
    ]


def _last() -> list[Column]:
    return [
        _told("dataset", tr("Dataset"), tr("What it was trained on"), lambda told: told.dataset),
        _told("network", tr("Network"), tr("The layers that learn"), lambda told: told.network),
        _figure(
            "parameters",
            tr("Parameters"),
            tr("How many numbers the network learns"),
            lambda told: told.parameters or None,
            lambda value: f"{value:,}",
            shown=False,
        ),
        _figure(
            "time", tr("Time"), tr("How long it trained"), lambda told: told.seconds or None, clock
        ),
        _figure(
            "created", tr("Begun"), tr("When it was begun"), lambda told: told.created, _moment
        ),
        Column(
            "tags",
            tr("Tags"),
            tr("Words of yours, with commas between them; a double click changes them"),
            lambda run: ", ".join(run.notes.tags),
            lambda run: ", ".join(run.notes.tags).casefold() or None,
            edits="tags",
        ),
        Column(
            "notes",
            tr("Notes"),
            tr("Whatever you want to remember of it; a double click changes it"),
            lambda run: run.notes.notes,
            lambda run: run.notes.notes.casefold() or None,
            edits="notes",
        ),
        *_recipe(),
    ]


def _recipe() -> list[Column]:
    hidden: Any = {"shown": False}
    return [
        _told("loss", tr("Loss function"), tr("What it made small"), lambda s: s.loss, **hidden),
        _told("optimizer", tr("Optimizer"), tr("Its optimizer"), lambda s: s.optimizer, **hidden),
        _figure("lr", tr("lr"), tr("Learning rate"), lambda s: s.lr, _short, **hidden),
        _figure(
            "batch_size",
            tr("Batch size"),
            tr("Samples per step"),
            lambda s: float("inf") if s.batch_size == "all" else s.batch_size,
            lambda value: tr("all") if value == float("inf") else str(value),
            **hidden,
        ),
        _figure("seed", tr("Seed"), tr("Its seed"), lambda s: s.seed, str, **hidden),
        _figure("step", tr("Steps"), tr("Steps taken"), lambda s: s.step, _counted, **hidden),
        _told("device", tr("Device"), tr("Where it was trained"), lambda s: s.device, **hidden),
        _told(
            "carried_out",
            tr("Carried out with"),
            tr("What a short measurement at its start found to be faster"),
            lambda s: " · ".join(in_force(s)),
            **hidden,
        ),
    ]


def _told(key: str, title: str, tip: str, told: Callable[[Summary], str], **more: Any) -> Column:
    def text(run: ListedRun) -> str:
        return told(run.summary) if run.summary else ""

    return Column(key, title, tip, text, lambda run: text(run).casefold() or None, **more)


def _figure(
    key: str,
    title: str,
    tip: str,
    value: Callable[[Summary], Any],
    shown_as: Callable[[Any], str],
    **more: Any,
) -> Column:
    def order(run: ListedRun) -> Any:
        found = value(run.summary) if run.summary else None
        return None if found != found else found  # NaN can't be sorted

    def text(run: ListedRun) -> str:
        found = order(run)
        return "" if found is None else shown_as(found)

    return Column(key, title, tip, text, order, number=True, **more)


def _metric(split: str, name: str) -> Column:
    best = split == "best"
    tip = (
        tr("{metric} in the best epoch, on the validation split", metric=name)
        if best
        else tr("{metric} of the best weights on the test split", metric=name)
    )
    return _figure(
        f"{split}.{name}",
        f"{tr('Val') if best else tr('Test')} {metric_title(name)}",
        tip,
        lambda told: (told.best if best else told.test).get(name),
        lambda value: metric_text(name, value),
        shown=name in ("accuracy", "mae") or (best and name == "loss"),
    )


def metric_title(name: str) -> str:
    """`mae` as `MAE`, `roc_auc` as `ROC-AUC`."""
    if name in METRICS:
        return METRICS[name]
    return name.upper() if len(name) <= 4 and name != "loss" else name.replace("_", " ")


def metric_text(name: str, value: float) -> str:
    """A metric as a person reads it: an accuracy in percent."""
    if "accuracy" in name:
        return f"{100 * value:.1f} %"
    if 0 < abs(value) < 0.001 or abs(value) >= 1e9:
        return f"{value:.2e}"
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}"


def status_text(run: ListedRun) -> str:
    """How a run stands, in words."""
    return tr(WORDS.get(run.status, run.status))


def _epochs(run: ListedRun) -> str:
    told = run.summary
    return f"{told.epoch:,} / {told.epochs:,}" if told and told.epochs else ""


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}"


def _short(value: float) -> str:
    return f"{value:g}"


def _counted(value: int) -> str:
    return f"{value:,}"
