"""Arguments drawn from a Spec's own fields, so that a new class on a shelf is tested by itself."""

import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from workbench.core.spec import Spec

# Small numbers: large enough for every rule, small enough for a real forward pass.
INTEGERS, FLOATS = (-4, 6), (0.0, 1.0)


@st.composite
def specs(draw: st.DrawFn, kind: type[Spec]) -> Spec:
    """A Spec of this class with any arguments that it takes, each field as often at its default;
    `name` stays empty."""
    arguments = {
        name: draw(_values(field.annotation, field.metadata))
        for name, field in kind.model_fields.items()
        if name != "name" and (field.is_required() or draw(st.booleans()))
    }
    try:
        return kind(**arguments)
    except ValidationError:
        reject()


def _values(kind: Any, metadata: Iterable[Any]) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _values(inner[0], inner[1:])
    if origin in (Union, types.UnionType):
        return st.one_of(*(_values(each, ()) for each in inner))
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple and inner[-1] is Ellipsis:
        if get_args(inner[0])[:1] != (int,):
            return st.just(())  # stacks of layers are drawn where they are tested
        few = st.lists(_values(inner[0], ()), min_size=1, max_size=4)
        orders = [st.permutations(range(1, most)) for most in (3, 4, 5, 5, 5, 6)]
        return st.one_of(few, *orders).map(tuple)
    if origin is tuple:
        return st.tuples(*(_values(each, ()) for each in inner))
    return _plain_values(kind, dict(_bounds(metadata)))


def _plain_values(kind: Any, bounds: dict[str, Any]) -> st.SearchStrategy[Any]:
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    if kind is bool:
        return st.booleans()
    if kind is int:
        least = _larger(low, INTEGERS[0])
        most = INTEGERS[1] if least <= INTEGERS[1] else least + INTEGERS[1]
        return st.integers(least, _smaller(high, most))
    if kind is float:
        return st.floats(
            _larger(low, FLOATS[0]),
            _smaller(high, FLOATS[1]),
            exclude_min="gt" in bounds,
            exclude_max="lt" in bounds and high <= FLOATS[1],
        )
    if kind is str:
        return st.text(max_size=20)
    return st.none()


def _bounds(metadata: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from _bounds(item.metadata)
        for name in ("ge", "gt", "le", "lt"):
            if hasattr(item, name):
                yield name, getattr(item, name)


def _larger(bound: Any, least: Any) -> Any:
    return least if bound is None else max(bound, least)


def _smaller(bound: Any, most: Any) -> Any:
    return most if bound is None else min(bound, most)
