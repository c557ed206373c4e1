"""The Runs panel by mouse and keys, on real runs."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gestures import (
    LEFT,
    PATIENCE,
    OpenWindow,
    choose,
    click,
    click_named,
    dialog,
    double_click,
    drawn,
    in_front_again,
    keys,
    take,
    type_over,
    wait_gone,
    widget,
)
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QMessageBox,
    QTableView,
    QTreeWidget,
)
from pytestqt.qtbot import QtBot

from workbench.core.data import DatasetSpec
from workbench.core.events import EpochCompleted, RunCompleted, StepCompleted
from workbench.core.project import Project
from workbench.core.run_lock import at_work
from workbench.core.runs import Run, create_run
from workbench.core.template import Template
from workbench.engine.remote import Engines
from workbench.ui.main_window import MainWindow
from workbench.ui.runs.overlay_plot import apart, neighbours

LONG = 150  # epochs, of which only the first are seen before a stop


def project(lr: float, epochs: int = 3, data: str = "Digits") -> Project:
    template = "softmax_regression" if data == "Digits" else "linear_regression"
    made = Template.shelf[template].project(DatasetSpec.named(data)())
    return made.replace(train=made.train.replace(lr=lr, epochs=epochs, batch_size=64))


@pytest.fixture(scope="module")
def made(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three runs: two on digits to their end, and one that was stopped at once."""
    folder = tmp_path_factory.mktemp("made") / "runs"
    for each in (project(0.05), project(0.002)):
        run = create_run(each, folder)
        for _ in engines.remote("sinks.train", each, run.folder):
            pass
    long = project(0.01, epochs=LONG)
    run = create_run(long, folder)
    stream = engines.remote("sinks.train", long, run.folder)
    for events in stream:
        if any(isinstance(event, StepCompleted) for event in events):
            stream.stop()
    return folder


@pytest.fixture
def runs(made: Path, home: Path) -> list[Run]:
    """Those runs among the user's own, the oldest first."""
    shutil.copytree(made, home / "runs")
    return [Run(folder) for folder in sorted((home / "runs").iterdir())]


@pytest.fixture
def window(open_window: OpenWindow, qtbot: QtBot, runs: list[Run]) -> Iterator[MainWindow]:
    """A window on another project, with the Runs panel in front."""
    shown = open_window(project(0.3, data="Diabetes"))
    keys(qtbot, shown, "Ctrl+3")
    listed(qtbot, shown, len(runs))
    return shown


def listed(qtbot: QtBot, window: MainWindow, count: int) -> None:
    table = window.runs.table
    qtbot.waitUntil(lambda: table.total == count and not window.session.busy, timeout=PATIENCE)


def cells(window: MainWindow, key: str) -> list[str]:
    table = window.runs.table
    place = table.place_of(key)
    return [table.index(row, place).data() for row in range(table.rowCount())]


def spot(window: MainWindow, run: Run, key: str = "name") -> QPoint:
    table, view = window.runs.table, window.runs.view
    index = table.index(table.row_of(run.name), table.place_of(key))
    view.scrollTo(index)
    return view.visualRect(index).center()


def select(qtbot: QtBot, window: MainWindow, *runs: Run) -> None:
    """Click the first run, Ctrl-click the others; wait until they are drawn."""
    click(qtbot, window.runs.view, spot(window, runs[0]))
    control = Qt.KeyboardModifier.ControlModifier
    for run in runs[1:]:
        qtbot.mouseClick(window.runs.view.viewport(), LEFT, control, spot(window, run))
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)


def names(runs: list[Run]) -> list[str]:
    return [run.name for run in runs]


def test_runs_are_listed_newest_first_with_what_became_of_them(
    window: MainWindow, runs: list[Run]
) -> None:
    assert cells(window, "name") == names(runs[::-1])
    assert cells(window, "status") == ["stopped", "completed", "completed"]
    through = sum(isinstance(event, EpochCompleted) for event in runs[2].events())
    assert cells(window, "epochs") == [f"{through} / {LONG}", "3 / 3", "3 / 3"]
    for run, shown in zip(runs[::-1], cells(window, "best.accuracy"), strict=True):
        epochs = [event for event in run.events() if isinstance(event, EpochCompleted)]
        best = min(epochs, key=lambda epoch: epoch.val["loss"], default=None)
        assert shown == (f"{100 * best.val['accuracy']:.1f} %" if best else "")
    assert window.runs.info.text() == "3 runs"
    spoken = window.runs.table.index(0, window.runs.table.place_of("status"))
    assert spoken.data(Qt.ItemDataRole.AccessibleTextRole) == "Status: stopped"


def test_a_click_on_a_head_sorts_and_one_more_turns_it(
    window: MainWindow, runs: list[Run], qtbot: QtBot
) -> None:
    lines = runs[2].events_file.read_text().splitlines(keepends=True)
    runs[2].events_file.write_text("".join(lines[:3]))  # killed in its first epoch
    choose(qtbot, window, "runs.refresh")
    qtbot.waitUntil(lambda: cells(window, "best.loss")[0] == "", timeout=PATIENCE)
    header = window.runs.view.horizontalHeader()
    place = window.runs.table.place_of("best.loss")
    at = QPoint(header.sectionViewportPosition(place) + 20, header.height() // 2)
    select(qtbot, window, runs[0])
    qtbot.mouseClick(header.viewport(), LEFT, pos=at)
    rising = [cell for cell in cells(window, "best.loss") if cell]
    assert rising == sorted(rising, key=float)
    assert cells(window, "best.loss")[-1] == ""  # what has none stands last
    qtbot.mouseClick(header.viewport(), LEFT, pos=at)
    assert [cell for cell in cells(window, "best.loss") if cell] == rising[::-1]
    assert cells(window, "best.loss")[-1] == ""
    assert names([run.run for run in window.runs.view.chosen()]) == [runs[0].name]


def test_typed_words_find_runs(window: MainWindow, runs: list[Run], qtbot: QtBot) -> None:
    line = widget(window, "runs.search")
    select(qtbot, window, runs[0], runs[2])
    qtbot.keyClicks(line, "digits STOP")
    assert cells(window, "name") == [runs[2].name]
    assert window.runs.info.text() == "1 of 3 runs · 1 selected"
    legend = widget(window, "runs.legend")
    assert isinstance(legend, QTreeWidget)
    assert legend.topLevelItemCount() == 1
    qtbot.keyClicks(line, " nonsense")
    assert cells(window, "name") == []
    assert widget(window, "runs.none").isVisible()
    assert isinstance(line, QLineEdit)
    line.clear()
    assert len(cells(window, "name")) == 3
    assert not widget(window, "runs.none").isVisible()
    assert legend.topLevelItemCount() == 2


def told(run: Run, of: str) -> tuple[list[float], list[float]]:
    """Steps and values of a figure, from the run's own events."""
    name, _, split = of.partition("/")
    steps, values = [], []
    for event in run.events():
        if isinstance(event, EpochCompleted if split == "val" else StepCompleted):
            steps.append(float(event.step))
            values.append((event.val if split == "val" else event.metrics)[name])
    return steps, values


def curve(window: MainWindow, place: int) -> tuple[list[float], list[float]]:
    plot = window.runs.overlay.plot
    assert plot
    x, y = plot._lines[place][0].getData()
    return list(x), list(y)


def test_the_curves_of_chosen_runs_lie_over_one_another(
    window: MainWindow, runs: list[Run], qtbot: QtBot
) -> None:
    assert widget(window, "runs.hint").isVisible()
    select(qtbot, window, runs[1], runs[0])
    legend = widget(window, "runs.legend")
    assert isinstance(legend, QTreeWidget)
    assert [legend.topLevelItem(n).text(0) for n in range(2)] == [runs[1].name, runs[0].name]
    assert curve(window, 0) == told(runs[1], "loss/val")
    assert curve(window, 1) == told(runs[0], "loss/val")
    assert legend.topLevelItem(0).text(1) == f"{told(runs[1], 'loss/val')[1][-1]:.4f}"
    box, smooth = widget(window, "runs.metric"), widget(window, "runs.smooth")
    assert isinstance(box, QComboBox)
    assert isinstance(smooth, QCheckBox)
    take(qtbot, box, "Train loss")
    click(qtbot, smooth, QPoint(8, smooth.height() // 2))
    assert not smooth.isChecked()
    drawn(qtbot, window)
    assert curve(window, 0) == told(runs[1], "loss/train")
    keys(qtbot, window.runs.view, "Esc")
    assert widget(window, "runs.hint").isVisible()


def test_numbers_at_the_ends_of_curves_do_not_cover_one_another() -> None:
    assert apart([5.0, 3.0, 1.0], 1.0, 0.0) == [5.0, 3.0, 1.0]
    assert apart([5.0, 5.0, 4.9], 1.0, 0.0) == [5.0, 4.0, 3.0]
    assert apart([0.2, 0.1, 0.0], 1.0, 0.0) == [2.0, 1.0, 0.0]
    assert apart([], 1.0, 0.0) == []
    ends = [(0.0, 9.0, "c"), (0.0, 1.0, "a"), (5.0, 1.5, "b")]
    assert [[name for _, _, name in near] for near in neighbours(ends, 1.0)] == [["a", "b"], ["c"]]


def test_only_the_settings_that_differ_are_told(
    window: MainWindow, runs: list[Run], qtbot: QtBot
) -> None:
    tabs = window.runs.tabs.tabBar()
    select(qtbot, window, runs[0], runs[1])
    click(qtbot, tabs, tabs.tabRect(1).center())
    view = widget(window, "runs.differences")
    assert isinstance(view, QTableView)
    model = view.model()
    qtbot.waitUntil(lambda: model.rowCount() == 1, timeout=PATIENCE)
    assert [model.index(0, n).data() for n in range(3)] == ["lr", "0.05", "0.002"]
    horizontal = Qt.Orientation.Horizontal
    assert [model.headerData(n, horizontal) for n in (1, 2)] == names(runs[:2])
    select(qtbot, window, runs[0])
    told = widget(window, "runs.differences.told")
    assert isinstance(told, QLabel)
    qtbot.waitUntil(told.isVisible)
    assert "Select two or more" in told.text()


def write(
    qtbot: QtBot, window: MainWindow, field: str, text: str, shown: str | None = None
) -> None:
    """Type into the line of a cell in the second row, and see it there."""
    type_over(qtbot, widget(window, f"runs.edit.{field}"), text)
    shown = text if shown is None else shown
    qtbot.waitUntil(lambda: cells(window, field)[1] == shown, timeout=PATIENCE)


def test_a_run_gets_a_name_tags_and_notes(
    window: MainWindow, runs: list[Run], qtbot: QtBot, open_window: OpenWindow
) -> None:
    view = window.runs.view
    select(qtbot, window, runs[1])
    keys(qtbot, view, "F2")
    write(qtbot, window, "name", "best so far")
    legend = widget(window, "runs.legend")
    assert isinstance(legend, QTreeWidget)
    assert legend.topLevelItem(0).text(0) == "best so far"
    double_click(qtbot, view, spot(window, runs[1], "tags"))
    write(qtbot, window, "tags", "keep, b")
    keys(qtbot, view, "Ctrl+E")
    write(qtbot, window, "notes", "as told")
    listed(qtbot, window, 3)
    kept = json.loads((runs[1].folder / "notes.json").read_text("utf-8"))
    assert kept == {"name": "best so far", "notes": "as told", "tags": ["keep", "b"]}
    other = open_window(project(0.3, data="Diabetes"))
    keys(qtbot, other, "Ctrl+R")
    listed(qtbot, other, 3)
    assert cells(other, "name")[1] == "best so far"
    assert cells(other, "tags")[1] == "keep, b"
    select(qtbot, other, runs[1])
    keys(qtbot, other.runs.view, "F2")
    write(qtbot, other, "name", "", runs[1].name)


def answer_delete(qtbot: QtBot, window: MainWindow, text: str) -> None:
    box = dialog(qtbot, window, "dialog.delete_runs")
    assert isinstance(box, QMessageBox)
    (button,) = (each for each in box.buttons() if each.text().replace("&", "") == text)
    click(qtbot, button)
    wait_gone(qtbot, box)
    in_front_again(qtbot, window)


def test_runs_go_to_the_trash_once_that_is_confirmed(
    window: MainWindow,
    runs: list[Run],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    select(qtbot, window, runs[0], runs[2])
    keys(qtbot, window.runs.view, "Del")
    answer_delete(qtbot, window, "Cancel")
    assert len(cells(window, "name")) == 3
    keys(qtbot, window.runs.view, "Del")
    answer_delete(qtbot, window, "Move to Trash")
    listed(qtbot, window, 1)
    assert cells(window, "name") == [runs[1].name]
    assert [run.folder.exists() for run in runs] == [False, True, False]
    trash = tmp_path / "data" / "Trash" / "files"
    assert sorted(path.name for path in trash.iterdir()) == [runs[0].name, runs[2].name]
    assert (trash / runs[0].name / "events.jsonl").is_file()


def test_a_run_at_work_elsewhere_is_not_deleted(
    window: MainWindow, runs: list[Run], qtbot: QtBot
) -> None:
    text = runs[2].events_file.read_text().splitlines(keepends=True)
    runs[2].events_file.write_text("".join(text[:-1]))  # without its last word
    with at_work(runs[2]):
        choose(qtbot, window, "runs.refresh")
        qtbot.waitUntil(lambda: cells(window, "status")[0] == "running", timeout=PATIENCE)
        select(qtbot, window, runs[2])
        assert not window.commands.actions["runs.delete"].isEnabled()
        assert not window.commands.actions["runs.resume"].isEnabled()
    choose(qtbot, window, "runs.refresh")
    qtbot.waitUntil(lambda: cells(window, "status")[0] == "interrupted", timeout=PATIENCE)
    assert window.commands.actions["runs.delete"].isEnabled()
    assert window.commands.actions["runs.resume"].isEnabled()


def test_a_run_that_another_program_makes_is_seen(
    window: MainWindow, runs: list[Run], qtbot: QtBot
) -> None:
    create_run(runs[0].project(), runs[0].folder.parent)
    listed(qtbot, window, 4)
    assert cells(window, "status")[0] == "new"
    assert cells(window, "epochs")[0] == ""


def test_a_double_click_opens_a_run_as_if_it_were_live(
    window: MainWindow, runs: list[Run], qtbot: QtBot
) -> None:
    double_click(qtbot, window.runs.view, spot(window, runs[0]))
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)
    assert window.session.run == runs[0]
    steps = [event for event in runs[0].events() if isinstance(event, StepCompleted)]
    assert window.panels["loss"].train.length == len(steps)
    select(qtbot, window, runs[1])
    keys(qtbot, window.runs.view, "Return")
    qtbot.waitUntil(lambda: window.session.run == runs[1], timeout=PATIENCE)


def test_a_stopped_run_goes_on_from_where_it_was(
    window: MainWindow, runs: list[Run], qtbot: QtBot
) -> None:
    before = [event for event in runs[2].events() if isinstance(event, StepCompleted)]
    select(qtbot, window, runs[0])
    assert not window.commands.actions["runs.resume"].isEnabled()
    select(qtbot, window, runs[2])
    choose(qtbot, window, "runs.resume")
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=PATIENCE)
    qtbot.waitUntil(lambda: cells(window, "status")[0] == "running", timeout=PATIENCE)
    assert window.panels["loss"].train.length >= len(before)
    qtbot.waitUntil(lambda: cells(window, "status")[0] == "completed", timeout=PATIENCE)
    listed(qtbot, window, 3)
    assert cells(window, "epochs")[0] == f"{LONG} / {LONG}"
    *_, last = runs[2].events()
    assert isinstance(last, RunCompleted)
    assert last.reason == "completed"
    drawn(qtbot, window)
    assert len(curve(window, 0)[0]) == LONG  # its curve in the plot has grown with it


def test_a_run_is_the_start_of_a_new_project(
    window: MainWindow, runs: list[Run], qtbot: QtBot
) -> None:
    select(qtbot, window, runs[1])
    keys(qtbot, window.runs.view, "Ctrl+Shift+N")
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    document = window.session.document
    assert document.project == runs[1].project()
    assert document.path is None
    assert not document.undo_stack.canUndo()


def test_columns_are_chosen_and_remembered(
    window: MainWindow, runs: list[Run], qtbot: QtBot, open_window: OpenWindow
) -> None:
    table, view = window.runs.table, window.runs.view
    assert view.isColumnHidden(table.place_of("lr"))
    click_named(qtbot, window, "runs.options")
    menu = widget(window, "runs.columns")
    for text in ("lr", "Network"):
        (action,) = (each for each in menu.actions() if each.text() == text)
        qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
        if text == "lr":
            wait_gone(qtbot, menu)
            click_named(qtbot, window, "runs.options")
            menu = widget(window, "runs.columns")
    wait_gone(qtbot, menu)
    in_front_again(qtbot, window)
    for each in (window, open_window(project(0.3, data="Diabetes"))):
        keys(qtbot, each, "Ctrl+3")
        listed(qtbot, each, 3)
        assert not each.runs.view.isColumnHidden(table.place_of("lr"))
        assert each.runs.view.isColumnHidden(table.place_of("network"))
    assert cells(window, "lr") == ["0.01", "0.002", "0.05"]


def test_a_run_that_can_not_be_read_is_told_in_its_row(
    window: MainWindow, runs: list[Run], qtbot: QtBot
) -> None:
    runs[0].project_file.write_text("{}")
    (runs[0].folder / "summary.json").unlink()
    choose(qtbot, window, "runs.refresh")
    qtbot.waitUntil(lambda: "unreadable" in cells(window, "status"), timeout=PATIENCE)
    table = window.runs.table
    row = table.row_of(runs[0].name)
    tip = table.index(row, table.place_of("status")).data(Qt.ItemDataRole.ToolTipRole)
    assert "is not a workbench project" in tip
    select(qtbot, window, *runs)
    assert len(window.runs.view.chosen()) == 3


def test_without_runs_the_panel_says_what_to_do(
    open_window: OpenWindow, qtbot: QtBot, home: Path
) -> None:
    window = open_window(project(0.01, epochs=1, data="Diabetes"))
    keys(qtbot, window, "Ctrl+R")
    assert widget(window, "runs.empty").isVisible()
    click_named(qtbot, window, "runs.act")
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.session.state == "idle", timeout=PATIENCE)
    listed(qtbot, window, 1)
    assert cells(window, "status") == ["completed"]
