"""A mistake is one sentence, in this process and in another."""

import copy
import pickle
from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, ShapeError
from workbench.core.model import ModelSpec
from workbench.engine.remote import EngineLost


class UnpicklableError(Exception):
    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"{code}: {words}")


VALUES = {
    "plain": "x",
    "braces": "{plain} {0} {} }{ {{x}}",
    "path": Path("a{b}c"),
    "number": 1e-9,
    "fault": ValueError("{oh}"),
    "another": UnpicklableError(5, "{oh}"),
}


@pytest.mark.parametrize("kind", [UserError, EngineLost, ShapeError])
@pytest.mark.parametrize("name", VALUES)
def test_a_sentence_survives_the_pipe_whatever_it_quotes(kind: type[UserError], name: str) -> None:
    error = kind("{" + name + "} is wrong in {where!r}.", where="{here}", **{name: VALUES[name]})
    assert str(error) == f"{VALUES[name]} is wrong in '{{here}}'."
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is kind
        assert str(twin) == str(error)
        assert twin.message == error.message
        assert twin.values.keys() == error.values.keys()


def test_a_real_fault_with_its_fixes_survives_the_pipe_as_a_sentence() -> None:
    linear = LayerSpec.named("Linear")()
    [step] = ModelSpec(layers=(linear,)).walk((1, 28, 28))
    assert isinstance(step.fault, ShapeError)
    assert step.fault.fixes
    assert str(pickle.loads(pickle.dumps(step.fault))) == str(step.fault)
