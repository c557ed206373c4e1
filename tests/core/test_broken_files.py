"""A project file that is corrupt, foreign, newer or written by hand: one sentence, no crash."""

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core import project as projects
from workbench.core.errors import UserError
from workbench.core.project import Project, load_project, save_project
from workbench.core.template import Template

CNN = Template.shelf["small_cnn"].project()
WHOLE = CNN.replace(train=CNN.train.replace(lr=0.002)).to_json()


def read(text: str) -> Project:
    return Project.from_json(text, "net.workbench")


def sentence_for(text: str) -> str:
    with pytest.raises(UserError) as told:
        read(text)
    sentence = str(told.value)
    assert sentence.startswith("net.workbench")
    assert sentence.endswith(".")
    return sentence


def changed(path: Sequence[str | int], value: Any) -> str:
    content = json.loads(WHOLE)
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(content)


def without(path: Sequence[str | int]) -> str:
    content = json.loads(WHOLE)
    place = content
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return json.dumps(content)


CONV = ("model", "layers", 0)
SHELVES: dict[str, tuple[str | int, ...]] = {
    "data": ("data",),
    "optimizer": ("train", "optimizer"),
    "loss": ("train", "loss"),
    "layer": CONV,
}
WRONG = [
    (("train", "lr"), ["0.1", True, None, [], {}, 0, -1, 1001, 10**400]),
    (("train", "batch_size"), [0, -1, True, "64", 1.5, 2_000_000, None, [64], "ALL"]),
    (("train", "epochs"), [0, -5, True, "1", 2.0, 10**30]),
    (("train", "seed"), [-1, 2**32, 0.5, "0", False]),
    (("train", "device"), ["gpu", "cuda:", "cpu\n", "", 0, "cuda:1234"]),
    (("train", "optimizer", "betas"), [[0.9], [0.9, 1.0], "ab", [0.9, True], [0.9, 0.9, 0.9]]),
    (("train", "optimizer", "eps"), [0, -1e-9, 2, "1e-8", False]),
    (("data", "val_fraction"), [1, 1.0, -0.1, "0.1", True]),
    (("data", "normalize"), [1, 0, "yes", None]),
    ((*CONV, "out_channels"), ["16", True, 0, -1, 1_000_001, 2.0, None, [16]]),
    ((*CONV, "kernel_size"), [[3], [3, 3, 3], [3, "3"], [3, 0], 0, -3, "3", {}, None]),
    ((*CONV, "stride"), [0, [1, -1], True, 1.5]),
    ((*CONV, "padding"), [-1, "valid", 10_001, [1, -1], True]),
    ((*CONV, "groups"), [0, "1", True]),
    ((*CONV, "bias"), [1, "true", None]),
    ((*CONV, "name"), ["class", "1a", "a b", "forward", 7, None, "x" * 65, "_x"]),
    (("model", "layers"), [{}, "x", 5, None, [5], [None], [[]]]),
    (("model",), [5, None, [], "x"]),
    (("train",), [5, None, []]),
    (("notes",), [5, None, ["a"], "x" * 100_001]),
]


@pytest.mark.parametrize(
    ("path", "value"),
    [(path, value) for path, values in WRONG for value in values],
    ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else repr(part)[:20],
)
def test_a_wrong_value_is_named_with_the_path_to_it(
    path: tuple[str | int, ...], value: Any
) -> None:
    sentence = sentence_for(changed(path, value))
    names = [str(part) for part in path if isinstance(part, str)]
    told = sentence.split(": ")[1]
    assert all(name in told for name in names), sentence
    assert "[0]" in told or 0 not in path, sentence


@pytest.mark.parametrize(
    "place",
    [(), ("model",), ("train",), ("data",), ("train", "optimizer"), ("train", "loss"), CONV],
    ids=lambda place: ".".join(map(str, place)) or "top",
)
@pytest.mark.parametrize(
    "key", ["colour", "my-key", "int", "tuple", "", "{a}", "ключ", "x" * 10_000]
)
def test_an_unknown_key_is_named_with_the_path_to_it(
    place: tuple[str | int, ...], key: str
) -> None:
    sentence = sentence_for(changed((*place, key), 1))
    assert "not a known key" in sentence
    assert len(sentence) < 200
    assert key[:50] in sentence or repr(key) in sentence
    assert all(str(part) in sentence for part in place)


@pytest.mark.parametrize("place", list(SHELVES.values()), ids=SHELVES)
@pytest.mark.parametrize(
    "name", ["Conv9d", "", 5, None, [], {}, "\ud800", "LayerSpec", "_Pool2d", "x" * 10_000, "{a}"]
)
def test_an_unknown_type_is_told_with_those_that_are_known(
    place: tuple[str | int, ...], name: Any
) -> None:
    sentence = sentence_for(changed((*place, "type"), name))
    assert "unknown type" in sentence
    assert len(sentence) < 1000
    assert all(str(part) in sentence for part in place)


@pytest.mark.parametrize(
    "place", [("data",), ("train", "loss"), CONV], ids=["data", "loss", "conv"]
)
def test_a_missing_type_is_told(place: tuple[str | int, ...]) -> None:
    assert "unknown type" in sentence_for(without((*place, "type")))


def test_half_of_a_character_as_a_key_or_value_is_told() -> None:
    for text in (changed(("train", "\ud800"), 1), changed((*CONV, "name"), "\ud800")):
        assert sentence_for(text).encode(), "it can be printed"


def test_two_layers_of_one_name_are_told() -> None:
    assert "model: two layers are named 'fc1'" in sentence_for(changed((*CONV, "name"), "fc1"))


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_that_are_not_finite_are_refused(word: str) -> None:
    sentence = sentence_for(WHOLE.replace('"lr": 0.002', f'"lr": {word}'))
    assert word in sentence


def test_a_key_that_stands_twice_is_refused() -> None:
    assert "'lr'" in sentence_for(WHOLE.replace('"lr": 0.002', '"lr": 0.002, "lr": 1.0'))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00" * 100,
        "{",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"version": 1, "model": ' + "[" * 900 + "]" * 900 + "}",
        "1" * 5000,
        WHOLE.replace('"version": 1', '"version": ' + "1" * 5000),
        "\ufeff" + WHOLE,
        WHOLE + "}",
        WHOLE.replace('"notes": ""', '"notes": "\\ud800"'),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_text_that_is_no_such_json_is_refused(text: str) -> None:
    sentence_for(text)


@pytest.mark.parametrize("version", [0, -1, "1", True, 1.0, None, [1], 1.5])
def test_a_version_that_no_program_wrote_is_no_project(version: Any) -> None:
    assert "is not a workbench project" in sentence_for(changed(("version",), version))


@pytest.mark.parametrize("version", [2, 10**30])
def test_a_newer_file_says_so_and_what_to_do(version: int) -> None:
    sentence = sentence_for(changed(("version",), version))
    assert "newer Torch Workbench" in sentence
    assert str(version) in sentence
    assert "Update the program" in sentence


@pytest.mark.parametrize(
    "content", [[], 5, "x", None, True, {}, {"version": 1}, {"cells": [], "nbformat": 4}, [{}]]
)
def test_foreign_json_is_no_project(content: Any) -> None:
    assert "is not a workbench project" in sentence_for(json.dumps(content))


def test_missing_parts_are_named() -> None:
    assert "data" in sentence_for(without(("data",)))
    assert "optimizer" in sentence_for(without(("train", "optimizer")))
    assert "loss" in sentence_for(without(("train", "loss")))


def test_a_file_cut_off_at_any_length_is_told_with_its_path(tmp_path: Path) -> None:
    whole, path = WHOLE.encode(), tmp_path / "cut.workbench"
    for length in range(len(whole.rstrip())):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=str(path)):
            load_project(path)
    path.write_bytes(whole.rstrip())
    assert load_project(path).to_json() == WHOLE


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", "Größe".encode("latin-1"), WHOLE.encode("utf-16")]
)
def test_a_file_that_is_no_utf_8_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "net.workbench"
    path.write_bytes(data)
    with pytest.raises(UserError, match=f"{path} is not a text file"):
        load_project(path)


def test_missing_folder_and_too_large_files_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path, tmp_path / "a" / "b"):
        with pytest.raises(UserError, match=str(path)):
            load_project(path)
    large = tmp_path / "large.workbench"
    with large.open("wb") as file:
        file.truncate(64_000_001)
    with pytest.raises(UserError, match="too large"):
        load_project(large)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


def places(content: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items: Any = ()
    if isinstance(content, dict):
        items = content.items()
    elif isinstance(content, list):
        items = enumerate(content)
    return [path, *(found for key, item in items for found in places(item, (*path, key)))][
        0 if path else 1 :
    ]


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(st.sampled_from(places(json.loads(WHOLE))), JSON)
def test_whatever_stands_anywhere_it_is_a_project_or_a_sentence(
    path: tuple[str | int, ...], value: Any
) -> None:
    text = changed(path, value)
    try:
        found = read(text)
    except UserError:
        sentence_for(text)
    else:
        assert read(found.to_json()) == found


def test_an_old_version_is_brought_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two formats before the present one: `rate` became `lr`, and then it moved into `train`."""

    def renamed(content: dict[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in content.items() if key != "rate"}
        return {**rest, "lr": content["rate"]}

    def moved(content: dict[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in content.items() if key != "lr"}
        return {**rest, "train": {**content["train"], "lr": content["lr"]}}

    monkeypatch.setattr(projects, "VERSION", 3)
    monkeypatch.setattr(projects, "MIGRATIONS", {1: renamed, 2: moved})
    old = json.loads(WHOLE)
    del old["train"]["lr"]
    kept = copy.deepcopy({**old, "rate": 0.25})
    new = projects.migrated(kept, "net.workbench")
    assert new["version"] == 3
    assert new["train"] == {**old["train"], "lr": 0.25}
    assert new.keys() == old.keys()
    assert kept == {**old, "rate": 0.25}, "what was read is not changed in place"
    assert projects.migrated({**new}, "net.workbench") == new


def test_every_format_before_the_present_one_has_its_migration() -> None:
    assert projects.MIGRATIONS.keys() == set(range(1, projects.VERSION))


def test_a_project_survives_the_file_to_the_last_field(tmp_path: Path) -> None:
    project = read(WHOLE).replace(notes='Größe {x} \u2028 \\ " 网络')
    path = tmp_path / "größe" / "net.workbench"
    save_project(project, path)
    assert load_project(path) == project
    assert json.loads(path.read_text("utf-8"))["notes"] == project.notes
