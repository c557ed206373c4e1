"""Layers on their way: on the clipboard and in a drag, also as JSON text."""

import json
from collections.abc import Sequence

from PySide6.QtCore import QMimeData

from workbench.core.errors import UserError
from workbench.core.files import parse_json
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.spec import validated
from workbench.core.walk import Path
from workbench.ui.text import tr

MIME = "application/x-torch-workbench-layers"


def layers_mime(layers: Sequence[LayerSpec], paths: Sequence[Path] = ()) -> QMimeData:
    """Layers for the clipboard or a drag; `paths` is where they come from."""
    text = json.dumps(ModelSpec(layers=tuple(layers)).model_dump(mode="json"), indent=2)
    mime = QMimeData()
    mime.setText(text)
    mime.setData(MIME, json.dumps({"model": json.loads(text), "paths": list(paths)}).encode())
    return mime


def layers_of(mime: QMimeData | None) -> tuple[tuple[LayerSpec, ...], list[Path]]:
    """The layers of a drag or the clipboard, and the paths that they come from.

    Raises:
        UserError: there are no layers in it.
    """
    where = tr("The clipboard")
    if mime is None or not (mime.hasFormat(MIME) or mime.text()):  # an empty one may be None
        raise UserError("{where} holds no layers.", where=where)
    if mime.hasFormat(MIME):
        content = parse_json(bytes(mime.data(MIME).data()).decode(errors="replace"), where)
        if not isinstance(content, dict) or not {"model", "paths"} <= set(content):
            raise UserError("{where} holds no layers.", where=where)
        paths = content["paths"]
        if not _are_paths(paths):
            raise UserError("{where} holds no layers.", where=where)
        return validated(ModelSpec, content["model"], where).layers, list(map(tuple, paths))
    if not mime.text().lstrip().startswith("{"):
        raise UserError(
            "{where} holds no layers. For Python code choose Network > Code > Paste Code.",
            where=where,
        )
    content = parse_json(mime.text(), where)
    if not isinstance(content, dict) or "layers" not in content:
        raise UserError("{where} holds no layers.", where=where)
    return validated(ModelSpec, content, where).layers, []


def _are_paths(value: object) -> bool:
    """Whether it is a list of lists of whole numbers: another program may have written it."""
    lists = value if isinstance(value, list) else [None]
    return all(isinstance(path, list) and all(type(n) is int for n in path) for path in lists)
