"""Trees: what is a branch, what is a leaf, and that taking apart and putting together keep every type."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import nn
from autograd_lite.tree import Leaf, flatten, tree_map

Pair = namedtuple("Pair", "w b")


@dataclass(frozen=True)
class Layer:
    w: Any
    scale: Any = field(init=False, default=2.0)


@pytest.mark.parametrize(
    ("tree", "paths"),
    [
        (1.0, [""]),
        ([1.0, [2.0]], ["[0]", "[1][0]"]),
        ((), []),
        ({"w": (1.0,), 3: 2.0}, ["['w'][0]", "[3]"]),
        (OrderedDict(a=1.0), ["['a']"]),
        (defaultdict(list, a=1.0), ["['a']"]),
        (Pair(1.0, [2.0]), ["[0]", "[1][0]"]),
        (Layer({"a": 1.0}), [".w['a']", ".scale"]),
    ],
)
def test_a_tree_is_rebuilt_as_it_was(tree: Any, paths: list[str]) -> None:
    leaves, rebuild = flatten(tree)
    assert [leaf.path for leaf in leaves] == paths
    rebuilt = rebuild([leaf.value for leaf in leaves])
    assert type(rebuilt) is type(tree)
    assert rebuilt == tree
    moved = rebuild(list(range(len(leaves))))
    assert [leaf.value for leaf in flatten(moved)[0]] == list(range(len(leaves)))


@pytest.mark.parametrize("leaf", [None, "text", np.ones(2), np.float32(1), Layer, nn.Linear, lambda x: x])
def test_everything_else_is_a_leaf(leaf: Any) -> None:
    assert flatten(leaf)[0] == [Leaf("", leaf)]


def test_the_leaves_of_a_module_are_its_parameters_that_want_a_gradient() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    model[0].bias.requires_grad = False
    leaves, rebuild = flatten({"model": model, "x": 1.0})
    assert [leaf.path for leaf in leaves] == [
        "['model']['0.weight']",
        "['model']['2.weight']",
        "['model']['2.bias']",
        "['x']",
    ]
    assert [leaf.is_parameter for leaf in leaves] == [True, True, True, False]
    assert leaves[1].value is model[2].weight
    assert rebuild([1, 2, 3, 4]) == {"model": {"0.weight": 1, "2.weight": 2, "2.bias": 3}, "x": 4}
    assert rebuild([1, 2, 3, 4], True)["model"] is model


def test_a_parameter_is_found_once_under_its_first_path() -> None:
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    second.weight = first.weight
    assert [leaf.path for leaf in flatten([first, second, first])[0]] == [
        "[0]['weight']",
        "[0]['bias']",
        "[1]['bias']",
    ]


def test_a_module_of_another_library_is_refused() -> None:
    class Foreign:
        def named_parameters(self) -> Any:
            return [("weight", np.ones(2))]

    with pytest.raises(TypeError, match=r"parameter 'weight' of Foreign is of type ndarray .* nn\.Parameter"):
        flatten(Foreign())


def test_a_function_is_mapped_over_leaves_and_leaves_modules_alone() -> None:
    model = nn.Linear(2, 1)
    mapped = tree_map(lambda x: x + 1, {"model": model, "x": [1, 2]})
    assert mapped == {"model": model, "x": [2, 3]}
