"""`export`: a trained model as a file of another program, checked before it is kept."""

import json
from argparse import Namespace
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from workbench.cli.loading import Told
from workbench.cli.making import refuse_to_replace
from workbench.cli.models import Model, opened
from workbench.core.events import Event, Exported, ModelSaved
from workbench.core.export_formats import EXPORT_FORMATS

SAVED = ("bundle", "state_dict", "safetensors", "whole")
KINDS: Sequence[str] = (*SAVED, *EXPORT_FORMATS)


def export(options: Namespace) -> int:
    """Write a run's best weights, or a model's, in another format.

    Raises:
        UserError: there is no model, the format can't hold it, it predicts otherwise than here, or
            the file is there or can't be written.
    """
    path = Path(options.output)
    if path.exists() and not options.force:
        refuse_to_replace(path)
    told = Told()
    with opened(options.model, options.project) as model:
        for event in _written(options.to, model, path.absolute()):
            if isinstance(event, Exported | ModelSaved):
                told.end()
                print(_content(event, options) if options.json else _text(event, path))
            elif not options.json:
                told(event)
    return 0


def _written(kind: str, model: Model, path: Path) -> Generator[Event]:
    from workbench.engine import bundle
    from workbench.engine import export as saving
    from workbench.engine.exporting import export as exported
    from workbench.engine.machine import set_up

    set_up()
    project, weights = model
    if kind == "bundle":
        events = bundle.save_bundle(project, weights, path)
    elif kind == "whole":
        events = saving.save_network(project, weights, path)
    elif kind in SAVED:
        saving.check_suffix(path, (".safetensors",) if kind == "safetensors" else saving.PICKLED)
        events = saving.save_parameters(weights, path)
    else:
        events = exported(project, weights, kind, path)
    with closing(events):
        yield from events


def _content(event: Event, options: Namespace) -> str:
    assert isinstance(event, Exported | ModelSaved)
    return json.dumps({"format": options.to, **asdict(event)})


def _text(event: Event, path: Path) -> str:
    if not isinstance(event, Exported):
        return f"{path} written"
    return (
        f"{path} written: run outside on {event.samples:,} {event.split} samples, "
        f"{event.equal:.2%} are predicted alike, the largest difference is {event.largest:.2g}"
    )
