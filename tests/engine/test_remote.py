"""Training in the engine process: pause, stop, faults, and an engine that dies."""

import contextlib
import json
import multiprocessing
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any, TypeVar

import pytest
import small

from workbench.core.errors import OutOfMemory, UserError
from workbench.core.events import (
    CheckpointSaved,
    DevicesFound,
    EpochCompleted,
    Event,
    RunCompleted,
    RunStarted,
    StepCompleted,
    WriteFailed,
)
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.run_list import listed
from workbench.core.runs import Run, create_run
from workbench.engine import checkpoint
from workbench.engine.fit import fit
from workbench.engine.remote import EngineFault, EngineLost, Engines, Stream

E = TypeVar("E", bound=Event)

PATIENCE = 60.0  # seconds for what takes a moment on an idle machine


def train(engines: Engines, project: Project, run: Run, **options: Any) -> Stream:
    return engines.remote("sinks.train", project, run.folder, *options.values())


def flat(stream: Stream) -> Iterator[Event]:
    for batch in stream:
        yield from batch


class Reader:
    """Reads a stream in a thread of its own, as a window does."""

    def __init__(self, stream: Stream) -> None:
        self.seen: list[Event] = []
        self.error: Exception | None = None
        self._coming: Queue[Event | Exception | None] = Queue()
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: Stream) -> None:
        try:
            for event in flat(stream):
                self._coming.put(event)
            self._coming.put(None)
        except Exception as error:
            self._coming.put(error)

    def next(self, kind: type[E]) -> E:
        while True:
            event = self._coming.get(timeout=PATIENCE)
            assert isinstance(event, Event), event
            self.seen.append(event)
            if isinstance(event, kind):
                return event

    def until_quiet(self) -> None:
        """Up to where no event came for a second."""
        deadline = time.monotonic() + PATIENCE
        with contextlib.suppress(Empty):
            while time.monotonic() < deadline:
                event = self._coming.get(timeout=1.0)
                assert isinstance(event, Event), event
                self.seen.append(event)
        assert time.monotonic() < deadline, "it was never quiet"

    def end(self) -> None:
        """All the rest of a stream that comes to its end, or to an `error`."""
        while isinstance(event := self._coming.get(timeout=PATIENCE), Event):
            self.seen.append(event)
        self.error = event
        self._thread.join(PATIENCE)


def cpu_seconds(pid: int | None) -> float:
    """What a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_end(pid: int) -> None:
    """Until a process that is no child of ours is gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], PATIENCE)[0], f"process {pid} lives on"
    finally:
        os.close(handle)


def test_the_window_is_served_before_the_engine(engines: Engines) -> None:
    stream = engines.remote("machine.find_devices")
    found = {os.getpriority(os.PRIO_PROCESS, stream.pid or 0) for _ in stream}
    assert min(found) > os.getpriority(os.PRIO_PROCESS, 0)


def test_training_in_the_engine_is_training_here(engines: Engines, tmp_path: Path) -> None:
    project = small.linear(epochs=5)
    there, here = small.new_run(project, tmp_path), small.new_run(project, tmp_path)
    far = list(flat(train(engines, project, there)))
    near = list(fit(project, here))
    assert small.losses(far) == pytest.approx(small.losses(near), rel=1e-5)
    assert isinstance(far[-1], RunCompleted)
    assert list(there.events()) == far


def test_pause_pauses_and_resume_goes_on_with_the_next_step(
    engines: Engines, tmp_path: Path
) -> None:
    project = small.endless()
    stream = train(engines, project, small.new_run(project, tmp_path))
    reader = Reader(stream)
    reader.next(EpochCompleted)
    stream.pause()
    reader.until_quiet()
    before, computed = len(reader.seen), cpu_seconds(stream.pid)
    reader.until_quiet()
    assert len(reader.seen) == before
    assert cpu_seconds(stream.pid) - computed < 0.2

    last = small.of_kind(reader.seen, StepCompleted)[-1]
    stream.resume()
    following = reader.next(StepCompleted)
    stream.stop()
    reader.end()
    assert reader.error is None
    assert following.step == last.step + 1
    assert following.seconds - last.seconds < 1.0, "the pause is no training"


def test_a_paused_run_can_be_stopped(engines: Engines, tmp_path: Path) -> None:
    project = small.endless()
    run = small.new_run(project, tmp_path)
    stream = train(engines, project, run)
    reader = Reader(stream)
    reader.next(StepCompleted)
    stream.pause()
    reader.until_quiet()
    stream.stop()
    reader.end()
    assert reader.error is None
    assert_stopped(run)


def assert_stopped(run: Run) -> None:
    *_, last = run.events()
    assert isinstance(last, RunCompleted)
    assert last.reason == "stopped"
    text = run.events_file.read_text("utf-8")
    assert json.loads(text.splitlines()[-1])["event"] == "RunCompleted"
    assert checkpoint.load(run.last)["step"] >= last.step > 0


def test_stop_ends_the_run_with_a_checkpoint_and_leaves_the_engine_warm(
    engines: Engines, tmp_path: Path
) -> None:
    project = small.endless()
    run = small.new_run(project, tmp_path)
    stream = train(engines, project, run)
    told: list[Event] = []
    for event in flat(stream):
        told.append(event)
        if isinstance(event, EpochCompleted) and event.epoch == 2:
            pid = stream.pid
            stream.stop()
            stream.stop()  # a second click
    assert_stopped(run)
    *written, _ = run.events()
    assert told == written, "the window saw all that is on disk"

    again = engines.remote("machine.find_devices")
    found = [(event, again.pid) for event in flat(again)]
    assert isinstance(found[0][0], DevicesFound)
    assert found[0][1] == pid


def test_a_stop_that_comes_first_stops_the_run_at_its_first_event(
    engines: Engines, tmp_path: Path
) -> None:
    list(engines.remote("machine.find_devices"))  # it is warm, as a window has it
    project = small.endless()
    run = small.new_run(project, tmp_path)
    stream = train(engines, project, run)
    stream.stop()
    assert len(list(flat(stream))) < 1000
    *_, last = run.events()
    assert isinstance(last, RunCompleted)
    assert last.reason == "stopped"


def test_a_pause_that_comes_first_holds_the_run_at_its_first_event(
    engines: Engines, tmp_path: Path
) -> None:
    project = small.endless()
    stream = train(engines, project, small.new_run(project, tmp_path))
    stream.pause()
    reader = Reader(stream)
    reader.next(RunStarted)
    reader.until_quiet()
    assert not small.of_kind(reader.seen, EpochCompleted)
    stream.resume()
    reader.next(EpochCompleted)
    stream.stop()
    reader.end()
    assert reader.error is None


def test_an_engine_that_is_killed_is_told_and_the_run_goes_on_in_another(
    engines: Engines, tmp_path: Path
) -> None:
    project = small.endless()
    run = small.new_run(project, tmp_path)
    stream = train(engines, project, run)
    events = flat(stream)
    next(event for event in events if isinstance(event, CheckpointSaved))
    next(event for event in events if isinstance(event, EpochCompleted))
    assert stream.pid
    os.kill(stream.pid, signal.SIGKILL)
    with pytest.raises(EngineLost, match=r"exit code -9.*project and every checkpoint"):
        list(events)
    assert stream.pid is None

    held = checkpoint.load(run.last)
    for event in run.events():
        assert not isinstance(event, RunCompleted)
    short = project.replace(train=project.train.replace(epochs=held["epoch"] + 2))
    told = list(flat(train(engines, short, run, resume=True)))
    started, completed = told[0], told[-1]
    assert isinstance(started, RunStarted)
    assert isinstance(completed, RunCompleted)
    assert started.step == held["step"]
    assert (completed.reason, completed.epoch) == ("completed", held["epoch"] + 2)
    assert list(run.events())[-len(told) :] == told, "also behind what the crash cut off"


def test_a_mistake_comes_back_as_it_was_raised(engines: Engines, tmp_path: Path) -> None:
    layers = (small.layer("Linear", out_features=5),)
    project = small.linear().replace(model=ModelSpec(layers=layers))
    run = small.new_run(project, tmp_path)
    with pytest.raises(UserError) as here:
        list(fit(project, run))
    with pytest.raises(UserError) as there:
        list(train(engines, project, run))
    assert type(there.value) is type(here.value)
    assert str(there.value) == str(here.value)
    assert there.value.values == here.value.values


def test_what_was_told_before_a_mistake_arrives_first(engines: Engines, tmp_path: Path) -> None:
    project = small.linear(lr=0.3, epochs=1000, batch_size=8)
    run = small.new_run(project, tmp_path)
    reader = Reader(train(engines, project, run))
    reader.end()
    assert "stopped being a finite number" in str(reader.error)
    *written, last = run.events()
    assert isinstance(last, RunCompleted)
    assert reader.seen == written


def test_a_batch_beyond_all_memory_is_a_mistake_that_can_be_mended(
    engines: Engines, tmp_path: Path
) -> None:
    """Few parameters, and images of 800 by 800 pixels with 1,000 channels between them."""
    project = small.project(
        small.layer("Conv2d", out_channels=1000, kernel_size=1, padding=400),
        small.layer("MaxPool2d", kernel_size=400),
        small.layer("Flatten"),
        small.layer("Linear", out_features=10),
    )
    with pytest.raises(OutOfMemory) as told:
        list(train(engines, project, small.new_run(project, tmp_path)))
    kept = 4 * 64 * (1000 * 808 * 808)  # the images between the layers, in float32
    found = re.search(r"A step needs (\d+) GB: (\d+) GB for the activations", str(told.value))
    assert found, str(told.value)
    assert all(float(figure) == pytest.approx(kept / 1e9, rel=0.05) for figure in found.groups())
    assert "of a batch of 64" in str(told.value)


@pytest.mark.parametrize("function", ["fit.nothing", "nothing.fit", "fit"])
def test_a_fault_that_nobody_foresaw_comes_with_its_traceback(
    engines: Engines, function: str
) -> None:
    with pytest.raises(EngineFault, match=r"Traceback[\s\S]*serve\.py"):
        list(engines.remote(function))
    assert list(engines.remote("machine.find_devices")), "the engine lives on"


def test_a_run_folder_that_is_replaced_is_told_through_the_pipe(
    engines: Engines, tmp_path: Path
) -> None:
    project = small.linear(epochs=300)
    run = small.new_run(project, tmp_path)
    told: list[Event] = []
    for batch in train(engines, project, run):
        if not told:
            run.folder.rename(tmp_path / "elsewhere")
            run.folder.write_text("a file in its place")
        told += batch
    assert small.of_kind(told, WriteFailed)
    completed = told[-1]
    assert isinstance(completed, RunCompleted)
    assert completed.reason == "completed"


def test_a_stop_while_the_engine_starts_does_not_wait_for_torch(tmp_path: Path) -> None:
    engines, run = Engines(), create_run(small.project(), tmp_path)
    stream = engines.remote("sinks.train", run.project(), run.folder)
    told: Queue[list[Event]] = Queue()
    reader = threading.Thread(target=lambda: told.put([e for batch in stream for e in batch]))
    reader.start()
    while stream.pid is None:
        reader.join(0.01)
    pid = stream.pid
    stream.stop()
    assert told.get(timeout=60) == []
    reader.join()
    with pytest.raises(ProcessLookupError):  # a process with torch would wait for the next request
        os.kill(pid, 0)
    assert sorted(path.name for path in run.folder.iterdir()) == ["project.json"]
    engines.close()


def test_two_work_at_once_and_closing_ends_every_process() -> None:
    own = Engines()
    data = small.DatasetSpec.named("FashionMNISTSmall")()
    streams = [own.remote("describe.describe", data) for _ in range(2)]
    events = [flat(stream) for stream in streams]
    for each in events:
        next(each)
    pids = [stream.pid for stream in streams]
    assert len(set(pids)) == 2
    processes = {each.pid: each for each in multiprocessing.active_children()}
    idle, working = (processes[pid] for pid in pids)
    list(events[0])
    events[1].close()  # who does not want the rest is not kept waiting for it
    assert working.exitcode == -signal.SIGKILL
    own.close()
    assert idle.exitcode == 0, "it ended when asked, and was not killed"


ORPHAN = """
import pathlib, sys
import workbench.catalog
from workbench.core.runs import Run
from workbench.engine.remote import Engines

run = Run(pathlib.Path(sys.argv[1]))
stream = Engines().remote("sinks.train", run.project(), run.folder)
for batch in stream:
    print(stream.pid, *(type(event).__name__ for event in batch), flush=True)
"""


def test_the_engine_of_a_window_that_is_killed_keeps_a_checkpoint_and_ends(tmp_path: Path) -> None:
    project = small.endless()
    run = small.new_run(project, tmp_path)
    command = [sys.executable, "-c", ORPHAN, str(run.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as window:
        assert window.stdout
        line = next(line for line in window.stdout if "EpochCompleted" in line)
        window.kill()
    wait_for_end(int(line.split()[0]))
    assert not small.of_kind(run.events(), RunCompleted), "nobody stopped it"
    assert listed(run).status == "interrupted"
    assert checkpoint.load(run.last)["step"] > 0
