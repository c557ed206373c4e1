"""The loop of a training program as Python: `evaluate` and `main`."""

import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from workbench.core.codegen_data import Calls, laid_out
from workbench.core.codegen_recipe import RecipeCode
from workbench.core.data import DatasetInfo
from workbench.core.project import Project

CLASS_WEIGHTS = '''
def class_weights(targets, classes):
    """What a sample of each class counts, so that all classes count alike."""
    counts = torch.bincount(targets, minlength=classes).double()
    weights = len(targets) / ((counts > 0).sum() * counts)
    return weights.where(counts > 0, torch.zeros_like(weights)).float()
'''
DRAWN_EVENLY = '''
def drawn_evenly(targets, generator):
    """As many samples as there are: first a class is drawn, then one of its samples."""
    targets = targets.cpu()
    members = targets.argsort(stable=True)
    counts = torch.bincount(targets)
    first = counts.cumsum(0) - counts
    present = counts.nonzero()[:, 0]
    drawn = present[torch.randint(len(present), targets.shape, generator=generator)]
    place = torch.rand(len(targets), generator=generator, dtype=torch.float64) * counts[drawn]
    return members[first[drawn] + place.long()]
'''
EVALUATE = '''
def evaluate(model, inputs, targets{more}):
    """Mean loss and {metric} over a split."""
    criterion = {criterion}
    losses, figures = [], []
    model.eval()
    with torch.inference_mode():
        for batch, labels in zip(inputs.split({size}), targets.split({size})):
            output = model({batch}){lines}
            losses.append({loss})
            figures.append({figure})
    return torch.cat(losses).double().mean().item(), torch.cat(figures).double().mean().item()
'''
MOST_VALUES = 16_000_000
"""Values that are evaluated in one go where there are no convolutions, as `engine.predict` does."""


class Layout(NamedTuple):
    """Whether a network has convolutions, and whether images lie pixel by pixel for them."""

    convolves: bool
    channels_last: bool


def loop(project: Project, recipe: RecipeCode, calls: Calls, layout: Layout) -> str:
    """`evaluate` and `main`, with what they call."""
    return _Loop(project, recipe, calls, layout).text()


class _Loop:
    def __init__(self, project: Project, recipe: RecipeCode, calls: Calls, layout: Layout) -> None:
        self.project, self.calls, self.layout = project, calls, layout
        self.recipe, self.config, self.data = recipe, project.train, project.data
        self.weighted = project.data.balance == "weights"
        self.info: DatasetInfo = project.data.info()
        self.loss = project.train.loss
        is_class = self.info.task == "classification"
        self.metric = "accuracy" if is_class else "error"
        predicted = self.loss.predicted_source("output", self.info)
        self.figure = f"{predicted} == labels" if is_class else f"({predicted} - labels).abs()"

    def text(self) -> str:
        parts = list(self.recipe.functions())
        if self.weighted:
            parts.append(CLASS_WEIGHTS)
        if self.data.balance == "sampling":
            parts.append(DRAWN_EVENLY)
        if self.info.sizes["val"] or self.info.sizes["test"]:
            parts.append(self._evaluate())
        return "\n".join([*parts, self._main()])

    # -- the loss

    @property
    def _is_elementwise(self) -> bool:
        return self.loss.kind not in ("CrossEntropyLoss", "NLLLoss")

    def _each(self) -> str:
        """The criterion that does not average."""
        source = self.loss.source()
        return f'{source[:-1]}{"" if source.endswith("()") else ", "}reduction="none")'

    def _wanted(self, mixed: bool) -> tuple[list[str], str]:
        """Lines that bring `labels` to what the criterion takes, and its name then."""
        told = self.loss.targets_source("labels", self.info, mixed)
        return (
            ([], told) if len(told) <= len("labels[:, None]") else ([f"wanted = {told}"], "wanted")
        )

    def _of_each(self, wanted: str) -> str:
        """The loss of each sample, (n,)."""
        mean = ".flatten(1).mean(1)" if self._is_elementwise else ""
        return f"criterion(output, {wanted}){mean}"

    def _evaluate(self) -> str:
        lines, wanted = self._wanted(mixed=False)
        rows = max(64, min(4096, MOST_VALUES // math.prod(self.info.shape)))
        size = 64 if self.layout.convolves else rows
        return EVALUATE.format(
            more=self.calls.more,
            metric=self.metric,
            criterion=self._each(),
            size=size,
            batch=self.calls.evaluated,
            lines="".join(f"\n            {line}" for line in lines),
            loss=self._of_each(wanted),
            figure=self.figure,
        )

    # -- the loop

    def _main(self) -> str:
        lines = ["", "def main():", *self._before(), ""]
        lines += ["    for epoch in range(1, EPOCHS + 1):", *_indented(self._epoch(), 8)]
        return "\n".join([*lines, *_indented(self._after(), 4), "", "", MAIN])

    def _before(self) -> Iterator[str]:
        layout = ", memory_format=torch.channels_last" if self.layout.channels_last else ""
        yield from _indented(self.recipe.settings(), 4)
        yield "    torch.manual_seed(SEED)"
        yield f"    model = Net().to(DEVICE{layout})"
        yield from _indented(self.recipe.starting(), 4)
        yield from self.calls.load.splitlines()
        if self.weighted:
            yield f"    weights = class_weights(train[1], {len(self.info.classes)})"
        yield f"    criterion = {self._each() if self.weighted else self.loss.source()}"
        for line in self.recipe.making():
            yield from laid_out(line, 4)
        if self.config.patience:
            yield "    best_loss, best_epoch, best_weights = math.inf, 0, None"
        else:
            yield "    best_loss, best_weights = math.inf, None"

    def _epoch(self) -> Iterator[str]:
        position = "position, " if "position" in "".join(self.calls.train) else ""
        order = "torch.randperm(len(train[1]), generator=generator)"
        if self.data.balance == "sampling":
            order = "drawn_evenly(train[1], generator)"
        batches = f"order.split({self.recipe.step_size})"
        yield "model.train()"
        yield f"losses, total, {self.metric} = [], 0.0, 0.0"
        yield "generator = torch.Generator().manual_seed(SEED * 1_000_003 + epoch)"
        yield f"order = {order}.to(DEVICE)"
        yield f"for {position}chosen in {f'enumerate({batches})' if position else batches}:"
        yield from _indented(self._step(), 4)
        yield from self._epoch_end()

    def _step(self) -> Iterator[str]:
        taken = ("batch, labels = train[0][chosen], train[1][chosen]", *self.calls.train)
        if self.config.accumulate > 1:  # then a batch is a part of this
            taken = tuple(
                re.sub(r"\blabels\b", "targets", re.sub(r"\bbatch\b", "inputs", line))
                for line in taken
            )
        yield from taken
        if self._counts_parts:
            counted = self._counted("targets")
            yield f"whole = {f'({counted})' if ' ' in counted else counted}.sum()"
        yield from self.recipe.step(self._forward(), self._measured(), self._counts_parts)
        yield "losses.append(loss.item())"
        yield "total += losses[-1] * len(chosen)"
        if self.config.accumulate == 1:
            yield self._measured()

    def _forward(self) -> list[str]:
        """From a batch to its loss."""
        model = "compiled" if self.config.compile else "model"
        lines, wanted = self._wanted(self.data.mixes)
        lines.insert(0, f"output = {model}(batch)")
        if not self.weighted:
            return [*lines, f"loss = criterion(output, {wanted})"]
        whole = "whole" if self._counts_parts else "counts.sum()"
        mean = f"loss = ({self._of_each(wanted)} * counts).sum() / {whole}"
        return [*lines, f"counts = {self._counted('labels')}", mean]

    @property
    def _counts_parts(self) -> bool:
        """Whether a part of a step counts as its samples do, not as their number."""
        return self.weighted and self.config.accumulate > 1

    def _counted(self, targets: str) -> str:
        """What each sample counts."""
        return f"{targets} @ weights" if self.data.mixes else f"weights[{targets}]"

    def _measured(self) -> str:
        figure = self.figure if self.figure.endswith(".abs()") else f"({self.figure})"
        if self.data.mixes:
            figure = figure.replace("labels", "labels.argmax(1)")
        return f"{self.metric} += {figure}.sum().item()"

    def _epoch_end(self) -> Iterator[str]:
        metric, measured = self.metric, self.recipe.measured
        yield "loss = total / len(order)"
        told = f"loss {{loss:.4f}}, {metric} {{{metric} / len(order):.4f}}"
        yield f'line = f"epoch {{epoch}}: {told}"'
        if self.info.sizes["val"]:
            yield f"loss, {metric} = evaluate({measured}, *val{self.calls.more})"
            yield f'line += f", val loss {{loss:.4f}}, val {metric} {{{metric}:.4f}}"'
        yield 'with open("losses.csv", "w" if epoch == 1 else "a") as log:  # of every step'
        yield '    log.writelines(f"{loss!r}\\n" for loss in losses)'
        yield "print(line)"
        yield from self.recipe.epoch_end()
        weights = f"copy.deepcopy({measured}.state_dict())"
        yield "if loss < best_loss:"
        if not self.config.patience:
            yield f"    best_loss, best_weights = loss, {weights}"
            return
        yield "    best_loss, best_epoch = loss, epoch"
        yield f"    best_weights = {weights}"
        yield "if epoch - best_epoch >= PATIENCE:"
        yield "    break"

    def _after(self) -> Iterator[str]:
        metric = self.metric
        yield ""
        yield "model.load_state_dict(best_weights)"
        if self.info.sizes["test"]:
            yield f"loss, {metric} = evaluate(model, *test{self.calls.more})"
            yield f'print(f"test loss {{loss:.4f}}, test {metric} {{{metric}:.4f}}")'
        yield 'torch.save(model.state_dict(), "model.pt")'


def _indented(lines: Iterable[str], indent: int) -> Iterator[str]:
    for line in lines:
        yield " " * indent + line if line else ""


MAIN = """\
if __name__ == "__main__":
    main()
"""
