"""Data of a training program as Python: reading, splitting, transforms and normalization."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from workbench.core.codegen_split import split_source, used_splits
from workbench.core.layer import Shape
from workbench.core.pretty import LENGTH, statement
from workbench.core.project import Project
from workbench.core.source import Source, beside, literal, unique
from workbench.core.transform import TransformSpec

MOST_MEASURED = 4096
"""Samples on which `preparation.measured_behind` measures."""
CHANNELS_LAST = ".contiguous(memory_format=torch.channels_last)"

BYTE_MOMENTS = '''
def moments(images):
    """Mean and standard deviation of each channel, by counting: no copy of the images as floats."""
    values = torch.arange(256, dtype=torch.float64){scale}
    counts = [channel.flatten().bincount(minlength=256) for channel in images.unbind(1)]
    shares = torch.stack(counts).double() / counts[0].sum()
    mean = shares @ values
    std = (shares @ values.square() - mean.square()).clamp(min=0).sqrt()
    std[std == 0] = 1.0
    return mean.float()[:, None, None], std.float()[:, None, None]
'''
MOMENTS = '''
def moments({name}):
    """Mean and standard deviation of each {part}; one that is constant keeps its values."""
    mean = {name}.double().mean({axes}){scale}
    std = {name}.double().std({axes}, correction=0){scale}
    std[std == 0] = 1.0
    return mean.float(){shape}, std.float(){shape}
'''
MOMENTS_BEHIND = '''
def moments(images):
    """Mean and standard deviation of each channel behind the transforms."""{chosen}
    total = squares = count = 0
    for batch in images.split(64):
        values = transformed(batch).double().transpose(0, 1).flatten(1)
        total, squares = total + values.sum(1), squares + values.square().sum(1)
        count += values.shape[1]
    mean = total / count
    std = (squares / count - mean.square()).clamp(min=0).sqrt()
    std[std == 0] = 1.0
    return mean.float()[:, None, None], std.float()[:, None, None]
'''
CHOSEN = """
    chosen = np.linspace(0, len(images) - 1, {most}).round().astype(np.int64)
    images = images[chosen]"""
DRAWING = '''
def drawing(epoch, position):
    """The generator of a batch: the same whatever was drawn before."""
    told = hashlib.blake2b(f"{SEED}:{epoch}:{position}".encode(), digest_size=4)
    return torch.Generator().manual_seed(int.from_bytes(told.digest(), "little"))
'''


class Calls(NamedTuple):
    """What the training loop calls."""

    load: str
    """Lines that make `train` and so on, and what normalizes them."""
    train: tuple[str, ...]
    """From `batch` and `labels` as they lie in memory to what training gets."""
    evaluated: str
    """The same of `batch` in evaluation."""
    more: str
    """Further arguments of a function that evaluates."""


class DataCode:
    """The data of a project as functions; see `generate_program` for `beside`."""

    def __init__(self, project: Project, channels_last: bool, beside: bool) -> None:
        self.data, self.given = project.data, project.data.source()
        self._elsewhere = [] if beside else [*self.given.files]
        self.source, self.info = project.data.source_info(), project.data.info()
        self.splits = used_splits(project.data)
        self.split = split_source(project.data, self.given.given)
        steps = project.data.prepare
        self.normalizes = project.data.normalize and not any(s.kind == "Normalize" for s in steps)
        self.is_random = any(step.train_only for step in steps)
        self.layout = CHANNELS_LAST if channels_last and self.source.is_image else ""
        self.per_batch = self.source.is_image or self.is_random
        """Whether samples are prepared batch by batch, which takes less memory for images."""
        self.drawn = _told(steps, self.source.shape, in_training=True)
        self.applied = applied_sources(steps, self.source.shape)
        steady = [step for step in steps if step.kind != "Normalize"]
        self.behind = any(part.lines for part in applied_sources(steady, self.source.shape))

    # -- texts

    @property
    def imports(self) -> set[str]:
        """Import statements that the texts need."""
        parts = [self.given, self.split, *self.applied, *(self.drawn if self.is_random else [])]
        found = {line for part in parts for line in part.imports}
        if self.is_random:
            found |= {"import hashlib"}
        if any("np." in text for text in self.functions()):
            found |= {"import numpy as np"}
        return found

    @property
    def constants(self) -> list[str]:
        """Assignments at the top."""
        parts = [self.given, *self.applied, *(self.drawn if self.is_random else [])]
        texts = unique(text for part in parts for text in part.constants)
        for file in self._elsewhere:
            there = f"Path({literal(str(file))})"
            texts = [text.replace(beside(file), there) for text in texts]
        return [line for text in texts for line in laid_out(text, 0)]

    def functions(self) -> list[str]:
        """All functions, each behind those that it calls."""
        parts = [*self.applied, *(self.drawn if self.is_random else [])]
        of_steps = [text for part in parts for text in part.functions]
        texts = [*self.given.functions, *self.split.functions, *of_steps, *self._preparing()]
        return unique([*texts, self._load_data()])

    def _preparing(self) -> Iterator[str]:
        if self.behind and self.normalizes:
            yield self._transformed()
        if self.normalizes:
            yield self._moments()
        if self.per_batch:
            yield self._prepare()
        if self.is_random:
            yield DRAWING
            yield self._augment()

    @property
    def _name(self) -> str:
        return "images" if self.source.is_image else "inputs"

    @property
    def _scaled(self) -> str:
        if not self.source.is_image:
            return "inputs.float()"
        scale = self.source.full_scale
        return "inputs.float()" if scale == 1.0 else f"inputs.float() / {scale:g}"

    def _transformed(self) -> str:
        lines = [f"inputs = {self._scaled}", *_lines(self.applied), "return inputs"]
        return _function(
            "transformed(inputs)", "Images in 0 to 1, behind the transforms that all get.", lines
        )

    def _moments(self) -> str:
        if self.behind:
            measured = self.info.sizes["train"] > MOST_MEASURED
            return MOMENTS_BEHIND.format(
                chosen=CHOSEN.format(most=MOST_MEASURED) if measured else ""
            )
        is_image, scale = self.source.is_image, self.source.full_scale
        told = f" / {scale:g}" if is_image and scale != 1.0 else ""
        if is_image and 1.0 < scale <= 255.0:  # bytes
            return BYTE_MOMENTS.format(scale=told)
        axes = "(0, 2, 3)" if is_image else "0" if len(self.source.shape) == 1 else "(0, 1)"
        return MOMENTS.format(
            name=self._name,
            part="channel" if is_image else "column",
            axes=axes,
            scale=told,
            shape="[:, None, None]" if is_image else "",
        )

    def _prepare(self) -> str:
        """What evaluation gets."""
        head = f"prepare(inputs{self._moments_given})"
        told = f"{self._name.capitalize()} as the network gets them."
        if self.behind and self.normalizes:
            lines = [f"inputs = transformed(inputs{self.layout})"]
        else:
            first = [f"inputs = inputs{self.layout}"] if self.behind and self.layout else []
            lines = [*first, f"inputs = {self._scaled}", *_lines(self.applied)]
        return _function(head, told, [*lines, f"return {self._normalized}{self.layout}"])

    def _augment(self) -> str:
        """What training gets."""
        mixes = self.data.mixes
        targets = ", targets" if mixes else ""
        head = f"augment(inputs{targets}, generator{self._moments_given})"
        lines = [f"inputs = {self._scaled}"]
        if mixes:
            classes = len(self.source.classes)
            lines.append(f"targets = nn.functional.one_hot(targets, {classes}).float()")
        lines += _lines(self.drawn)
        return _function(
            head,
            "A batch of training with what chance does to it.",
            [*lines, f"return {self._normalized}{self.layout}{targets}"],
        )

    @property
    def _moments_given(self) -> str:
        return ", mean, std" if self.normalizes else ""

    @property
    def _normalized(self) -> str:
        if not self.normalizes:
            return "inputs"
        return "((inputs - mean) / std)" if self.layout else "(inputs - mean) / std"

    def _load_data(self) -> str:
        words = {"train": "to train on", "val": "to validate", "test": "to test"}
        *first, last = [words[split] for split in self.splits]
        names = f"{', '.join(first)} and {last}" if first else last
        lines = [*self.given.lines, *self.split.lines, *self.given.encoded]
        pairs = ", ".join(f"({split}_inputs, {split}_targets)" for split in self.splits)
        lines.append(f"splits = [{pairs}]")
        lines.append("splits = [tuple(map(torch.from_numpy, arrays)) for arrays in splits]")
        if not self.per_batch and self.normalizes:
            lines.append("mean, std = moments(splits[0][0])")
        values = "inputs"
        if not self.per_batch:
            values = "(inputs.float() - mean) / std" if self.normalizes else "inputs.float()"
            lines.append(f"splits = [({values}, targets) for inputs, targets in splits]")
        lines.append(
            "return [(inputs.to(DEVICE), targets.to(DEVICE)) for inputs, targets in splits]"
        )
        return _function("load_data()", f"Inputs and targets {names}.", lines)

    # -- calls

    def calls(self) -> Calls:
        """How the training loop uses the functions."""
        unpacked = ", ".join(self.splits) if len(self.splits) > 1 else "(train,)"
        load = f"    {unpacked} = load_data()\n"
        if self.per_batch and self.normalizes:
            load += "    mean, std = moments(train[0])\n"
        more = self._moments_given if self.per_batch else ""
        plain = f"prepare(batch{more})" if self.per_batch else f"batch{self.layout}"
        train: tuple[str, ...] = (f"batch = {plain}",) if self.per_batch or self.layout else ()
        if self.is_random:
            labels = ", labels" if self.data.mixes else ""
            call = f"augment(batch{labels}, drawing(epoch, position){more})"
            train = (f"batch{labels} = {call}",)
        return Calls(load, train, plain, more)


def _told(steps: Iterable[TransformSpec], shape: Shape, in_training: bool) -> list[Source]:
    """What each step is as Python, for samples as those before it leave them."""
    found = []
    for step in steps:
        found.append(step.source(shape) if in_training else step.apply_source(shape))
        shape = step.out_shape(shape)
    return found


def applied_sources(steps: Iterable[TransformSpec], shape: Shape) -> list[Source]:
    """What each step does in evaluation, as Python; samples have this shape before the first."""
    return _told(steps, shape, in_training=False)


def _lines(sources: list[Source]) -> list[str]:
    return [line for source in sources for line in source.lines]


def _function(head: str, told: str, lines: list[str]) -> str:
    """The text of a function."""
    body = [laid for line in lines for laid in laid_out(line, 4)]
    return "\n".join(["", f"def {head}:", f'    """{told}"""', *body, ""])


def laid_out(line: str, indent: int) -> list[str]:
    """A line of any kind; a simple statement is broken where it is too long."""
    inner = indent + len(line) - len(line.lstrip())
    if inner + len(line.lstrip()) <= LENGTH or line.endswith(":") or "  # " in line:
        return [" " * indent + line]
    name, _, text = line.lstrip().partition(" = ")
    if text.startswith('"') and len(text) <= LENGTH - 4 - inner:  # ruff parts no string
        return [" " * inner + f"{name} = (", " " * (inner + 4) + text, " " * inner + ")"]
    return statement(line.lstrip(), inner)
