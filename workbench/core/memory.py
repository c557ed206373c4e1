"""The memory of activations, by following every tensor of a pass through the network.

A tensor lives as torch's own forward pass lets it live: a stack holds its input until its last
layer has run, a block holds what its earlier branches gave. What autograd keeps is counted once,
however many layers keep it. Neither counts what a kernel needs for itself while it runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple

from workbench.core.block import BlockSpec
from workbench.core.layer import Shape
from workbench.core.walk import Path, Step, walk

Stacks = Mapping[Path, Sequence[Step]]
"""The steps of a walk by the stack in which they stand."""


def by_stack(steps: Sequence[Step]) -> Stacks:
    """The steps of a walk by the stack in which they stand."""
    stacks: dict[Path, list[Step]] = {}
    for step in steps:
        stacks.setdefault(step.path[:-1], []).append(step)
    return stacks


@dataclass(eq=False)
class Account:
    """The bytes of a layer; of a block, of all in it in all its rounds."""

    saved: int = 0
    """Kept by autograd until the backward pass: of what the layer makes, and beside it."""
    alive: int = 0
    """Alive at once while the layer runs, when nothing is kept for a backward pass."""

    def take(self, part: "Account") -> None:
        """Count in a part that has run."""
        self.saved += part.saved
        self.alive = max(self.alive, part.alive)


@dataclass(eq=False)
class Tensor:
    """Some memory on its way through the network."""

    size: int
    owners: list[Account] = field(default_factory=list)
    learns: bool = False
    """Whether a gradient flows back through it."""
    is_saved: bool = False

    def save(self) -> None:
        """Have it kept for the backward pass; a second time costs nothing."""
        if not self.is_saved:
            self.is_saved = True
            for owner in self.owners:
                owner.saved += self.size

    def belongs_to(self, owner: Account) -> None:
        """From now on the owner's too; what was saved before, it has from its parts."""
        if owner not in self.owners:
            self.owners.append(owner)


class Flow(NamedTuple):
    """What goes into a part: the tensor in training and the one in evaluation, and how many bytes
    live beside what the part makes, its input among them."""

    x: Tensor
    y: Tensor
    held: int = 0


class Pass:
    """One pass of `batch` samples, with `width` bytes a number."""

    def __init__(self, batch: int, width: int) -> None:
        self.batch, self.width = batch, width
        self.accounts: dict[Path, Account] = {}

    def run(self, stacks: Stacks, in_shape: Shape) -> Account:
        """Follow the network; gives what it needs as a whole, the batch of inputs included."""
        whole = Account()
        size = self._bytes(in_shape)
        self._stack(stacks, (), Flow(Tensor(size, [whole]), Tensor(size), size), whole)
        return whole

    def _bytes(self, shape: Shape | None) -> int:
        return self.batch * self.width * prod(shape or ())

    def _stack(self, stacks: Stacks, at: Path, flow: Flow, into: Account) -> Flow | None:
        """Follow a stack whose figures go `into` an account; None where there is a fault."""
        x, y = flow.x, flow.y
        into.alive = flow.held
        for step in stacks.get(at, ()):
            own = self.accounts[step.path] = Account()
            held = flow.held + (0 if y is flow.y else y.size)
            made = self._step(stacks, step, Flow(x, y, held), own)
            into.take(own)
            if made is None:
                return None
            x, y, _ = made
            if x is not flow.x:
                x.belongs_to(into)
        return Flow(x, y)

    def _step(self, stacks: Stacks, step: Step, flow: Flow, own: Account) -> Flow | None:
        if not isinstance(step.layer, BlockSpec):
            return self._layer(step, flow, own) if step.out_shape else None
        if step.layer.scope:
            return self._rounds(stacks, step, step.layer, flow, own)
        return self._joined(stacks, step, step.layer, flow, own)

    def _layer(self, step: Step, flow: Flow, own: Account) -> Flow:
        layer, size = step.layer, self._bytes(step.out_shape)
        learns = flow.x.learns or step.parameters > 0
        x = flow.x if layer.is_view(True) else Tensor(size, [own], learns)
        y = flow.y if layer.is_view(False) else Tensor(size)
        own.alive = flow.held + (0 if y is flow.y else size)
        if learns:  # before the first parameter no gradient flows
            saved = layer.saved(step.in_shape or ())
            numbers = self.batch * saved.numbers + saved.of_batch
            own.saved += self.width * numbers + self.batch * saved.bytes
            for is_saved, tensor in ((saved.input, flow.x), (saved.output, x)):
                if is_saved:
                    tensor.save()
        return Flow(x, y)

    def _joined(
        self, stacks: Stacks, step: Step, block: BlockSpec, flow: Flow, own: Account
    ) -> Flow | None:
        """Follow stacks side by side, one after another, and their join."""
        outputs, held = [], flow.held
        for number in range(len(block.stacks)):
            part = Account()
            made = self._stack(stacks, (*step.path, number), flow._replace(held=held), part)
            own.take(part)
            if made is None:
                return None
            if made.x is not flow.x:
                made.x.belongs_to(own)
            held += 0 if made.y is flow.y else made.y.size
            outputs.append(made)
        if not block.join_tensors:
            return outputs[0]
        return self._join(step, block, outputs, held, own)

    def _join(
        self, step: Step, block: BlockSpec, outputs: Sequence[Flow], held: int, own: Account
    ) -> Flow:
        size = self._bytes(step.out_shape)
        # the last sum is made while the one before it is there
        own.alive = max(own.alive, held + size * min(block.join_tensors, 2))
        total = outputs[0].x
        for made in outputs[1:]:
            learns = total.learns or made.x.learns
            if block.join_saves:  # the gradient of one factor is the other one
                _save_factors(total, made.x)
            total = Tensor(size, [own], learns)
        return Flow(total if len(outputs) > 1 else Tensor(size, [own], total.learns), Tensor(size))

    def _rounds(
        self, stacks: Stacks, step: Step, block: BlockSpec, flow: Flow, own: Account
    ) -> Flow | None:
        """Follow the one stack of a block, again and again."""
        at, shape = (*step.path, 0), step.in_shape or ()
        now, one = flow, self
        for number in range(1, block.rounds + 1):
            if number > 1:
                one = Pass(self.batch, self.width)
                stacks = by_stack(walk(block.stacks[0], shape, at))
            done = one._round(stacks, at, now)
            if done.made is None:
                own.take(done.part)
                return None
            behind = stacks[at][-1].out_shape if stacks.get(at) else shape
            if behind == shape and done.made.x.learns == now.x.learns:
                return _alike(block.rounds + 1 - number, now, done, number == 1, own)
            own.take(done.part)
            done.made.x.belongs_to(own)
            held = flow.held + (0 if done.made.y is flow.y else done.made.y.size)
            now, shape = done.made._replace(held=held), behind or ()
        return now

    def _round(self, stacks: Stacks, at: Path, now: Flow) -> "_Round":
        x, part = Tensor(now.x.size, learns=now.x.learns), Account()
        made = self._stack(stacks, at, now._replace(x=x), part)
        if x.is_saved:
            now.x.save()
        if made and made.x is x:
            made = made._replace(x=now.x)
        return _Round(made, part, x.is_saved)


def _save_factors(a: Tensor, b: Tensor) -> None:
    for one, other in ((a, b), (b, a)):
        if other.learns:
            one.save()


class _Round(NamedTuple):
    made: Flow | None
    part: Account
    saves_input: bool


def _alike(rounds: int, before: Flow, done: _Round, is_first: bool, own: Account) -> Flow:
    """The rest of the rounds, which are all like the one that has run."""
    made, part = done.made, done.part
    assert made
    own.take(part)
    if rounds == 1 or made.x is before.x:
        if made.x is not before.x:
            made.x.belongs_to(own)
        return made
    own.saved += (rounds - 1) * part.saved
    own.alive += made.y.size if is_first and made.y is not before.y else 0
    last = Tensor(made.x.size, [own], made.x.learns, made.x.is_saved)
    if done.saves_input and not made.x.is_saved:  # of the round before
        made.x.save()
        own.saved += (rounds - 1) * made.x.size
    return Flow(last, made.y)
