"""What a run says of how its steps are carried out."""

from workbench.core.carried_out import in_force, reasons, refused
from workbench.core.events import RunStarted


def started(**tuning: object) -> RunStarted:
    return RunStarted(
        run="run",
        device="cpu",
        threads=2,
        parameters=1,
        samples=1,
        batch_size=1,
        steps_per_epoch=1,
        epochs=1,
        tuning=tuning,
    )


def told(event: RunStarted) -> list[str]:
    return [text.format(**values) for text, values in reasons(event)]


def test_each_measured_setting_has_its_verdict() -> None:
    event = started(
        channels_last=True,
        fused=False,
        precision="bf16",
        compile=False,
        why="measured",
        gains={"channels_last": 1.624, "fused": 0.98, "precision": 2.3, "compile": 0.0},
    )
    assert in_force(event) == ("channels_last", "bf16")
    assert refused(event) == ("fused", "torch.compile")
    assert told(event)[1:] == [
        "channels_last is used: a step is 1.62 times as fast with it.",
        "fused is not used: a step is 0.98 times as fast with it, no gain.",
        "bf16 is used: a step is 2.30 times as fast with it.",
        "torch.compile is not used: it does not work here.",
    ]


def test_where_nothing_is_measured_the_reason_is_told_and_of_older_runs_nothing() -> None:
    event = started(channels_last=False, fused=True, precision="fp32", why="deterministic")
    assert in_force(event) == ("fused",)
    assert refused(event) == ()
    assert told(event) == ["The run is deterministic: nothing is measured, since that would vary."]
    assert (in_force(started()), told(started())) == ((), [])
