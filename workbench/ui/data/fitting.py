"""A network for other data: the present one with its output mended, or the usual one for them."""

from workbench.catalog.repairs import offers
from workbench.core.errors import UserError
from workbench.core.project import Project
from workbench.core.repair import Offer
from workbench.core.template import Template
from workbench.ui.offers import fix_label
from workbench.ui.text import tr

MOST_REPAIRS = 4


def fitted(project: Project, axes: int) -> tuple[str, Project] | None:
    """What is to be done, in words, and the project with it done; None where nothing is wrong.

    The network, made for samples of so many `axes`, is kept where a few repairs make it fit data
    of as many; otherwise the usual template for such data takes its place: convolutions could be
    made to take a table, but nobody wants that.
    """
    if not _faults(project):
        return None
    kept = _mended(project) if len(project.data.info().shape) == axes else None
    return kept or _begun_anew(project)


def _faults(project: Project) -> int:
    return sum(step.fault is not None for step in project.walk()) or (not project.model.layers)


def _mended(project: Project) -> tuple[str, Project] | None:
    labels: list[str] = []
    while _faults(project) and len(labels) < MOST_REPAIRS:
        offer = _first_offer(project)
        if offer is None:
            return None
        labels.append(fix_label(offer.fix))
        project = offer.project
    return None if _faults(project) else (", ".join(labels), project)


def _first_offer(project: Project) -> Offer | None:
    steps = project.walk()
    faulty = next((step for step in steps if step.fault), None)
    found = offers(project, steps, faulty) if faulty else []
    return found[0] if found else None


def _begun_anew(project: Project) -> tuple[str, Project] | None:
    template = Template.usual(project.data.info())
    try:
        made = template.project(project.data)
    except UserError:
        return None
    return tr("Start with {template}", template=tr(template.title)), made
