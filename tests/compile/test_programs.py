"""What a program looks like: its text, its report, its drawing, and where its results live."""

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite.compile.layout import ALIGNMENT, Memory
from nn import functional as F

RNG = np.random.default_rng(0)


def draw(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(np.float32)


def step_of_a_network() -> tuple[Any, Any, Any]:
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.LayerNorm(16), nn.Linear(16, 3))
    optimizer = nn.SGD(model.parameters(), lr=0.1)

    @ag.compile
    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step, draw(8, 4), np.array([0, 1, 2, 0, 1, 2, 0, 1])


# ---- text ----


def test_the_text_has_the_names_of_the_user() -> None:
    step, x, y = step_of_a_network()
    step(x, y)
    source = step.source
    signature = re.search(r"def program\((.*)\):", source)
    assert signature is not None
    assert signature[1].split(", ")[:4] == ["x", "y", "x0_weight", "x0_bias"]
    for comment in (
        "# Linear(4 → 16) at 0",
        "# backward of LayerNorm(16) at 2",
        "# optimizer.step() (test_programs.py:",
    ):
        assert comment in source
    assert "parameter_0_weight.grad = " in source


def test_no_comment_is_without_a_call_or_said_twice() -> None:
    step, x, y = step_of_a_network()
    step(x, y)
    lines = [line.strip() for line in step.source.partition("def program")[2].splitlines() if line.strip()]
    comments = [line for line in lines if line.startswith("#")]
    assert len(comments) > 5
    assert not any(a.startswith("#") and b.startswith("#") for a, b in pairwise(lines))
    assert not any(a == b for a, b in pairwise(comments))


def test_what_is_written_in_the_shortest_form() -> None:
    f = ag.compile(lambda x: (np.sum(x**2, axis=0), np.mean(x), np.expand_dims(x, 1).T, x * 1 + x * 1))
    f(draw(4, 3))
    calls = "".join([line for line in f.source.splitlines() if not line.strip().startswith("#")])
    for piece in ("square(", "add_reduce(", "divide(", "x[:, None]"):
        assert piece in calls
    for piece in ("mean", "expand_dims", "* 1", "multiply"):
        assert piece not in calls


def test_large_arrays_are_taken_in_blocks_of_rows() -> None:
    nn.manual_seed(0)
    norm, x = nn.LayerNorm(256), draw(1024, 256)

    def function(x: Any) -> Any:
        with ag.no_grad():
            return F.gelu(norm(x)).data

    f = ag.compile(function)
    for numbers in (x, x + 1):
        assert f(numbers).tobytes() == function(numbers).tobytes()
    assert re.search(r"for rows in blocks1:\n(?: {8}.*\n)+", f.source)
    assert f.report().forward.regions >= 1
    assert f.report().forward.memory < 2 * x.nbytes  # what lies between the calls has the size of a block


@pytest.mark.parametrize("shape", [(1031, 256), (300_000,), (4, 70_000), (3, 512, 200), (8, 4, 64, 128)])
@pytest.mark.parametrize("layout", ["C", "F"])
def test_blocks_give_the_same_bits(shape: tuple[int, ...], layout: Any) -> None:
    """Of lengths that no block divides, of vectors, of rows that are long or strided."""

    def function(x: Any, w: Any) -> Any:
        y = np.tanh(x) * w + x
        z = y - np.max(y, axis=-1, keepdims=True) if y.ndim > 1 else y
        s = np.sum(np.exp(z), axis=-1)
        return np.where(z > -1, z, 0) / (s[..., None] if y.ndim > 1 else s), s, y * 2

    f = ag.compile(function)
    for _ in range(2):
        x, w = np.asarray(draw(*shape), order=layout), draw(shape[-1])
        for a, b in zip(f(x, w), function(x, w), strict=True):
            assert a.tobytes() == b.tobytes()


def test_gradients_of_pieces_are_put_together() -> None:
    w = ag.Value(draw(6, 9), name="w")

    def loss(w: Any) -> Any:
        a, b, c = np.split(w, 3, axis=1)
        return np.sum(a * np.exp(b) + np.tanh(c))

    f = ag.compile(ag.value_and_grad(loss))
    value, gradient = f(w.data)
    expected = ag.value_and_grad(loss)(w.data)
    assert (value.tobytes(), gradient.tobytes()) == (expected[0].tobytes(), expected[1].tobytes())
    assert "scatter_add" not in f.source


# ---- numbers ----


def test_numbers_are_plain_arithmetic() -> None:
    f = ag.compile(ag.value_and_grad(lambda a, b: (a * b + 1).relu() + a**3 / b, argnums=(0, 1)))
    function = ag.value_and_grad(lambda a, b: (a * b + 1).relu() + a**3 / b, argnums=(0, 1))
    for a, b in ((2.0, 3.0), (-2.0, 0.25), (0.0, -0.0), (1e200, 1e-200), (np.inf, 1.0), (np.nan, 2.0), (1.0, 0.0)):
        x, y = np.float64(a), np.float64(b)
        with np.errstate(all="ignore"):
            found, expected = f(x, y), function(x, y)
        assert np.array(found[1]).tobytes() == np.array(expected[1]).tobytes()
        assert type(found[0]) is np.float64
        assert found[0].tobytes() == expected[0].tobytes()
    assert "program_in_python(float(a), float(b))" in f.source


def test_what_numpy_warns_of_in_numbers_is_warned_of() -> None:
    f = ag.compile(lambda a, b: a / b)
    f(np.float64(1.0), np.float64(2.0))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert f(np.float64(1.0), np.float64(0.0)) == np.inf


# ---- memory ----


def test_memory_is_used_again_and_never_twice_at_once() -> None:
    rng, memory = np.random.default_rng(0), Memory()
    held: list[Any] = []
    needed = most = 0
    for _ in range(500):
        if held and rng.random() < 0.5:
            place = held.pop(int(rng.integers(len(held))))
            needed -= place.size
            memory.give(place)
        else:
            held.append(memory.take(int(rng.integers(1, 10_000))))
            needed += held[-1].size
            most = max(most, needed)
        stretches = sorted([(p.offset, p.offset + p.size) for p in held])
        assert all(a[1] <= b[0] for a, b in pairwise(stretches))
        assert all(p.offset % ALIGNMENT == 0 and p.offset + p.size <= memory.size for p in held)
    assert most <= memory.size < 2 * most
    for place in held:
        memory.give(place)
    assert memory.take(memory.size).offset == 0  # all that was given back is one piece again


# ---- report and drawing ----


def test_the_report_counts() -> None:
    a, b = draw(64, 32), draw(32, 16)
    f = ag.compile(lambda a, b: (np.exp(a @ b) + np.exp(a @ b) * 1, np.sum(a)))
    f(a, b)
    report = f.report()
    assert report.name == "<lambda>"
    names, counts = zip(*report.passes, strict=True)
    assert names[0] == "trace"
    assert counts[0] > counts[-1]  # the second product and exponential, and the multiplication by 1
    assert report.forward.flops == 2 * 64 * 32 * 16 + 2 * 64 * 16 + 64 * 32
    assert report.forward.memory == 64 * 16 * 4
    assert ("matmul", "a product of matrices, which BLAS computes") in report.forward.single
    assert ("exp", "smaller than 131,072 elements, where a group saves nothing") in report.forward.single
    assert report.backward is None
    text = str(report)
    for piece in ("ag.compile(<lambda>)", "calls traced", "FLOP", "alone: matmul: a product of matrices"):
        assert piece in text


def test_the_report_of_gradients() -> None:
    w = ag.Value(draw(32, 16), name="w")
    f = ag.compile(lambda a: np.sum(np.tanh(a @ w)))
    f(draw(64, 32)).backward()
    report = f.report()
    assert report.backward is not None
    assert report.backward.flops > report.forward.flops / 2
    assert "backward program" in str(report)


def test_there_is_no_report_before_a_call() -> None:
    f = ag.compile(np.exp)
    for ask in (f.report, f.graph, lambda: ag.draw(f), lambda: f.source):
        with pytest.raises(RuntimeError, match=r"has not been called yet, so there is no program\. Call it once\."):
            ask()


def test_a_program_can_be_drawn() -> None:
    step, x, y = step_of_a_network()
    step(x, y)
    table = str(ag.draw(step))
    for line in (
        r"weight +parameter +16×4",
        r"x +input +8×4",
        r"dot +n\d+ n\d+ +8×16",
        r"0\.weight\.grad +set_gradient",
    ):
        assert re.search(line, table), line
    dot = ag.draw(step).dot
    assert dot == ag.draw(step).dot
    assert "LayerNorm(16)" in dot
    f = ag.compile(lambda a, b: (a * b + 1).relu())
    f(ag.Value(2.0), ag.Value(3.0))
    assert re.search(r"× +n1 n2", str(ag.draw(f)))
    with pytest.raises(ValueError, match="Leave gradients out"):
        ag.draw(f, gradients=True)
