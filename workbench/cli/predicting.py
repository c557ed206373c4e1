"""`predict`: what a trained model says of pictures, tables and arrays."""

import json
from argparse import Namespace
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from workbench.cli.models import opened
from workbench.core.errors import UserError
from workbench.core.events import Event, Predicted


def predict(options: Namespace) -> int:
    """Print a line of JSON for each sample of each file.

    Raises:
        UserError: there is no model, or a file can't be read or does not suit it.
    """
    paths = [Path(name) for name in options.inputs]
    for path in paths:
        if not path.is_file():
            raise UserError("There is no file at {path}.", path=path)
    with opened(options.model, options.project) as model:
        from workbench.engine.asked import predict_files
        from workbench.engine.machine import set_up

        set_up()
        with closing(predict_files(model.project, model.weights, paths)) as events:
            for event in events:
                print(_line(event))
    return 0


def _line(event: Event) -> str:
    assert isinstance(event, Predicted)
    told = asdict(event)
    if not event.probabilities:
        del told["probabilities"]
    return json.dumps(told)
