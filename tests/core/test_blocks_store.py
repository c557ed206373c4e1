"""The user's own blocks as files: titles in any script, files that are broken or renamed."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from workbench.core import blocks_store
from workbench.core.blocks_store import OwnBlock
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec

KINDS = LayerSpec.choices()


def group(*kinds: str) -> LayerSpec:
    return KINDS["Group"](layers=tuple(KINDS[kind]() for kind in kinds))


TITLES = ["Stem", "Größe 3×3", "卷积块", "блок/..\\..", "كتلة", "CON", "...", "🙂", "x" * 64]


def test_blocks_come_back_as_they_were_saved() -> None:
    assert blocks_store.read_all() == ([], {})
    for title in TITLES:
        blocks_store.save(OwnBlock(title=title, block=group("Conv2d", "ReLU")))
    blocks, faults = blocks_store.read_all()
    assert not faults
    assert {block.title for block in blocks} == set(TITLES)
    assert {block.block for block in blocks} == {group("Conv2d", "ReLU")}
    folder = blocks_store.folder()
    assert len([path for path in folder.iterdir() if path.is_file()]) == len(TITLES)


def test_the_same_title_is_replaced_and_one_in_other_letters_is_not() -> None:
    for title, kind in (("Stem", "Conv2d"), ("stem", "Linear"), ("Stem", "ReLU")):
        blocks_store.save(OwnBlock(title=title, block=group(kind)))
    blocks, _ = blocks_store.read_all()
    found = {block.title: block.block for block in blocks}
    assert found == {"Stem": group("ReLU"), "stem": group("Linear")}
    blocks_store.delete(next(block for block in blocks if block.title == "stem"))
    assert [block.title for block in blocks_store.read_all()[0]] == ["Stem"]


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64))
def test_any_title_is_a_file_in_the_folder(title: str) -> None:
    path = OwnBlock(title=title, block=group("ReLU")).path
    assert path.parent == blocks_store.folder()
    assert len(path.name.encode()) < 200
    assert path.name.isprintable()


def test_a_title_is_needed() -> None:
    for title in ("", "x" * 65):
        with pytest.raises(ValidationError):
            OwnBlock(title=title, block=group())


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"version": 2, "title": "a", "block": {"type": "Group"}}',
        '{"version": 1, "title": "a", "block": {"type": "ReLU"}}',
        '{"version": 1, "title": "a", "block": {"type": "Nothing"}}',
        '{"version": 1, "title": "a", "block": {"type": "Group", "layers": 3}}',
    ],
)
def test_a_broken_file_is_told_and_the_others_are_read(broken: str) -> None:
    blocks_store.save(OwnBlock(title="Stem", block=group("ReLU")))
    path = blocks_store.folder() / "a.block.json"
    path.write_text(broken, "utf-8")
    blocks, faults = blocks_store.read_all()
    assert [block.title for block in blocks] == ["Stem"]
    assert faults.keys() == {path}
    assert str(path) in str(faults[path])


def test_a_block_with_more_layers_than_a_network_may_have_is_refused() -> None:
    saved = OwnBlock(title="Stem", block=group("ReLU"))
    blocks_store.save(saved)
    content = json.loads(saved.path.read_text("utf-8"))
    content["block"]["layers"] *= 2_100
    for number, layer in enumerate(content["block"]["layers"]):
        content["block"]["layers"][number] = {**layer, "name": ""}
    saved.path.write_text(json.dumps(content), "utf-8")
    blocks, faults = blocks_store.read_all()
    assert not blocks
    assert "at most 2,000 layers" in str(faults[saved.path])


def test_a_renamed_file_is_told() -> None:
    saved = OwnBlock(title="Stem", block=group("ReLU"))
    blocks_store.save(saved)
    saved.path.rename(saved.path.with_name("other.block.json"))
    blocks, faults = blocks_store.read_all()
    assert not blocks
    assert "was renamed" in str(next(iter(faults.values())))


def test_a_folder_that_is_a_file_is_a_sentence(home: Path) -> None:
    home.mkdir()
    (home / "blocks").write_text("")
    assert blocks_store.read_all() == ([], {})
    with pytest.raises(UserError, match="could not be written"):
        blocks_store.save(OwnBlock(title="Stem", block=group("ReLU")))


def test_layers_of_a_block_are_renamed_where_a_name_is_taken() -> None:
    saved = OwnBlock(title="Stem", block=group("Conv2d"))
    blocks_store.save(saved)
    [read], _ = blocks_store.read_all()
    model = ModelSpec(layers=(KINDS["Conv2d"](name="conv1"),))
    twice = model.inserted((1,), [read.block]).inserted((2,), [read.block])
    names = [layer.name for _, layer in twice.nested()]
    assert len(set(names)) == len(names) == 5
