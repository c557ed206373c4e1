"""The loop of a training program as Python: `evaluate` and `main`."""

import math
from collections.abc import Iterator

from workbench.core.codegen_data import Calls
from workbench.core.data import DatasetInfo
from workbench.core.pretty import statement
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
            output = model({batch})
            losses.append({loss})
            figures.append({figure})
    return torch.cat(losses).double().mean().item(), torch.cat(figures).double().mean().item()
'''
MOST_VALUES = 16_000_000
"""Values that are evaluated in one go where there are no convolutions, as `engine.predict` does."""


def loop(project: Project, calls: Calls, convolves: bool) -> str:
    """`evaluate` and `main`, with what they call."""
    return _Loop(project, calls, convolves).text()


class _Loop:
    def __init__(self, project: Project, calls: Calls, convolves: bool) -> None:
        self.project, self.calls, self.convolves = project, calls, convolves
        self.recipe, self.data = project.train, project.data
        self.info: DatasetInfo = project.data.info()
        self.loss = project.train.loss
        is_class = self.info.task == "classification"
        self.metric = "accuracy" if is_class else "error"
        predicted = self.loss.predicted_source("output", self.info)
        self.labels = self.loss.targets_source("labels", self.info)
        if self.info.target_scale != (0.0, 1.0):
            self.labels = f"({self.labels} - TARGET_MEAN) / TARGET_STD"
            predicted = f"({predicted} * TARGET_STD + TARGET_MEAN)"
        self.figure = f"{predicted} == labels" if is_class else f"({predicted} - labels).abs()"

    def text(self) -> str:
        parts = []
        if self.data.balance == "weights":
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

    def _of_each(self) -> str:
        """The loss of each sample, (n,)."""
        mean = ".flatten(1).mean(1)" if self._is_elementwise else ""
        return f"criterion(output, {self.labels}){mean}"

    def _evaluate(self) -> str:
        rows = max(64, min(4096, MOST_VALUES // math.prod(self.info.shape)))
        size = 64 if self.convolves else rows
        return EVALUATE.format(
            more=self.calls.more,
            metric=self.metric,
            criterion=self._each(),
            size=size,
            batch=self.calls.evaluated,
            loss=self._of_each(),
            figure=self.figure,
        )

    # -- the loop

    def _main(self) -> str:
        lines = ["", "def main():", *self._before(), ""]
        lines += ["    for epoch in range(1, EPOCHS + 1):", *self._epoch()]
        return "\n".join([*lines, *self._after(), "", "", MAIN])

    def _before(self) -> Iterator[str]:
        layout = ", memory_format=torch.channels_last" if self.convolves else ""
        yield "    torch.manual_seed(SEED)"
        yield f"    model = Net().to(DEVICE{layout})"
        yield from self.calls.load.splitlines()
        weighted = self.data.balance == "weights"
        if weighted:
            yield f"    weights = class_weights(train[1], {len(self.info.classes)})"
        yield f"    criterion = {self._each() if weighted else self.loss.source()}"
        optimizer = self.recipe.optimizer.source("model.parameters()", self.recipe.lr)
        yield from statement(f"optimizer = {optimizer}", 4)
        yield "    best_loss, best_weights = math.inf, None"

    def _epoch(self) -> Iterator[str]:
        position = "position, " if "position" in "".join(self.calls.train) else ""
        size = "len(order)" if self.recipe.batch_size == "all" else "BATCH_SIZE"
        order = "torch.randperm(len(train[1]), generator=generator)"
        if self.data.balance == "sampling":
            order = "drawn_evenly(train[1], generator)"
        batches = f"order.split({size})"
        yield "        model.train()"
        yield f"        losses, total, {self.metric} = [], 0.0, 0.0"
        yield "        generator = torch.Generator().manual_seed(SEED * 1_000_003 + epoch)"
        yield f"        order = {order}.to(DEVICE)"
        yield f"        for {position}chosen in {f'enumerate({batches})' if position else batches}:"
        yield "            batch, labels = train[0][chosen], train[1][chosen]"
        yield from (f"            {line}" for line in self.calls.train)
        yield from self._step()
        yield from self._epoch_end()

    def _step(self) -> Iterator[str]:
        yield "            optimizer.zero_grad()"
        yield "            output = model(batch)"
        if self.data.balance == "weights":
            counted = "labels @ weights" if self.data.mixes else "weights[labels]"
            yield f"            counts = {counted}"
            yield f"            loss = ({self._of_each()} * counts).sum() / counts.sum()"
        else:
            yield f"            loss = criterion(output, {self.labels})"
        yield "            loss.backward()"
        yield "            optimizer.step()"
        yield "            losses.append(loss.item())"
        yield "            total += losses[-1] * len(chosen)"
        figure = self.figure if self.figure.endswith(".abs()") else f"({self.figure})"
        if self.data.mixes:
            figure = figure.replace("labels", "labels.argmax(1)")
        yield f"            {self.metric} += {figure}.sum().item()"

    def _epoch_end(self) -> Iterator[str]:
        metric = self.metric
        yield "        loss = total / len(order)"
        told = f"loss {{loss:.4f}}, {metric} {{{metric} / len(order):.4f}}"
        yield f'        line = f"epoch {{epoch}}: {told}"'
        if self.info.sizes["val"]:
            yield f"        loss, {metric} = evaluate(model, *val{self.calls.more})"
            yield f'        line += f", val loss {{loss:.4f}}, val {metric} {{{metric}:.4f}}"'
        yield "        print(line)"
        yield '        with open("losses.csv", "w" if epoch == 1 else "a") as log:  # of every step'
        yield '            log.writelines(f"{loss!r}\\n" for loss in losses)'
        yield "        if loss < best_loss:"
        yield "            best_loss, best_weights = loss, copy.deepcopy(model.state_dict())"

    def _after(self) -> Iterator[str]:
        metric = self.metric
        yield ""
        yield "    model.load_state_dict(best_weights)"
        if self.info.sizes["test"]:
            yield f"    loss, {metric} = evaluate(model, *test{self.calls.more})"
            yield f'    print(f"test loss {{loss:.4f}}, test {metric} {{{metric}:.4f}}")'
        yield '    torch.save(model.state_dict(), "model.pt")'


MAIN = """\
if __name__ == "__main__":
    main()
"""
