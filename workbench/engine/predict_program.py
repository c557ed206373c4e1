"""`predict.py` of an exported folder: raw files in, predictions out, by torch and numpy alone."""

import textwrap
from collections.abc import Iterator

from workbench.core.codegen_data import applied_sources, laid_out
from workbench.core.pretty import LENGTH
from workbench.core.project import Project
from workbench.core.raw import Encoding
from workbench.core.source import import_block, literal, unique
from workbench.engine.predict_reading import reading
from workbench.engine.preparation import Preparation

LOAD = '''
def load():
    """The network with its weights, for predictions."""
    model = Net()
    weights = torch.load(Path(__file__).with_name("weights.pt"), weights_only=True)
    model.load_state_dict(weights)
    return model.eval()
'''
PREDICT = '''
def predict(model, inputs):
    """{told}"""
    with torch.inference_mode():
        output = model(prepare(inputs))
    return {output}
'''
MAIN = '''
def main():
    """Print a line of JSON for each sample of each file."""
    model = load()
    for name in sys.argv[1:]:
        inputs = torch.tensor(read(Path(name)))
        for number, output in enumerate(predict(model, inputs), 1):
            print(json.dumps({{"file": name, "sample": number, **told(output)}}))


if __name__ == "__main__":
    main()
'''
TOLD_CLASS = '''
def told(output):
    """A prediction in words."""
    probabilities = dict(zip(CLASSES, output.tolist()))
    return {"predicted": CLASSES[output.argmax()], "probabilities": probabilities}
'''
TOLD_VALUE = '''
def told(output):
    """A prediction in words."""
    return {"predicted": output.item()}
'''


def predict_program(project: Project, steps: Preparation, encoding: Encoding | None) -> str:
    """The text; `model.py` and `weights.pt` are expected beside it.

    Raises:
        UserError: a transform can't be told as Python.
    """
    return _Program(project, steps, encoding).text()


class _Program:
    def __init__(self, project: Project, steps: Preparation, encoding: Encoding | None) -> None:
        self.data, self.loss = project.data, project.train.loss
        self.info, self.source = project.data.info(), project.data.source_info()
        self.moments, self.encoding = steps.moments, encoding
        self.applied = applied_sources(project.data.prepare, self.source.shape)
        self.reading = reading(project, encoding)

    def text(self) -> str:
        parts = [*self.applied, self.reading]
        imports = {line for part in parts for line in part.imports}
        base = {"import json", "import sys", "from pathlib import Path", "import torch"}
        is_class = self.info.task == "classification"
        functions = [
            *(text for part in parts for text in part.functions),
            LOAD,
            self._prepare(),
            self._predict(),
            TOLD_CLASS if is_class else TOLD_VALUE,
            MAIN.format(),
        ]
        constants = [
            *self._constants(),
            *unique(line for part in parts for line in part.constants),
        ]
        lines = [
            *self._head(),
            "",
            *import_block(base | imports | {"import numpy as np", "from model import Net"}),
            "",
            *(laid for text in constants for laid in _laid(text)),
            "",
            *"\n".join(unique(functions)).split("\n"),
        ]
        return "\n".join(lines).rstrip("\n") + "\n"

    def _head(self) -> Iterator[str]:
        what = "tables" if self.encoding else "images" if self.source.is_image else "values"
        given = {"images": "PICTURE", "tables": "TABLE.csv", "values": "FILE.npy"}[what]
        yield f'"""Predicts {_plain(self.info.target)} from {what}, by the network in model.py.'
        yield ""
        yield f"    python predict.py {given} ..."
        yield '"""'

    def _constants(self) -> Iterator[str]:
        if self.info.classes:
            yield f"CLASSES = {literal(list(self.info.classes))}"
        if self.encoding:
            columns = (
                f"{literal(name)}: {literal(list(values)) if values else None}"
                for name, values in self.encoding.columns
            )
            yield f"COLUMNS = {{{', '.join(columns)}}}"
            yield f"STAND_INS = np.array({list(self.encoding.instead)}, dtype=np.float32)"
        if self.moments:
            view = "[:, None, None]" if self.source.is_image else ""
            for name, values in zip(("MEAN", "STD"), self.moments, strict=True):
                yield f"{name} = torch.tensor({values.flatten().tolist()}){view}"
        mean, std = self.info.target_scale
        if (mean, std) != (0.0, 1.0):
            yield f"TARGET_MEAN = {mean!r}"
            yield f"TARGET_STD = {std!r}"

    def _prepare(self) -> str:
        scale = self.source.full_scale
        lines = ["inputs = inputs.float()"]
        if self.source.is_image and scale != 1.0:
            lines = [f"inputs = inputs.float() / {scale:g}"]
        if self.encoding:
            lines = ["inputs = torch.from_numpy(encoded(inputs.numpy(), STAND_INS))"]
        lines += [line for source in self.applied for line in source.lines]
        lines.append("return (inputs - MEAN) / STD" if self.moments else "return inputs")
        body = "".join(f"    {laid}\n" for line in lines for laid in laid_out(line, 0))
        return f'\ndef prepare(inputs):\n    """Raw samples as the network gets them."""\n{body}'

    def _predict(self) -> str:
        names = ", ".join(map(str, self.source.shape))
        given = f"(n, {len(self.encoding.columns)})" if self.encoding else f"(n, {names})"
        made = (
            f"Probabilities (n, {len(self.info.classes)})" if self.info.classes else "Values (n,)"
        )
        output = self.loss.probabilities_source("output", self.info)
        return PREDICT.format(told=f"{made} of raw samples {given}.", output=output)


def _plain(text: str) -> str:
    return text if text.isprintable() and not set(text) & set('"\\') else "the target"


def _laid(text: str) -> list[str]:
    """An assignment; a long list is filled into lines."""
    if len(text) <= LENGTH:
        return [text]
    start, bracket, rest = text.partition("[")
    inside, end, behind = rest.rpartition("]")
    if '"' in text or not bracket or not end:
        return laid_out(text, 0)
    lines = textwrap.wrap(inside + ",", LENGTH - 4, break_on_hyphens=False)  # 1e-05 is one
    return [start + bracket, *(f"    {line}" for line in lines), end + behind]
