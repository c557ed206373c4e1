"""A device that ran out of memory: what the memory goes to, in a sentence."""

from workbench.core.costs import costs_of, size
from workbench.core.errors import OutOfMemory
from workbench.core.project import Project

_WORDS = ("out of memory", "allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it was memory: CUDA has a type for it, the CPU's allocator only words."""
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in _WORDS)


def out_of_memory(error: BaseException, project: Project) -> OutOfMemory | None:
    """The sentence for a project that needs too much, if that is the error."""
    if not is_out_of_memory(error):
        return None
    costs = costs_of(project, project.walk())
    return OutOfMemory(
        "The device ran out of memory. A step needs {total}: {activations} for the activations of "
        "a batch of {batch}, {weights} for weights and gradients, {optimizer} for the optimizer. "
        "Choose a smaller batch size, or make a layer smaller.",
        total=size(costs.training),
        activations=size(costs.saved),
        batch=costs.batch,
        weights=size(costs.weights + costs.gradients),
        optimizer=size(costs.optimizer),
    )
