"""Where the first value that is no finite number came from: the last steps are made once more, from
a checkpoint and so to the last bit, with a look into every layer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from torch import Tensor, nn

from workbench.core.errors import Diverged, UserError
from workbench.core.events import RecipeChanged
from workbench.engine.batches import Batch
from workbench.engine.predict import metrics_of, predict
from workbench.engine.training import Training

LONGEST = 20.0
"""Seconds that the steps may have taken that are made again."""


class Fault(NamedTuple):
    """`where` says in words what was not finite first, in `step`."""

    step: int
    where: UserError


def blamed(error: Diverged, failed: Training, again: Callable[[], Training]) -> Diverged:
    """The error with the layer and the step of the first such number, where they can be found in
    reasonable time; `again` gives the same run, as it was at some step before."""
    fault = None
    with suppress(UserError, RuntimeError):
        training = again()
        steps = error.values["step"] - training.step
        if steps * failed.watch.seconds / max(failed.step, 1) <= LONGEST:
            fault = _first(training, error.values["step"], failed.changes_made)
    if fault is None:
        return error
    return Diverged(
        "The loss stopped being a finite number at step {step}. The first such number was in "
        "{where}, in step {at}. Lower lr, or normalize the data, and train again.",
        step=error.values["step"],
        where=fault.where,
        at=fault.step,
    )


def _first(training: Training, last: int, made: Sequence[RecipeChanged]) -> Fault | None:
    """Make the steps up to `last`, of which the last two are looked into: weights that a step
    spoils show in the loss of the next one."""
    for batch in _remaining(training):
        for change in made:
            if change.step == training.step:
                training.take_up(lr=change.lr, epochs=change.epochs)
        number = training.step + 1
        if number < last - 1:
            _step(training, batch)
        elif where := _in_step(training, batch):
            return Fault(number, where)
        training.step = number
        if number % training.steps_per_epoch == 0 or number == last:
            with _watched(training.stepper.measured) as found:
                _measure(training)
            if number == last:
                return Fault(last, found[0]) if found else None
    return None


def _remaining(training: Training) -> Iterator[Batch]:
    """The batches behind the present step, to the last epoch."""
    training.network.train()
    length, seed = training.step_size, training.config.seed
    for epoch in range(training.epoch, training.config.epochs):
        done = max(training.step - epoch * training.steps_per_epoch, 0)
        yield from training.batches.shuffled(length, seed, epoch + 1, done)


def _measure(training: Training) -> None:
    """What happens at the end of an epoch: lr may follow from it."""
    training.figures.read()
    train = training.figures.epoch_means()
    predictions = predict(training.stepper.measured, training.batches, "val", training.loss)
    training.stepper.end_epoch((metrics_of(predictions, training.info) or train)["loss"])


def _step(training: Training, batch: Batch) -> Tensor:
    """Make a step, of which an epoch's mean loss knows; gives its loss."""
    lr = training.stepper.lr
    output, loss = training.stepper.step(batch)
    training.figures.add(training.step + 1, lr, output, batch.targets, loss)
    return loss


def _in_step(training: Training, batch: Batch) -> UserError | None:
    if not batch.inputs.isfinite().all():
        return UserError("the inputs")
    with _watched(training.network) as found:
        loss = _step(training, batch)
    if found:
        return found[0]
    if not loss.isfinite():
        return UserError("the loss itself")
    named = list(training.network.named_parameters())
    for name, parameter in reversed(named):  # gradients come from the last layer to the first
        if parameter.grad is not None and not parameter.grad.isfinite().all():
            return _of("the gradient of {layer}", training.network, name)
    for name, parameter in named:
        if not parameter.isfinite().all():
            return _of("the weights of {layer} after the step", training.network, name)
    return None


@contextmanager
def _watched(network: nn.Module) -> Iterator[list[UserError]]:
    """Note the layers whose output is not finite, in the order in which they run."""
    found: list[UserError] = []

    def watch(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def look(module: nn.Module, inputs: Any, output: Any) -> None:
            tensors = output if isinstance(output, tuple) else (output,)
            if not all(each.isfinite().all() for each in tensors if isinstance(each, Tensor)):
                found.append(_of("the output of {layer}", network, f"{name}.output"))

        return look

    leaves = [(name, each) for name, each in network.named_modules() if not any(each.children())]
    hooks = [each.register_forward_hook(watch(name)) for name, each in leaves]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _of(text: str, network: nn.Module, name: str) -> UserError:
    path = name.rpartition(".")[0]
    return UserError(text, layer=f"{type(network.get_submodule(path)).__name__} {path}".strip())
