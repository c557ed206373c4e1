"""The hunt for leaks finds each kind of them, and lets go of what has ended."""

import threading

from leaks import left_behind
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot


def test_a_running_qthread_is_found(qtbot: QtBot) -> None:
    thread = QThread()
    assert thread not in left_behind()
    thread.start()
    assert thread in left_behind()
    thread.quit()
    assert thread.wait(5000)
    assert thread not in left_behind()


def test_a_running_thread_is_found() -> None:
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    assert thread in left_behind()
    go_on.set()
    thread.join()
    assert thread not in left_behind()


def test_an_active_timer_is_found(qtbot: QtBot) -> None:
    timer = QTimer()
    timer.start(100_000)
    assert timer in left_behind()
    timer.stop()
    assert timer not in left_behind()


def test_a_widget_of_its_own_is_found(qtbot: QtBot) -> None:
    widget = QWidget()
    assert widget in left_behind()
    widget.deleteLater()
    qtbot.waitUntil(lambda: not any(each is widget for each in left_behind()))
