"""What a test may leave behind: threads, timers and widgets."""

import gc
import threading

import shiboken6
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QApplication


def left_behind() -> set[object]:
    """Threads and timers at work, and top-level widgets."""
    left: set[object] = set(QApplication.topLevelWidgets())
    left.update(t for t in threading.enumerate() if not isinstance(t, threading._DummyThread))
    for found in gc.get_objects():
        # by type: isinstance asks objects for __class__, and some of torch's answer by a warning
        if issubclass(type(found), QThread | QTimer) and shiboken6.isValid(found):
            at_work = found.isRunning if isinstance(found, QThread) else found.isActive
            left.update({found} if at_work() else ())
    return left
