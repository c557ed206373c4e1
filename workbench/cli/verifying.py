"""`verify`: whether a run's train.py does what the run did."""

import json
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.core.layer import counted
from workbench.core.runs import Run
from workbench.engine.verify import Verification


def verify(options: Namespace) -> int:
    """Run the program of a run and compare the loss of every step: 0 if all are equal.

    Raises:
        UserError: no run, no program, or the program fails.
    """
    from workbench.engine.verify import verify as verified

    run = Run(Path(options.run))
    run.project()
    found = verified(run)
    print(json.dumps(asdict(found)) if options.json else _text(found))
    return 0 if found.equal else 1


def _text(found: Verification) -> str:
    steps = counted(found.steps, "step", "steps")
    if found.equal:
        told = f"train.py gives the same loss in {steps}, to the last bit."
        if found.changed_at is not None:
            told += f" Behind step {found.changed_at} the recipe was changed by hand."
        return told
    theirs = "nothing" if found.program_loss is None else repr(found.program_loss)
    return (
        f"train.py differs from step {found.step} on: the loss is {found.run_loss!r} in the run, "
        f"and {theirs} in train.py."
    )
