"""The engine process: torch lives there, and generators of events are pulled across a pipe.

A request is a function's name and arguments; the answer is a stream of lists of events. The
window imports this module, so nothing here imports torch: `serve` does, in the engine process.
"""

import contextlib
import importlib
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workbench.core.errors import UserError
from workbench.core.events import Event

if TYPE_CHECKING:  # at run time with the first process: the start of the window needs none
    from multiprocessing.connection import Connection

STOP_SECONDS = 5.0
"""For an engine to hear a stop, and for what has nothing to keep to end."""
KEEP_SECONDS = 60.0
"""For training to end its present step or validation, and then again to keep a checkpoint."""
DISPOSABLE_SECONDS = 60.0

_ENDED = (
    "The engine process ended unexpectedly (exit code {code}). Your project and "
    "every checkpoint are safe."
)
_ENDED_BY_FILE = (
    "The file could not be read: it ended the process that opened it (exit code {code}). Your "
    "project is safe. Choose another file."
)
_GIVEN_UP = (
    "Reading the file took too long and was given up. Your project is safe. Choose another file."
)
_TOO_LONG = 24  # SIGXCPU, as `limits` have it, which Windows has not


class EngineLost(UserError):  # noqa: N818  the name says what happened
    """The engine process ended in the middle of its work; the window and all files are well."""


class EngineFault(Exception):  # noqa: N818
    """The work failed in a way that nobody foresaw; the text is the engine's traceback."""


class Engine:
    """One engine process and the pipe to it."""

    def __init__(self, disposable: bool = False) -> None:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, disposable), name="engine", daemon=True
        )
        self._process.start()
        theirs.close()
        self.disposable = disposable
        self.ready = False
        """Whether it has imported torch and can obey."""
        self._sending = threading.Lock()

    def send(self, message: Any) -> None:
        """Send a request or a word of control; if the process is gone, the reader says so."""
        with self._sending, contextlib.suppress(OSError):
            self._pipe.send(message)

    def receive(self, seconds: float) -> Any:
        """The next message, or None if none came in time.

        Raises:
            EngineLost: the process is gone.
        """
        import pickle

        try:
            return self._pipe.recv() if self._pipe.poll(seconds) else None
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self._process.join(STOP_SECONDS)
            code = self._process.exitcode
            if self.disposable and code == -_TOO_LONG:
                raise EngineLost(_GIVEN_UP) from error
            raise EngineLost(_ENDED_BY_FILE if self.disposable else _ENDED, code=code) from error

    @property
    def pid(self) -> int | None:
        """The process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process can take another request."""
        return self._process.is_alive()

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.join(STOP_SECONDS)
        self._pipe.close()

    def close(self) -> None:
        """Ask the process to end, and end it after `STOP_SECONDS`."""
        self.send(None)
        self._process.join(STOP_SECONDS)
        self.kill()


class Engines:
    """The engine processes of one window: an idle one takes the next request, or a new one does.

    A disposable one is given up when it works longer than `disposable_seconds`.
    """

    def __init__(self, disposable_seconds: float = DISPOSABLE_SECONDS) -> None:
        self.disposable_seconds = disposable_seconds
        self._idle: list[Engine] = []
        self._lock = threading.Lock()
        self._closed = False

    def remote(self, function: str, *arguments: Any, disposable: bool = False) -> "Stream":
        """A stream of what `workbench.engine.<function>(*arguments)` yields.

        `disposable` runs it in a process of its own with limits on time and memory, for files from
        strangers; it is ended with the stream. Nothing is started before the stream is iterated.
        """
        return Stream(self, (function, arguments), disposable)

    def take(self) -> Engine:
        """An idle engine, or a new one."""
        with self._lock:
            while self._idle:
                engine = self._idle.pop()
                if engine.alive():
                    return engine
                engine.kill()
        return Engine()

    def give_back(self, engine: Engine) -> None:
        """Keep an engine for the next request; two idle ones are enough."""
        with self._lock:
            if not self._closed and len(self._idle) < 2:
                self._idle.append(engine)
                return
        engine.close()

    def close(self) -> None:
        """End all idle engines; a busy one ends with its stream."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for engine in idle:
            engine.send(None)
        for engine in idle:
            engine.close()


class Stream:
    """Lists of events from an engine. To be iterated in one thread and steered from any other."""

    def __init__(self, engines: Engines, request: Any, disposable: bool) -> None:
        self._engines, self._request, self._disposable = engines, request, disposable
        self._engine: Engine | None = None
        self._stop_by: float | None = None
        self._paused = False
        self._changes: dict[str, Any] = {}

    @property
    def pid(self) -> int | None:
        """The process id of the engine at work, if it is."""
        return self._engine.pid if self._engine else None

    def pause(self) -> None:
        """Wait before the next event, until `resume`."""
        self._paused = True
        self._steer("pause")

    def resume(self) -> None:
        """Go on after `pause`."""
        self._paused = False
        self._steer("resume")

    def change(self, **values: Any) -> None:
        """Have `fit` take up another lr or number of epochs before its next step."""
        self._changes |= values
        self._steer(values)

    def stop(self) -> None:
        """Close the generator after its present step; the stream ends soon after."""
        if self._stop_by is None:
            self._stop_by = time.monotonic() + STOP_SECONDS
        self._steer("stop")

    def _steer(self, word: str | dict[str, Any]) -> None:
        engine = self._engine  # the stream's own thread may end in between
        if engine:
            engine.send(word)

    def __iter__(self) -> Iterator[list[Event]]:
        """The events in batches, as they come.

        Raises:
            UserError: what the function raised, or `EngineLost`.
            EngineFault: a fault that nobody foresaw.
        """
        engine = Engine(disposable=True) if self._disposable else self._engines.take()
        finished = False
        try:
            sent = dict(self._changes)
            engine.send((*self._request, sent))
            self._engine = engine
            if self._changes != sent:
                engine.send(self._changes)
            if self._stop_by is not None:  # a word came before there was an engine to tell
                engine.send("stop")
            elif self._paused:
                engine.send("pause")
            yield from self._answers(engine)
            finished = engine.ready
        except UserError as error:
            finished = not isinstance(error, EngineLost)
            raise
        except EngineFault:
            finished = True
            raise
        finally:
            self._engine = None
            if finished and not self._disposable:
                self._engines.give_back(engine)
            else:
                engine.kill()

    def _answers(self, engine: Engine) -> Iterator[list[Event]]:
        deadline: float | None = None
        while True:
            answer = engine.receive(0.2)
            if isinstance(answer, list):
                yield answer
            elif isinstance(answer, Exception):
                raise answer
            elif answer == "end":
                return
            elif answer == "ready":
                engine.ready = True
                if self._disposable:  # starting up takes a slow disk seconds: no fault of the file
                    deadline = time.monotonic() + self._engines.disposable_seconds
            elif answer == "stopping":  # it heard, or obeyed and now keeps a checkpoint: both long
                self._stop_by = time.monotonic() + KEEP_SECONDS
            elif self._stop_by is not None and not engine.ready:
                return  # it would not listen until torch is imported, and has nothing to keep
            elif _over(self._stop_by):
                raise EngineLost("The engine process did not stop in time and was ended.")
            elif _over(deadline):
                raise EngineLost(_GIVEN_UP)


def _over(moment: float | None) -> bool:
    return moment is not None and time.monotonic() > moment


def _serve(pipe: "Connection", disposable: bool) -> None:
    # By name, since the window imports this module: what serves imports torch.
    importlib.import_module("workbench.engine.serve").serve(pipe, disposable)
