"""Edits that may mend a faulty network, for `workbench.core.repair` to try and to rank.

Each function looks at a fault and yields what could be meant; none of them has to be right, since
what does not mend the fault is never offered.
"""

from collections.abc import Iterator, Sequence

from workbench.catalog.repairs.arguments import other_arguments
from workbench.catalog.repairs.before import layers_before, poolings_from_here
from workbench.catalog.repairs.joins import other_joins
from workbench.catalog.repairs.output import other_loss, other_output
from workbench.catalog.repairs.shapes import other_kinds, put_in_front
from workbench.core.layer import Fix
from workbench.core.project import Project
from workbench.core.repair import Edit, Fault, Offer, ranked
from workbench.core.walk import Step


def offers(project: Project, steps: Sequence[Step], faulty: Step) -> list[Offer]:
    """Up to three ways to mend a faulty step of a project's walk, the best first."""
    fault = Fault(project, steps, faulty)
    return ranked(fault, edits(fault)) or list(other_loss(fault))


def edits(fault: Fault) -> Iterator[Edit]:
    """All that may mend a fault; what the layer says itself comes first."""
    if fault.step.fault:
        yield from (Edit(fault.step.path, fix) for fix in fault.step.fault.fixes)
    if fault.is_output:
        yield from other_output(fault)
        return
    yield from other_arguments(fault)
    yield from put_in_front(fault)
    yield from other_kinds(fault)
    yield from layers_before(fault)
    yield from poolings_from_here(fault)
    yield from other_joins(fault)
    yield Edit(fault.step.path, Fix("remove the layer", ()))
