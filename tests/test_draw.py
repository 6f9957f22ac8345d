"""Drawings: what is on them, that any name survives, that nothing but the drawing changes, and what fails how."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import Scope, Value
from autograd_lite.draw import drawing, render
from autograd_lite.draw.statistics import data_row
from autograd_lite.draw.text import cleaned

from .gradients.table import CASES, results

SVG = "{http://www.w3.org/2000/svg}"
TITLE = "{http://www.w3.org/1999/xlink}title"


class Parameter(Value):
    is_parameter = True


@ag.primitive
def linear(x, weight, bias):
    return x @ weight.T + bias


ag.defvjp_joint(linear, lambda g, out, x, weight, bias: (g @ weight, g.T @ x, g.sum(0)))


@ag.primitive
def pick(logits, targets):
    return logits[np.arange(len(targets)), targets].mean()


def _pick(g, out, logits, targets):
    gradient = np.zeros_like(logits)
    gradient[np.arange(len(targets)), targets] = g / len(targets)
    return gradient


ag.defvjp(pick, _pick, None)


def neuron():
    """The neuron of micrograd's lecture, its Values held."""
    x1, x2 = Value(2.0, name="x1"), Value(0.0, name="x2")
    w1, w2, b = Parameter(-3.0, name="w1"), Parameter(1.0, name="w2"), Parameter(6.881373587019543, name="b")
    n = x1 * w1 + x2 * w2 + b
    n.name = "n"
    o = np.tanh(n)
    o.name = "o"
    return o, (x1, x2, w1, w2, b, n)


def mlp(dims=(4, 5, 3)):
    """Linear, ReLU, Linear and a loss, in modules; the parameters held."""
    rng = np.random.default_rng(0)
    root = Scope("", "MLP(4 → 5 → 3)")
    h, parameters = Value(rng.normal(size=(6, 4)), requires_grad=False, name="x"), []
    with ag.scope(root):
        for i, (fan_in, fan_out) in enumerate(itertools.pairwise(dims)):
            if i:
                with ag.scope(Scope(f"act{i}", "ReLU()", root)):
                    h = ag.relu(h)
            weight = Parameter(rng.normal(size=(fan_out, fan_in)), name=f"layers.{i}.weight")
            bias = Parameter(np.zeros(fan_out), name=f"layers.{i}.bias")
            parameters += [weight, bias]
            with ag.scope(Scope(f"layers.{i}", f"Linear({fan_in} → {fan_out})", root)):
                h = linear(h, weight, bias)
    loss = pick(h, rng.integers(0, dims[-1], 6))
    loss.name = "loss"
    return loss, parameters


def svg_of(dot: str) -> ElementTree.Element:
    return ElementTree.fromstring(render.render(dot, "svg"))


def group(svg: ElementTree.Element, identity: str) -> list[str]:
    """The texts of one element of a drawing, in order."""
    (found,) = [element for element in svg.iter(f"{SVG}g") if element.get("id") == identity]
    texts = [(text.text or "").strip("\xa0 ") for text in found.iter(f"{SVG}text")]
    return [text for text in texts if text]


def positions(dot: str) -> tuple[dict[str, float], dict[str, float]]:
    """Where Graphviz puts each card: to the right, and upwards."""
    words = [line.split() for line in render.render(dot, "plain").decode().splitlines()]
    nodes = [word for word in words if word[0] == "node"]
    return {word[1]: float(word[2]) for word in nodes}, {word[1]: float(word[3]) for word in nodes}


def lines(value, **options) -> list[list[str]]:
    """The drawing's table, split into words."""
    return [line.split() for line in str(ag.draw(value, **options)).splitlines()[1:]]


# ---- what is on a drawing ----


def test_a_scalar_drawing_shows_names_roles_data_gradients_operations_and_local_derivatives():
    o, _held = neuron()
    o.backward()
    svg = svg_of(ag.draw(o).dot)
    assert group(svg, "n1") == ["x1", "input", "data", "2.0000", "grad", "−1.5000"]
    assert group(svg, "n2") == ["w1", "parameter", "data", "−3.0000", "grad", "1.0000"]
    assert group(svg, "n3") == ["data", "−6.0000", "grad", "0.5000"]  # an unnamed intermediate
    assert group(svg, "n3_op") == ["×"]
    assert group(svg, "n10") == ["o", "output", "data", "0.7071", "grad", "1.0000"]
    assert group(svg, "n10_op") == ["tanh"]
    assert [group(svg, edge) for edge in ("e3_0", "e3_1", "e10_0")] == [["∂ −3"], ["∂ 2"], ["∂ 0.5"]]


def test_a_drawing_of_arrays_shows_shapes_statistics_norms_modules_and_parameter_counts():
    loss, parameters = mlp()
    loss.backward()
    svg = svg_of(ag.draw(loss).dot)
    weight, norm = parameters[0].data, np.linalg.norm(parameters[0].grad)
    assert group(svg, "n2")[:2] == ["weight", "5×4"]
    statistics = f"μ {weight.mean():.3g}\xa0 σ {weight.std():.3g}".replace("-", "−")
    assert group(svg, "n2")[3:] == [statistics, "grad", f"‖∇‖ {norm:.3g}"]
    assert group(svg, "n3")[2:4] == ["data", "all 0"]
    assert group(svg, "n4")[0] == "linear"
    assert group(svg, "n5")[:2] == ["relu", "(act1)"]  # a module of one card is a word on it
    assert group(svg, "n9") == ["targets", "6 int64"]
    assert group(svg, "n10")[:3] == ["loss", "pick", "scalar"]
    frames = [group(svg, f"m{i}")[:2] for i in (1, 2, 3)]
    assert frames == [
        ["MLP", "(4 → 5 → 3) · 43 params"],
        ["layers.0", "Linear(4 → 5) · 25 params"],
        ["layers.1", "Linear(5 → 3) · 18 params"],
    ]


def test_a_model_of_nn_is_drawn_in_its_modules():
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    loss = nn.functional.cross_entropy(model(x), np.array([0, 2, 1, 1, 0]))
    loss.backward()
    dot = ag.draw(loss).dot
    svg = svg_of(dot)
    words = [text.text for text in svg.iter(f"{SVG}text")]
    assert group(svg, "m1")[:2] == ["Sequential", "67 params"]
    assert group(svg, "m2")[:2] == ["0", "Linear(4 → 8) · 40 params"]
    assert group(svg, "m3")[:2] == ["2", "Linear(8 → 3) · 27 params"]
    assert words.count("weight") == words.count("bias") == words.count("linear") == 2
    assert "(1)" in words
    assert "5 int64" in words
    right, _ = positions(dot)
    spine = re.findall(r"^\t*(n\d+) \[.*<B>(?:input|linear|relu|cross_entropy)</B>", dot, re.MULTILINE)
    assert len(spine) == 5
    assert len({right[card] for card in spine}) == 1


def test_the_spine_is_straight_and_the_parameters_are_at_its_sides():
    loss, _parameters = mlp()
    loss.backward()
    x, y = positions(ag.draw(loss).dot)
    spine = ["n1", "n4", "n5", "n8", "n10"]
    assert [x[card] for card in spine] == [x["n1"]] * 5
    assert [y[card] for card in spine] == sorted((y[card] for card in spine), reverse=True)
    for operation, left, right in (("n4", "n2", "n3"), ("n8", "n6", "n7")):
        assert y[left] == y[right] == y[operation]
        assert x[left] < x[operation] < x[right]
    assert y["n9"] == y["n10"]
    assert x["n9"] > x["n10"]


def test_an_operation_shows_its_constants_and_settings():
    x = Value(4.0, name="x")
    signs = {"× 2": x * 2, "10 ÷": 10 / x, "^ 3": x**3, "1 −": 1 - x, "−": -x, "√": np.sqrt(x), "relu": x.relu()}
    for sign, value in signs.items():
        assert f">{sign}<" in ag.draw(value).dot.replace("label=<", "label=<>").replace("> ", "< ")
    a = Value(np.ones((2, 3)), name="a")
    details = {
        "axis=1, keepdims=True": a.sum(axis=1, keepdims=True),
        "[0, 1:]": a[0, 1:],
        "[int64 2]": a[np.array([0, 1])],
        "shape=(3, 2)": a.reshape(3, 2),
        "− 1": a - 1,
    }
    for detail, value in details.items():
        assert f">{detail}<" in ag.draw(value).dot


def test_a_square_made_of_a_product_has_two_edges():
    a = Value(3.0, name="a")
    square = a * a
    dot = ag.draw(square, gradients=True).dot
    assert len(re.findall(r"n1 -> n2_op", dot)) == 2
    assert dot.count('label="∂ 3"') == 2
    assert "e2_0" in dot
    assert "e2_1" in dot
    assert lines(square, gradients=True)[0] == ["n1", "a", "input", "scalar", "3.0000", "6.0000"]


def test_several_results_share_one_drawing():
    x = Value(2.0, name="x")
    y, z = x * 3, x + 1
    y.backward()
    assert [line[1:] for line in lines([y, z])] == [
        ["x", "input", "scalar", "2.0000", "3.0000"],
        ["×", "3", "n1", "scalar", "6.0000", "1.0000"],
        ["+", "1", "n1", "scalar", "3.0000", "–"],
    ]


def test_a_constant_is_drawn_without_a_gradient_and_once():
    x, c = Value([1.0, 2.0], name="x"), np.array([3.0, 4.0])
    y = (x * c + c).sum()
    y.backward()
    table = lines(y)
    assert [line[0] for line in table if "constant" in line] == ["n2"]
    assert next(line for line in table if line[0] == "n4")[2:4] == ["n3", "n2"]
    alone = Value(2.0, requires_grad=False)
    assert lines(alone)[0] == ["n1", "input", "scalar", "2.0000"]
    assert "no graph is behind a constant" in str(ag.draw(alone))
    assert lines(Value(2.0, requires_grad=False, name="c")) == [["n1", "c", "input", "scalar", "2.0000"]]


def test_scalar_parameters_keep_their_path_and_a_forgotten_one_is_known_by_it():
    root = Scope("", "Net")
    inner = Scope("layers.0", "Neuron", root)
    weight = Parameter(2.0, name="layers.0.w0")
    with ag.scope(inner):
        held, forgotten = weight * 3, Parameter(2.0, name="layers.0.w1") * 3
    assert lines(held)[0][1:3] == ["layers.0.w0", "parameter"]
    assert lines(forgotten)[0][1:3] == ["layers.0.w1", "parameter"]


def test_labels_inside_an_index_are_inputs_and_counting_rows_is_not():
    logits, targets = Value(np.ones((3, 2)), name="logits"), np.array([0, 1, 1])

    @ag.primitive
    def chosen(x, place):
        return x[place]

    ag.defvjp(chosen, lambda g, out, x, place: np.zeros_like(x))
    table = lines(chosen(logits, (np.arange(3), targets)))
    assert [line[1] for line in table[:2]] == ["logits", "place"]
    assert table[2][2:4] == ["n1", "n2"]
    assert len(table) == 3


def test_a_skip_connection_is_a_residual():
    x = Value(np.ones(3), name="x")
    dot = ag.draw(x * 2 + x + np.ones(3)).dot
    assert dot.count("#0072B2") - dot.count('COLOR="#0072B2"') == 1
    assert re.search(r'n1 -> n3 \[color="#0072B2"', dot)
    assert "blue edge: residual" in dot


def test_a_parameter_that_is_split_comes_in_below_the_data_that_it_meets():
    x, w = Value(np.ones((2, 3)), name="x"), Parameter(np.ones((6, 3)), name="w")
    h = x * 2 * 3 * 4
    y = (h @ w[:3]) @ w[3:]
    cards = {line[1]: line[0] for line in lines(y)[:5]}
    _, height = positions(ag.draw(y).dot)
    assert height[cards["x"]] > height["n4"] > height[cards["w"]]


def test_directions_and_themes():
    scalar, array = Value(2.0) * 3, Value([2.0]) * 3
    assert "rankdir=LR" in ag.draw(scalar).dot
    assert "rankdir=TB" in ag.draw(array).dot
    assert "rankdir=TB" in ag.draw(scalar, direction="TB").dot
    light, dark = ag.draw(scalar).dot, ag.draw(scalar, theme="dark").dot
    assert 'bgcolor="#FFFFFF"' in light
    assert 'bgcolor="#11161D"' in dark
    assert not re.search(r"\b(dpi|size)=", light)  # Graphviz 2.43 clips an SVG that has either


# ---- gradients ----


def test_an_unset_gradient_is_a_dash_and_a_zero_is_a_zero():
    a = Value(0.0, name="a")
    y = a * a
    assert [line[-1] for line in lines(y)] == ["–", "–"]
    y.backward()
    assert [line[-1] for line in lines(y)] == ["0.0000", "1.0000"]
    dot = ag.draw(y).dot
    assert "style=dashed" in dot
    assert 'COLOR="#66717F">0.0000<' in dot  # muted, where other gradients are vermillion
    assert 'COLOR="#B23C00">1.0000<' in dot
    a.grad = None
    assert [line[-1] for line in lines(y)] == ["–", "1.0000"]


def test_gradients_are_what_grad_holds_also_after_two_backwards():
    a = Value(2.0, name="a")
    y = (a * 3) * 5  # nobody holds the product in the middle
    y.backward()
    y.backward()
    assert [line[-1] for line in lines(y)] == ["30.0000", "10.0000", "2.0000"]


def test_gradients_of_the_previous_step_are_shown_where_they_are():
    w = Value(2.0, name="w")
    (w * 3).backward()
    assert [line[-1] for line in lines(w * 4)] == ["3.0000", "–"]


def test_gradients_can_be_computed_or_left_out_and_no_grad_is_touched():
    o, held = neuron()
    assert lines(o, gradients=True)[0][-1] == "−1.5000"
    assert all(value.grad is None for value in (o, *held))
    o.backward()
    before = [value.grad for value in (o, *held)]
    ag.draw(o, gradients=True)
    assert [value.grad for value in (o, *held)] == before
    without = ag.draw(o, gradients=False).dot
    assert "grad" not in without.replace("autograd", "")
    assert "∂" not in without


def test_gradients_that_are_values_themselves_are_shown_as_numbers():
    x = Value(3.0, name="x")
    y = x * x
    y.backward(create_graph=True)
    assert [line[-1] for line in lines(y)] == ["6.0000", "1.0000"]
    assert lines(x.grad)[-1][-2] == "6.0000"


def test_drawing_runs_no_hook():
    x = Value(2.0)
    seen: list[float] = []
    x.register_hook(seen.append)
    y = x * 3
    ag.draw(y, gradients=True)
    y.backward()
    assert seen == [3.0]


def test_a_graph_whose_parameter_was_updated_is_still_drawn_and_says_so():
    w = Value(2.0, name="w")
    y = w * 3
    y.backward()
    w.data = w.data - 0.1 * w.grad
    drawn = str(ag.draw(y))
    assert "changed after this graph was recorded: w" in drawn
    assert "2.0000" in drawn


def test_what_is_not_finite_is_red_and_its_origin_is_outlined():
    x = Value(np.array([1.0, -1.0, 0.0]), name="x")
    with np.errstate(all="ignore"):
        y = (np.log(x) * 2).sum()
        y.backward()
    shown = ag.draw(y)
    assert str(shown).endswith("first value that is not finite: log (n2)")
    assert "1 NaN + 1 ∞ of 3" in shown.dot
    (log,) = re.findall(r"^\tn2 \[.*", shown.dot, re.MULTILINE)
    assert 'BORDER="3"' in log
    assert shown.dot.count('BORDER="3"') == 1
    gradient = Value(0.0, name="x")
    with np.errstate(all="ignore"):
        root = np.sqrt(gradient)
        root.backward()
    assert str(ag.draw(root)).endswith("first gradient that is not finite: x (n1)")


def test_numbers_of_any_size_are_written_as_what_they_are():
    x = Value(np.float64(2.5e-7), name="x")
    assert lines(x * 1e20)[0][-2] == "2.50e−7"
    assert lines(x * 1e20)[1][-2] == "2.50e13"
    for array in (
        np.array([1e308, -1e308]),
        np.array([1.0, np.nextafter(1.0, 2.0)]),
        np.array([5e-324, 0.0]),
        np.float16([60000.0, 1.0]),
        np.zeros((0, 3)),
        np.ones((2, 2)),
    ):
        value = Value(array, name="x")
        ag.draw(value * 1, gradients=True).dot  # noqa: B018 - warnings are errors


@pytest.mark.parametrize("ends", [[-1e308, 1e308], [1.0, np.nextafter(1.0, 2.0)], [-3.0, 4.0]])
def test_a_histogram_spans_its_data_however_narrow_or_wide(ends):
    row = data_row(np.array([ends[0], ends[0], ends[1]]))
    assert row is not None
    assert row.bars == (1.0, *[0.0] * 12, 0.5)


# ---- names ----

NAMES = [
    "a<b>&\"c'",
    "x\\",
    "\\N\\G\\L",
    "&lt;",
    "&amp;x",
    "&#0;",
    "&bogus;",
    "line\nbreak",
    "<<B>bold</B>>",
    "<>",
    "日本語 😀",
    "\x00null",
    "\ud800x",
    "]]>",
    '"',
    "}->{",
    "node",
    "q" * 200,
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data", [2.0, [1.0, 2.0]], ids=["scalar", "array"])
def test_any_name_is_drawn_as_it_is(name, data):
    a = Value(data, name=name)
    with ag.scope(name):
        y = a * 3
        y.name = name
        z = (y * y).sum()
    dot = ag.draw(z).dot
    if program := shutil.which("dot"):  # it complains on stderr, and draws all the same
        assert subprocess.run([program, "-Tsvg"], input=dot.encode(), capture_output=True, check=True).stderr == b""
    svg = svg_of(dot)
    assert group(svg, "n1")[0] == group(svg, "n2")[0] == cleaned(name)
    if np.ndim(data):
        assert group(svg, "m1")[0] == cleaned(name)
    (card,) = [g for g in svg.iter(f"{SVG}g") if g.get("id") == "n1"]
    tooltip = next(a.get(TITLE) for a in card.iter(f"{SVG}a"))
    expected = name.replace("\n", " ").replace("\0", "").replace("\ud800", "")
    assert " ".join(tooltip.split()).startswith(expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_function_is_drawn(case):
    inputs = [Value(x, name=f"x{i}") for i, x in enumerate(case.inputs)]
    outcome = [r for r in results(case.function(np, *inputs)) if isinstance(r, Value)]
    dot = ag.draw(outcome, gradients=True).dot
    labels = re.findall(r"\blabel=<(.*?)>(?= [a-z]+=|\])", dot)
    assert len(labels) > len(outcome)
    for label in labels:
        ElementTree.fromstring(f"<label>{label.replace('<HR/>', '')}</label>")
    assert "array(" not in dot
    assert "0x" not in dot


# ---- determinism and size ----


def test_equal_graphs_give_equal_bytes():
    first, second = mlp(), mlp()
    for loss, _parameters in (first, second):
        loss.backward()
    assert ag.draw(first[0]).dot == ag.draw(second[0]).dot


def test_ids_follow_the_structure_not_the_age_of_the_leaves():
    def graph(swap):
        made = [Value(1.0, name=name) for name in ("ba" if swap else "ab")]
        a, b = reversed(made) if swap else made
        return a * 2 + b

    assert ag.draw(graph(False)).dot == ag.draw(graph(True)).dot


def test_the_bytes_do_not_depend_on_the_hash_seed():
    code = "import autograd_lite as ag; a = ag.Value(2.0, name='a'); print(ag.draw((a * a + 3 * a).relu()).dot)"
    made = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in "12"
    }
    assert len(made) == 1


def test_a_drawing_is_what_the_graph_was_when_it_was_drawn():
    x = Value(np.array([1.0, 2.0]), name="x")
    y = x * 2
    shown = ag.draw(y)
    x.data[:] = 7.0
    assert "all 7" not in shown.dot


def test_a_deep_graph_is_written_and_not_laid_out(tmp_path):
    y = Value(1.0, name="x")
    for _ in range(10_000):
        y = y + 1
    y.backward()
    shown = ag.draw(y)
    assert repr(shown).startswith("<Drawing of 10,001 cards")
    assert shown.save(tmp_path / "deep.dot").stat().st_size > 5_000_000
    with pytest.raises(ValueError, match=r'10,001 cards.*\.save\("g\.dot"\)'):
        shown.save(tmp_path / "deep.svg")
    assert "... 9,941 more ..." in str(shown)
    assert shown._repr_mimebundle_().keys() == {"text/plain"}


def test_many_cards_are_drawn_with_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "READABLE_CARDS", 2)
    with pytest.warns(UserWarning, match="3 cards"):
        ag.draw(Value(2.0) * 3 * 4).save(tmp_path / "g.svg")


# ---- files and renderers ----

BEGINNINGS = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF", ".dot": b"digraph"}


@pytest.fixture(params=["dot", "pygraphviz"])
def renderer(request, monkeypatch) -> Iterator[str]:
    if request.param == "dot":
        if shutil.which("dot") is None:
            pytest.skip("this machine has no program dot; the same test runs through pygraphviz")
    else:
        pytest.importorskip("pygraphviz")
        monkeypatch.setenv("PATH", "")
    return request.param


@pytest.mark.parametrize("ending", BEGINNINGS)
def test_files_are_written_by_either_renderer(renderer, ending, tmp_path):
    loss, _parameters = mlp()
    path = ag.draw(loss).save(str(tmp_path / f"graph{ending.upper()}"))
    assert path.read_bytes().startswith(BEGINNINGS[ending])


def test_either_renderer_draws_the_same_words(renderer):
    loss, _parameters = mlp()
    svg = svg_of(ag.draw(loss, gradients=True).dot)
    assert group(svg, "n4")[0] == "linear"
    assert group(svg, "n1")[0] == "x"


def test_a_notebook_gets_the_picture_and_the_table(renderer):
    o, _held = neuron()
    bundle = ag.draw(o)._repr_mimebundle_()
    assert "<svg" in bundle["image/svg+xml"]
    assert "tanh" in bundle["text/plain"]


@pytest.fixture
def no_graphviz(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(render, "find_spec", lambda name: None)


def test_without_graphviz_the_error_says_what_to_install(no_graphviz, tmp_path):
    shown = ag.draw(Value(2.0) * 3)
    with pytest.raises(RuntimeError) as error:
        shown.save(tmp_path / "g.png")
    assert str(error.value) == (
        "Drawing needs Graphviz, and neither 'dot' (on PATH) nor pygraphviz was found. Fix: pip install "
        '"autograd-lite[draw]" - or apt install graphviz / brew install graphviz / winget install graphviz. '
        'Without it, .save("g.dot") works now.'
    )
    assert not (tmp_path / "g.png").exists()
    assert shown.save(tmp_path / "g.dot").read_text(encoding="utf-8") == shown.dot


def test_without_graphviz_a_notebook_gets_the_table_and_what_to_install(no_graphviz):
    bundle = ag.draw(Value(2.0, name="speed") * 3)._repr_mimebundle_()
    assert bundle.keys() == {"text/plain"}
    assert "speed" in bundle["text/plain"]
    assert 'pip install "autograd-lite[draw]"' in bundle["text/plain"]


def test_a_notebook_never_sees_an_exception(monkeypatch):
    def broken(*_):
        raise OSError("disk on fire")

    shown = ag.draw(Value(2.0) * 3)
    monkeypatch.setattr(drawing, "render", broken)
    assert "disk on fire" in shown._repr_mimebundle_(include=None, exclude=None)["text/plain"]
    monkeypatch.setattr(drawing, "table_of", broken)
    assert "disk on fire" in shown._repr_mimebundle_()["text/plain"]


def test_a_layout_that_takes_too_long_is_stopped(monkeypatch, tmp_path):
    sleeper = tmp_path / "dot"
    sleeper.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    sleeper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(render, "TIMEOUT", 0.2)
    with pytest.raises(RuntimeError, match=r"not finished after 0\.2 s"):
        ag.draw(Value(2.0) * 3).save(tmp_path / "g.svg")


def test_what_graphviz_complains_about_is_passed_on(renderer):
    with pytest.raises(RuntimeError, match=r"Graphviz could not draw the graph: .*syntax error"):
        render.render("digraph {", "svg")


# ---- wrong use ----


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (3.0, r"got float. A plain number or array has no graph.*ag\.Value"),
        (np.ones(3), r"got ndarray. A plain number or array has no graph"),
        (np.tanh, r"got ufunc. Call it and draw what comes out: ag\.draw\(f\(x\)\)"),
        (None, r"got NoneType. Write ag\.draw\(loss\)"),
        ([3.0], "got float"),
    ],
)
def test_what_is_not_a_value_is_refused(wrong, message):
    with pytest.raises(TypeError, match=message):
        ag.draw(wrong)


def test_unknown_options_name_the_choices(tmp_path):
    y = Value(2.0) * 3
    with pytest.raises(ValueError, match="theme='blue' is unknown: it must be one of 'light', 'dark'"):
        ag.draw(y, theme="blue")
    with pytest.raises(ValueError, match="direction='RL' is unknown: it must be one of 'LR', 'TB'"):
        ag.draw(y, direction="RL")
    with pytest.raises(ValueError, match="gradients='yes' is unknown: it must be one of True, False, None"):
        ag.draw(y, gradients="yes")
    with pytest.raises(ValueError, match="nothing to draw"):
        ag.draw([])
    with pytest.raises(ValueError, match=r"'g\.jpeg'.*\.svg, \.png, \.pdf or \.dot"):
        ag.draw(y).save(tmp_path / "g.jpeg")


def test_importing_the_library_loads_no_drawing_code():
    code = (
        "import sys, autograd_lite; "
        "print([m for m in ('graphviz', 'pygraphviz', 'autograd_lite.draw.dot') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"


def test_the_example_draws(tmp_path, capsys):
    path = Path(__file__).parent.parent / "examples" / "micrograd_tour.py"
    scope: dict[str, object] = {"__name__": "tour"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), scope)
    scope["main"](["--out", str(tmp_path)])  # type: ignore[operator]
    printed = capsys.readouterr().out
    assert all(number in printed for number in ("24.7041", "138.8338", "645.5773", "0.7071"))
    assert {file.name for file in tmp_path.iterdir()} >= {"neuron.svg", "neuron.png", "expression.svg"}


# ---- complex numbers ----


def test_complex_scalars_are_written_with_both_parts():
    z, x = Value(1 + 2j, name="z"), Value(3.0, name="x")
    w = z * x * 2j
    size = np.abs(w)
    size.backward()
    assert str(ag.draw(size)).splitlines()[1:] == [
        "n1    z     input             scalar  1.0000+2.0000j    2.6833+5.3666j",
        "n2    x     input             scalar  3.0000            4.4721",
        "n3          ×          n1 n2  scalar  3.0000+6.0000j    0.8944+1.7889j",
        "n4          × 2j       n3     scalar  −12.0000+6.0000j  −0.8944+0.4472j",
        "n5          |x|        n4     scalar  13.4164           1.0000",
    ]
    source = ag.draw(size).dot
    assert "∂ 0+2j" in source
    assert "style=dashed" not in source


def test_complex_arrays_are_shown_by_their_magnitudes():
    z = Value(np.array([[3 + 4j, 0.5j], [1, 2 - 1j]]), name="z")
    spectrum = np.fft.fft(z)
    loss = np.sum(np.abs(spectrum) ** 2)
    loss.backward()
    card = ag.draw(loss)._picture.cards[0]
    assert [row.text for row in card.rows] == ["|z| μ 2.18  σ 1.74", "‖∇‖ 22.4"]
    assert card.tag == "2×2 complex128"
    assert all(row.bars for row in card.rows)
    assert data_row(np.array([1, 1j, -1])).text == "|z| all 1"
    assert data_row(np.array([1, np.nan * 1j])).text == "1 NaN of 2"
    for gradients in (True, False, None):
        assert not any(edge.discrete for edge in ag.draw(spectrum, gradients=gradients)._picture.edges)
