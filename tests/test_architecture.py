"""What import contracts can't see: what a process really loads, and how the code is laid out."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import workbench

PACKAGE = Path(workbench.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 300  # lines: about what one can hold in mind
TORCH = {"torch", "torchvision", "torchaudio", "tensorboard", "matplotlib", "sklearn", "scipy"}
QT = {"PySide6", "shiboken6", "pyqtgraph"}


def modules_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def loaded_by(modules: Iterable[str], code: str = "") -> set[str]:
    """The top-level packages that a fresh process has loaded after these imports."""
    script = "\n".join(
        [
            "import importlib, json, sys",
            *(f"importlib.import_module({name!r})" for name in modules),
            code,
            "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))",
        ]
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def in_room(*rooms: str) -> list[str]:
    found = [modules_of(path) for path in SOURCES]
    return [name for name in found if name.split(".")[1:2] and name.split(".")[1] in rooms]


def test_core_loads_neither_torch_nor_numpy_nor_qt() -> None:
    modules = in_room("core")
    assert "workbench.core.project" in modules
    loaded = loaded_by(modules)
    assert not loaded & (TORCH | QT | {"numpy"})
    assert "pydantic" in loaded, "the probe sees what is loaded"


def test_catalogue_and_remote_load_neither_torch_nor_numpy_nor_qt() -> None:
    loaded = loaded_by([*in_room("core", "catalog"), "workbench.engine.remote"])
    assert not loaded & (TORCH | QT | {"numpy"})


def test_describing_choices_and_walking_networks_loads_nothing_more() -> None:
    code = """
from workbench.core.data import DatasetSpec
from workbench.core.template import Template
for template in Template.shelf.values():
    project = template.project()
    project.check()
    for kind in DatasetSpec.offered().values():
        list(project.replace(data=kind()).walk())
    project.to_json()
"""
    loaded = loaded_by(["workbench.catalog", "workbench.engine.remote"], code)
    assert not loaded & (TORCH | QT | {"numpy"})


def test_the_window_loads_no_torch() -> None:
    modules = [*in_room("ui", "catalog"), "workbench.app", "workbench.engine.remote"]
    loaded = loaded_by(modules)
    assert not loaded & TORCH
    assert "PySide6" in loaded, "the probe sees what is loaded"


def test_the_engine_and_the_command_line_work_where_qt_can_not_be_imported() -> None:
    blocked = "import sys\nsys.modules.update(dict.fromkeys(('PySide6', 'pyqtgraph')))\n"
    modules = in_room("core", "catalog", "engine", "cli")
    imports = "\n".join(f"import {name}" for name in modules)
    done = subprocess.run(
        [sys.executable, "-c", blocked + imports + "\nprint('fine')"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "fine\n", done.stderr


def test_files_are_short() -> None:
    lengths = {modules_of(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    long = {name: lines for name, lines in lengths.items() if lines >= LONGEST}
    assert not long, "give a part of each a file of its own"


def test_no_name_says_nothing() -> None:
    """A Manager or a Helper can be anything: a name says what a thing is."""
    empty = re.compile(r"(Manager|Handler|Helper|Utils?|Processor)$")
    names = {
        node.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    assert not {name for name in names if empty.search(name)}
    files = {path.stem for path in SOURCES} | {path.parent.name for path in SOURCES}
    assert not files & {"utils", "util", "common", "misc", "helpers", "manager", "shared", "base"}


def test_functions_are_short_at_the_median() -> None:
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    )
    assert len(lengths) > 200
    assert lengths[len(lengths) // 2] <= 10


def test_every_file_says_what_it_is_for() -> None:
    for path in SOURCES:
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path


def test_every_folder_of_the_package_is_a_package() -> None:
    """The shelves are found by walking packages: a folder without __init__ would be passed over."""
    for path in SOURCES:
        assert (path.parent / "__init__.py").is_file(), path.parent


def test_the_window_is_kept_from_every_module_of_the_engine_but_the_way_to_it() -> None:
    contracts = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["tool"]
    (forbidden,) = (
        set(contract["forbidden_modules"])
        for contract in contracts["importlinter"]["contracts"]
        if contract["name"] == "The window knows of the engine only how to reach it"
    )
    room = PACKAGE / "engine"  # a folder in it stands for all its modules
    inside = {path for path in SOURCES if room in (path.parent, path.parent.parent)}
    engine = {modules_of(path) for path in inside if path.parent == room or path.stem == "__init__"}
    # `serve` is reached by name, in the engine process
    way = {"workbench.engine", "workbench.engine.remote", "workbench.engine.serve"}
    assert forbidden == engine - way


def test_no_import_is_exempt_from_the_contracts() -> None:
    text = (PACKAGE.parent / "pyproject.toml").read_text("utf-8")
    assert "[tool.importlinter]" in text
    assert "ignore_imports" not in text
    assert "unmatched_ignore_imports" not in text


def test_the_version_has_one_home() -> None:
    text = (PACKAGE.parent / "pyproject.toml").read_text("utf-8")
    assert 'dynamic = ["version"]' in text
    assert re.fullmatch(r"\d+\.\d+\.\d+", workbench.__version__)
