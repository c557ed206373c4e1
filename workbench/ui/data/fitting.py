"""A network for other data: the present one with its output mended, or the usual one for them."""

from workbench.catalog.repairs import offers
from workbench.core.errors import UserError
from workbench.core.project import Project
from workbench.core.repair import Offer
from workbench.core.template import Template
from workbench.ui.offers import fix_label
from workbench.ui.text import tr

MOST_REPAIRS = 4


def fits(project: Project) -> bool:
    """Whether there is a network, and nothing is wrong with it on these data."""
    return bool(project.model.layers) and not any(step.fault for step in project.walk())


def suits_kind(before: Project, project: Project) -> bool:
    """Whether the network was right for data of as many axes, and so is worth being mended:
    convolutions could be made to take a table, but nobody wants that."""
    axes = len(before.data.info().shape)
    return fits(before) and len(project.data.info().shape) == axes


def fitted(project: Project, keep: bool) -> tuple[str, Project] | None:
    """What is to be done, in words, and the project with it done; None where nothing is wrong.

    The network is kept, where it is to be, if a few repairs make it fit; otherwise the usual
    template for such data takes its place.
    """
    if fits(project):
        return None
    kept = _mended(project) if keep else None
    return kept or _begun_anew(project)


def _mended(project: Project) -> tuple[str, Project] | None:
    labels: list[str] = []
    while not fits(project) and len(labels) < MOST_REPAIRS:
        offer = _first_offer(project)
        if offer is None:
            return None
        labels.append(fix_label(offer.fix))
        project = offer.project
    return (", ".join(labels), project) if fits(project) else None


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
