"""Regions: which calls are grouped, in which order they then stand, and that this changes no result."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from autograd_lite.compile.passes import like
from autograd_lite.compile.regions import COLUMN, ROW, WHOLE, Fused, fuse
from autograd_lite.compile.traced import Step, replaced
from autograd_lite.graph import nobody


def step(function, *args, effect=False, **kwargs):
    found = Step()
    found.scope, found.line, found.backward, found.order = "", None, False, 0
    inner = replaced(args, Step, lambda x: x.out)
    out = None if effect else function(*inner, **kwargs)
    found = like(found, function, args, kwargs, out)
    found.effect, found.handle = effect, nobody
    found.alias = any(np.may_share_memory(out, x.out) for x in found.parents) if out is not None else False
    return found


def given(array):
    found = step(lambda: array)
    found.function, found.source = None, "given"
    return found


def note(x):
    """An effect."""


def layer_norm(x):
    total = step(np.add.reduce, x, axis=-1, dtype=None, keepdims=True)
    mean = step(np.divide, total, float(x.out.shape[-1]))
    centred = step(np.subtract, x, mean)
    square = step(np.vecdot, centred, centred)
    column = step(operator.getitem, square, (slice(None), slice(None), None))
    inverse = step(np.power, step_(column), -0.5)
    return [total, mean, centred, square, column, inverse.args[0], inverse, step(np.multiply, centred, inverse)]


def step_(column):
    return step(np.add, column, 1e-5)


def regions_of(steps):
    return [entry for entry in steps if isinstance(entry, Fused)]


X = np.random.default_rng(0).standard_normal((4, 8, 16))


def test_a_layer_norm_is_one_region():
    x = given(X)
    steps = [x, *layer_norm(x)]
    fused = fuse(steps, [steps[-1]], 1)
    assert fused[0] is x
    (region,) = fused[1:]
    assert (region.space, region.outputs, region.parents) == ((32, 16), [steps[-1]], (x,))
    assert [region.roles[s] for s in region.steps] == [ROW, ROW, WHOLE, ROW, ROW, ROW, ROW, WHOLE]


def test_what_others_read_leaves_the_region_with_views_behind_it():
    x = given(X)
    a = step(np.exp, x)
    b = step(np.add, a, 1.0)
    flat = step(np.reshape, b, (32, 16))
    c = step(np.multiply, flat, flat)
    product = step(np.matmul, flat, np.ones((16, 3)))
    fused = fuse([x, a, b, flat, c, product], [c, product], 1)
    region = fused[1]
    assert region.steps == [a, b, flat, c]
    assert set(region.outputs) == {b, c}
    assert fused[2:] == [flat, product]


@pytest.mark.parametrize(
    "between",
    [
        lambda a: step(np.sort, a),
        lambda a: step(np.matmul, a, np.eye(16)),
        lambda a: step(note, a, effect=True),
    ],
    ids=["a sort", "a product", "an effect"],
)
def test_nothing_is_grouped_around_a_call_that_stands_between(between):
    x = given(X)
    a = step(np.exp, x)
    b = step(np.add, a, 1.0)
    middle = between(b)
    c = step(np.multiply, b, 2.0) if middle.effect else step(np.multiply, middle, b)
    d = step(np.tanh, c)
    fused = fuse([x, a, b, middle, c, d], [d], 1)
    assert [[s.function for s in r.steps] for r in regions_of(fused)] == [[np.exp, np.add], [np.multiply, np.tanh]]
    assert [entry for entry in fused if not isinstance(entry, Fused)] == [x, middle]


def test_regions_that_would_wait_for_each_other_stay_apart():
    x, y = given(X), given(X + 1)
    a = step(np.exp, x)
    b = step(np.exp, y)
    sorted_a, sorted_b = step(np.sort, a), step(np.sort, b)
    c = step(np.add, a, sorted_b)
    d = step(np.add, b, sorted_a)
    fused = fuse([x, y, a, b, sorted_a, sorted_b, c, d], [c, d], 1)
    assert_in_order(fused)
    assert sum(len(r.steps) for r in regions_of(fused)) <= 2


def test_what_is_small_or_alone_is_left_alone():
    x = given(X)
    a = step(np.exp, x)
    steps = [x, a, step(np.add, a, 1.0)]
    assert fuse(steps, [steps[-1]], X.size + 1) == steps
    assert fuse(steps[:2], [a], 1) == steps[:2]


def test_sums_over_rows_are_taken_only_on_demand():
    x = given(X)
    a = step(np.exp, x)
    total = step(np.add.reduce, a, axis=(0, 1), dtype=None, keepdims=False)
    assert len(fuse([x, a, total], [total], 1)) == 3
    (_, region) = fuse([x, a, total], [total], 1, lambda s: True)
    assert region.roles == {a: WHOLE, total: COLUMN}


def test_a_column_of_numbers_must_stand_in_the_place_of_the_row():
    x = given(np.ones((4, 4)))
    row = step(np.add.reduce, x, axis=-1, dtype=None, keepdims=False)  # (4,), which broadcasts along the other axis
    steps = [x, row, step(np.subtract, x, row)]
    assert fuse(steps, [steps[-1]], 1) == steps


# ---- random lists of calls ----


def random_steps(seed):
    """Calls on arrays of two shapes and their rows' numbers, with products and effects between them."""
    rng = np.random.default_rng(seed)
    steps = [given(rng.standard_normal((6, 5))), given(rng.standard_normal((6, 5))), given(rng.standard_normal(5))]
    wholes, rows = list(steps[:2]), []
    for _ in range(int(rng.integers(4, 30))):
        x, y = (wholes[int(rng.integers(len(wholes)))] for _ in "ab")
        kind = int(rng.integers(12))
        if kind < 4:
            new = step([np.add, np.multiply, np.maximum, np.subtract][kind], x, y)
        elif kind == 4:
            new = step(np.tanh, x)
        elif kind == 5:
            new = step(np.where, step_of(steps, step(np.greater, x, 0.0)), x, y)
        elif kind == 6:
            new = step(np.add, x, steps[2])
        elif kind == 7:
            new = step([np.add, np.maximum][int(rng.integers(2))].reduce, x, axis=-1, dtype=None, keepdims=True)
            rows.append(new)
        elif kind == 8 and rows:
            new = step(np.multiply, x, rows[int(rng.integers(len(rows)))])
        elif kind == 9 and rows:
            new = step(np.add, rows[int(rng.integers(len(rows)))], 1.0)
            rows.append(new)
        elif kind == 10:
            new = step(np.matmul, x, np.eye(5) * 0.5)
        else:
            new = step(note, x, effect=True)
        steps.append(new)
        if new.out is not None and new.out.shape == (6, 5):
            wholes.append(new)
    kept = [s for s in steps[3:] if s.out is not None and rng.random() < 0.2] or [wholes[-1]]
    return steps, kept


def step_of(steps, new):
    steps.append(new)
    return new


def run(entries, kept, changed):
    """The kept results of a list, computed from other inputs; within a region only its results are handed on."""
    known = dict(changed)
    seen = []

    def value(tree, local):
        return replaced(tree, Step, lambda x: local[x] if x in local else known[x])

    for entry in entries:
        if entry in known:
            continue
        if isinstance(entry, Fused):
            local = {parent: known[parent] for parent in entry.parents}
            for inner in entry.steps:
                local[inner] = inner.function(*value(inner.args, local), **inner.kwargs)
            known |= {output: local[output] for output in entry.outputs}
        elif entry.effect:
            seen.append((entry, value(entry.args, {})))
        else:
            known[entry] = entry.function(*value(entry.args, {}), **entry.kwargs)
    return [known[x] for x in kept], seen


def assert_in_order(entries):
    there = set()
    for entry in entries:
        assert there.issuperset(entry.parents)
        there.update(entry.outputs if isinstance(entry, Fused) else [entry])


@pytest.mark.parametrize("seed", range(80))
def test_a_grouped_list_is_in_order_and_computes_the_same(seed):
    steps, kept = random_steps(seed)
    entries = fuse(steps, kept, 1)
    assert_in_order(entries)
    inner = [s for entry in entries for s in (entry.steps if isinstance(entry, Fused) else [entry])]
    assert len(inner) == len(set(inner))
    assert set(inner) <= set(steps)
    effects = [s for s in steps if s.effect]
    assert [s for s in entries if s.effect] == effects
    for effect in effects:  # nothing has changed sides with it
        before = set(steps[: steps.index(effect)])
        behind = [x for e in entries[entries.index(effect) :] for x in (e.steps if isinstance(e, Fused) else [e])]
        assert not before.intersection(behind)
    rng = np.random.default_rng(seed + 1)
    changed = {s: rng.standard_normal(s.out.shape) for s in steps if s.function is None}
    (expected, saw), (found, sees) = run(steps, kept, changed), run(entries, kept, changed)
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_array_equal(a, b)
    for (first, a), (second, b) in zip(saw, sees, strict=True):
        assert first is second
        np.testing.assert_array_equal(a[0], b[0])


def test_most_calls_of_random_lists_are_in_regions():
    grouped = total = 0
    for seed in range(80):
        steps, kept = random_steps(seed)
        entries = fuse(steps, kept, 1)
        grouped += sum(len(r.steps) for r in regions_of(entries))
        total += len([s for s in steps if s.function not in (None, note, np.matmul)])
    assert grouped > 0.5 * total
