"""The check before training: it finds what was planted, and stays silent where nothing is amiss."""

import pytest
from planted import NEAR, PLANTED
from work import grows_evenly, work

from workbench.catalog.layers.activation import ReLU
from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.rules.windows import HugeFirstLinear
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.rule import SEVERITIES, Finding, Rule, findings
from workbench.core.template import Template

RECALL = 0.9
RULES = sorted(Rule.shelf)


def found_in(project: Project) -> list[Finding]:
    return findings(project, project.walk())


def names_of(project: Project) -> set[str]:
    return {type(finding.rule).__name__ for finding in found_in(project)}


def test_there_are_enough_rules_and_each_is_tested() -> None:
    assert len(RULES) >= 30
    assert PLANTED.keys() == NEAR.keys() == set(RULES)
    assert all(len(made) >= 2 for made in [*PLANTED.values(), *NEAR.values()])


def test_planted_faults_are_found() -> None:
    missed = []
    total = 0
    for rule, makes in PLANTED.items():
        for number, make in enumerate(makes):
            total += 1
            if rule not in names_of(make()):
                missed.append(f"{rule} {number}")
    recall = 1 - len(missed) / total
    print(f"recall {recall:.3f} over {total} planted faults of {len(PLANTED)} rules")  # noqa: T201
    assert recall >= RECALL, missed


@pytest.mark.parametrize("rule", RULES)
def test_near_misses_are_passed_over(rule: str) -> None:
    for number, make in enumerate(NEAR[rule]):
        assert rule not in names_of(make()), number


@pytest.mark.parametrize("template", sorted(Template.shelf))
def test_no_false_alarm_on_a_template(template: str) -> None:
    told = [finding.text for finding in found_in(Template.shelf[template].project())]
    assert told == []


@pytest.mark.parametrize("rule", RULES)
def test_a_remedy_takes_its_finding_away_and_breaks_nothing(rule: str) -> None:
    for make in PLANTED[rule]:
        project = make()
        found = [each for each in found_in(project) if type(each.rule).__name__ == rule]
        faults = sum(step.fault is not None for step in project.walk())
        for finding in found:
            for remedy in finding.remedies:
                assert "{" not in remedy.label.format(**remedy.values)
                left = found_in(remedy.project)
                assert (finding.place, finding.text) not in [
                    (each.place, each.text) for each in left if type(each.rule).__name__ == rule
                ]
                after = sum(step.fault is not None for step in remedy.project.walk())
                assert after <= max(faults, 0)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_what_it_is(rule: str) -> None:
    kind = Rule.shelf[rule]
    assert kind.severity in SEVERITIES
    assert kind.reason.endswith(".")
    assert kind.__doc__
    for make in PLANTED[rule]:
        for finding in found_in(make()):
            assert finding.text.endswith("."), finding.text


def test_findings_stand_with_the_worst_first() -> None:
    project = PLANTED["OutputsSuitLoss"][0]()
    project = project.replace(
        train=project.train.replace(lr=0.5), data=project.data.replace(test_fraction=0.0)
    )
    severities = [finding.severity for finding in found_in(project)]
    assert severities == ["problem", "warning", "hint"]


def test_the_huge_first_linear_is_looked_for_in_one_go() -> None:
    base = Template.shelf["small_cnn"].project()

    def looked_for(size: int) -> int:
        deep = (Conv2d(out_channels=4), *(ReLU() for _ in range(size)))
        project = base.replace(model=ModelSpec(layers=deep))
        steps = project.walk()
        return work(lambda: list(HugeFirstLinear().check(project, steps)))

    assert grows_evenly(looked_for, 900)
