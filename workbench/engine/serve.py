"""The engine process's side of `remote`: it runs what the window asks for and pumps the events."""

import contextlib
import gc
import importlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Generator
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.core.threads import wait_asleep
from workbench.engine import limits
from workbench.engine.remote import STOP_SECONDS, EngineFault

BATCH_SECONDS = 1 / 10
KEEPING = ("sinks.train",)
"""What has something to keep when it is stopped, so that it gets the time for that."""
NICE = 5
"""How far the engine steps back where the window wants a core too: training takes them all, and a
timer in the window was late by 80 ms (p99) where it is now late by 25. Alone it costs nothing."""


def serve(pipe: Connection, disposable: bool) -> None:
    """Answer requests until the window asks to end or is gone."""
    # Ctrl+C reaches the whole group of processes; the window decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with_parent()
    wait_asleep()
    _prepare(disposable)
    gc.freeze()  # what was imported is no garbage, and takes longest to look through
    window = _Window(pipe)
    window.send("ready")
    with contextlib.suppress(EOFError, OSError):  # the window is gone
        while (request := window.word()) is not None:
            if isinstance(request, tuple):  # else a word of control that came too late
                if disposable:
                    limits.limit(request[1])
                _answer(window, *request)
                if request[0] in KEEPING:
                    gc.collect()  # 0.1 s; else figures of a megabyte lie about for 100 short runs
    os._exit(0)  # Nothing is left to do, and taking torch down takes the interpreter seconds.


class _Window:
    """What the window says, heard by a thread of its own: a stop that comes within a long step or
    validation is answered at once, so that it gets its time to end and to keep a checkpoint."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._sending = pipe, threading.Lock()
        self._words: SimpleQueue[Any] = SimpleQueue()
        self._keeping = False
        threading.Thread(target=self._listen, name="window", daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                word = self._pipe.recv()
                if isinstance(word, tuple):
                    self._keeping = word[0] in KEEPING
                if word == "stop":
                    self._tell_of_stop()
                self._words.put(word)
        self._words.put(EOFError())

    def _tell_of_stop(self) -> None:
        with self._sending:
            if self._keeping:  # else its answer is out, and this would be read as of the next
                self._pipe.send("stopping")

    def send(self, message: Any) -> None:
        """Send the window a message."""
        with self._sending:
            self._pipe.send(message)

    def answer(self, message: Any) -> None:
        """Send the last message to a request."""
        with self._sending:
            self._keeping = False
            self._pipe.send(message)

    def has_word(self) -> bool:
        """Whether `word` would not wait."""
        return not self._words.empty()

    def word(self) -> Any:
        """The next request or word of control, once it comes.

        Raises:
            EOFError: the window is gone.
        """
        word = self._words.get()
        if isinstance(word, EOFError):
            raise word
        return word


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        time.sleep(STOP_SECONDS)  # time enough to notice the broken pipe and keep a checkpoint
        os._exit(1)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def _prepare(disposable: bool) -> None:
    from workbench.engine.machine import set_up

    set_up()
    import workbench.catalog  # noqa: F401  lets the shelves find all choices

    if disposable:
        limits.warm()
    elif hasattr(os, "nice"):  # not on Windows
        os.nice(NICE)


def _answer(
    window: _Window, function: str, arguments: tuple[Any, ...], changes: dict[str, Any]
) -> None:
    from workbench.engine.changes import asked

    asked.take()  # what came too late for the run before
    if changes:
        asked.put(**changes)
    try:
        _pump(window, _function(function)(*arguments))
        window.answer("end")
    except UserError as error:
        window.answer(error)
    except (BrokenPipeError, EOFError):
        raise
    except BaseException as error:
        window.answer(_out_of_memory(error) or EngineFault(traceback.format_exc()))


def _out_of_memory(error: BaseException) -> UserError | None:
    from workbench.engine.memory import is_out_of_memory

    if not is_out_of_memory(error):
        return None
    return UserError(
        "The device ran out of memory. Choose a smaller batch size, or make a layer smaller."
    )


def _function(name: str) -> Any:
    module, _, function = name.partition(".")
    return getattr(importlib.import_module(f"workbench.engine.{module}"), function)


def _pump(window: _Window, events: Generator[Event]) -> None:
    """Send the events, at most 10 batches a second; between two of them listen to the window."""
    batch: list[Event] = []
    sent = 0.0
    with contextlib.closing(events):
        try:
            for event in events:
                batch.append(event)
                if time.perf_counter() - sent >= BATCH_SECONDS:
                    window.send(batch)
                    batch, sent = [], time.perf_counter()
                if window.has_word() and not _obey(window, batch):
                    window.send("stopping")
                    return
        finally:  # what was told before a stop or a fault is told to the window too
            window.send(batch)


def _obey(window: _Window, batch: list[Event]) -> bool:
    """Follow a word from the window; False means stop."""
    word = _changed(window.word())
    if word == "pause":
        window.send(batch[:])
        batch.clear()
        while word == "pause":
            word = _changed(window.word(), paused=True)
    return bool(word == "resume")


def _changed(word: Any, paused: bool = False) -> Any:
    """The word; a change of the recipe is put where `fit` takes it up, and all stays as it is."""
    from workbench.engine.changes import asked

    if not isinstance(word, dict):
        return word
    asked.put(**word)
    return "pause" if paused else "resume"
