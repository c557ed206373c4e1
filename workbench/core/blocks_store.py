"""The user's own blocks: groups of layers under a title, each a JSON file among the user's data."""

import json
import re
import unicodedata
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SerializeAsAny

from workbench.core.block import BlockSpec
from workbench.core.errors import UserError
from workbench.core.files import read_json, write_atomically
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.places import user_data
from workbench.core.spec import Spec, validated

LARGEST = 4_000_000  # bytes of a file: 2,000 layers take 400,000
SUFFIX = ".block.json"


class OwnBlock(Spec):
    """A block that can be put into any network."""

    version: Literal[1] = 1
    title: Annotated[str, Field(strict=True, min_length=1, max_length=64)]
    block: SerializeAsAny[LayerSpec]

    @property
    def path(self) -> Path:
        """Its file. The hash tells titles apart that no file system tells apart as names."""
        title = unicodedata.normalize("NFC", self.title)
        readable = re.sub(r"[\W_]+", "-", title)[:24].strip("-")
        digest = sha256(title.encode()).hexdigest()[:8]
        return folder() / f"{readable or 'block'}-{digest}{SUFFIX}"


def folder() -> Path:
    """Where the files lie."""
    return user_data() / "blocks"


def save(block: OwnBlock) -> None:
    """Write a block; one of the same title is replaced.

    Raises:
        UserError: the disk refused.
    """
    text = json.dumps(block.model_dump(mode="json"), indent=2, ensure_ascii=False)
    write_atomically(block.path, f"{text}\n".encode())


def delete(block: OwnBlock) -> None:
    """Remove the file of a block.

    Raises:
        UserError: the disk refused.
    """
    try:
        block.path.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            "{path} could not be deleted: {reason}.", path=block.path, reason=reason
        ) from error


def read_all() -> tuple[list[OwnBlock], dict[Path, UserError]]:
    """The blocks by title, and for each file that holds none the reason."""
    blocks, faults = [], {}
    for path in sorted(folder().glob(f"*{SUFFIX}")):
        try:
            blocks.append(_read(path))
        except UserError as error:
            faults[path] = error
    return sorted(blocks, key=lambda block: block.title.casefold()), faults


def _read(path: Path) -> OwnBlock:
    found = validated(OwnBlock, read_json(path, LARGEST), str(path))
    validated(ModelSpec, {"layers": [found.block]}, str(path))  # its bounds and names
    if not isinstance(found.block, BlockSpec):
        raise UserError("{path} holds no block but a single layer. Delete it.", path=path)
    if found.path != path:
        raise UserError(
            "{path} was renamed: a block of the title {title} lies in {right}.",
            path=path,
            title=found.title,
            right=found.path.name,
        )
    return found
