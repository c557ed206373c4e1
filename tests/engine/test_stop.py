"""A stop that comes while the engine is in a validation that takes its time."""

from pathlib import Path

import small

from workbench.core.data import DatasetSpec
from workbench.core.events import EpochCompleted, Event, RunCompleted, StepCompleted
from workbench.core.project import Project
from workbench.engine import checkpoint
from workbench.engine.remote import Engine

WIDE = 4096  # of a layer: seconds for the samples that validate, without a word in between


def validating_long() -> Project:
    """One step of few samples an epoch, and many that validate."""
    layers = [small.layer("Flatten")]
    for _ in range(3):
        layers += [small.layer("Linear", out_features=WIDE), small.layer("ReLU")]
    data = DatasetSpec.named("Digits")(val_fraction=0.9)
    last = small.layer("Linear", out_features=10)
    return small.project(*layers, last, data=data, batch_size="all", epochs=1000)


def heard(engine: Engine) -> object:
    message = None
    while message is None:
        message = engine.receive(1.0)
    return message


def test_a_stop_is_answered_within_a_validation_and_the_checkpoint_is_kept(tmp_path: Path) -> None:
    project = validating_long()
    run = small.new_run(project, tmp_path)
    engine = Engine()
    engine.send(("sinks.train", (project, run.folder), {}))
    told: list[Event] = []
    while not small.of_kind(told, StepCompleted):
        message = heard(engine)
        told += message if isinstance(message, list) else []
    assert not small.of_kind(told, EpochCompleted)
    engine.send("stop")
    words: list[object] = []
    while "end" not in words:
        words.append(heard(engine))
    assert words[0] == "stopping", "before the validation is over and its events are told"
    *_, last = run.events()
    assert isinstance(last, RunCompleted)
    assert last.reason == "stopped"
    assert checkpoint.load(run.last)["step"] == last.step == 1

    engine.send("stop")  # too late: nothing is at work
    engine.send(("machine.find_devices", (), {}))
    words = []
    while "end" not in words:
        words.append(heard(engine))
    assert "stopping" not in words
    engine.close()
