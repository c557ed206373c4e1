"""`check`: what a project should get right before it is trained."""

import json
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import workbench.catalog  # noqa: F401  lets every shelf find its choices
from workbench.core.layer import counted
from workbench.core.project import load_project
from workbench.core.rule import SEVERITIES, Finding, findings

FINE, PROBLEMS = 0, 1


def check(options: Namespace) -> int:
    """Tell what the rules find in a project file; 1 if there is a problem among it.

    Raises:
        UserError: the file is no project, or can't be read.
    """
    project = load_project(Path(options.file))
    found = findings(project, project.walk())
    if options.json:
        print(json.dumps([_content(finding) for finding in found], indent=2))
    else:
        print("\n".join(_text(found)))
    return PROBLEMS if any(finding.severity == "problem" for finding in found) else FINE


def _content(finding: Finding) -> dict[str, Any]:
    return {
        "rule": type(finding.rule).__name__,
        "severity": finding.severity,
        "place": finding.place,
        "message": finding.text,
        "reason": finding.rule.reason,
        "fixes": [remedy.label.format(**remedy.values) for remedy in finding.remedies],
    }


def _text(found: Sequence[Finding]) -> Iterator[str]:
    for finding in found:
        told = _content(finding)
        yield f"{finding.severity:8} {told['message']} {told['reason']}"
        if told["fixes"]:
            yield f"{'':8} fix: {' / '.join(told['fixes'])}"
    numbers = [(sum(f.severity == each for f in found), each) for each in SEVERITIES]
    counts = (counted(number, each, f"{each}s") for number, each in numbers if number)
    yield ", ".join(counts) or "Nothing is amiss."
