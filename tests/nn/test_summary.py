"""Tests of `nn.summary`: numbers worked out by hand, tables as they are to look, and that it leaves no trace."""

import contextlib
import copy

import numpy as np
import pytest

import autograd_lite as ag
import nn
from nn.summary.table import _quantity

from . import table
from .table import case


def zeros(*shape):
    return np.zeros(shape, np.float32)


class Function(nn.Module):
    """Calls a function on its input and a parameter of ones."""

    def __init__(self, function, *shape):
        super().__init__()
        self.function = function
        self.w = nn.Parameter(np.ones(shape, np.float32))

    def forward(self, x):
        return self.function(x, self.w)


# ---- multiply-adds ----

COUNTS = {
    "linear": (lambda: nn.Linear(4, 5), (3, 4), 3 * 4 * 5),
    "linear with several axes": (lambda: nn.Linear(4, 5), (3, 2, 4), 3 * 2 * 4 * 5),
    "linear without batch": (lambda: nn.Linear(4, 5), (4,), 4 * 5),
    "bilinear": (lambda: nn.Bilinear(3, 4, 5), ((2, 3), (2, 4)), 2 * 3 * 4 * 5),
    "embedding": (lambda: nn.Embedding(4, 5), np.zeros((2, 3), int), 0),
    "norm": (lambda: nn.LayerNorm(4), (3, 4), 0),
    "conv1d": (lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), (3, 4, 9), (3 * 6 * 5) * (2 * 3)),
    "conv2d": (lambda: nn.Conv2d(1, 16, 3), (2, 1, 8, 8), (2 * 16 * 6 * 6) * (1 * 9)),
    "conv2d depthwise": (lambda: nn.Conv2d(4, 8, 3, groups=4), (2, 4, 5, 5), (2 * 8 * 3 * 3) * 9),
    "conv2d dilated": (lambda: nn.Conv2d(2, 3, (2, 1), dilation=2), (1, 2, 5, 5), (3 * 3 * 5) * (2 * 2)),
    "conv_transpose1d": (lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, groups=2), (3, 4, 9), (3 * 4 * 9) * (3 * 3)),
    "rnn": (lambda: nn.RNN(3, 4), (5, 2, 3), 5 * 2 * (4 * 3 + 4 * 4)),
    "gru": (lambda: nn.GRU(3, 4, bidirectional=True), (5, 2, 3), 2 * 5 * 2 * 3 * (4 * 3 + 4 * 4)),
    "lstm": (lambda: nn.LSTM(3, 4, 2), (5, 2, 3), 5 * 2 * 4 * ((4 * 3 + 4 * 4) + (4 * 4 + 4 * 4))),
    "lstm projected": (lambda: nn.LSTM(3, 4, proj_size=2), (5, 2, 3), 5 * 2 * (4 * (4 * 3 + 4 * 2) + 2 * 4)),
    "attention": (
        lambda: nn.MultiheadAttention(8, 2),
        ((5, 1, 8), (7, 1, 8), (7, 1, 8)),
        (5 + 7 + 7 + 5) * 8 * 8 + 2 * (2 * 5 * 7 * 4),
    ),
    "bare matmul": (lambda: Function(lambda x, w: x @ w, 4, 5), (3, 4), 3 * 4 * 5),
    "bare matmul, batched": (lambda: Function(lambda x, w: x @ w, 6, 4, 5), (2, 1, 3, 4), 2 * 6 * 3 * 4 * 5),
    "row times matrix": (lambda: Function(lambda x, w: x @ w, 4, 5), (4,), 4 * 5),
    "matrix times column": (lambda: Function(lambda x, w: x @ w, 4), (3, 4), 3 * 4),
    "scalar product": (lambda: Function(lambda x, w: x @ w, 4), (4,), 4),
    "dot": (lambda: Function(np.dot, 4, 5), (3, 4), 3 * 4 * 5),
    "tensordot": (lambda: Function(lambda x, w: np.tensordot(x, w, 2), 3, 4, 5), (2, 3, 4), 2 * 3 * 4 * 5),
    "vdot": (lambda: Function(np.vdot, 3, 4), (3, 4), 3 * 4),
    "vecdot": (lambda: Function(np.vecdot, 3, 4), (3, 4), 3 * 4),
    "matvec": (lambda: Function(np.matvec, 4), (3, 4), 3 * 4),
    "vecmat": (lambda: Function(lambda x, w: np.vecmat(w, x), 3), (3, 4), 3 * 4),
    "convolve": (lambda: Function(np.convolve, 3), (7,), 7 * 3),
    "einsum": (lambda: Function(lambda x, w: np.einsum("bi,io->bo", x, w), 4, 5), (3, 4), 3 * 4 * 5),
    "einsum over a batch": (
        lambda: Function(lambda x, w: np.einsum("...ij,jk->...ik", x, w), 4, 5),
        (2, 6, 3, 4),
        2 * 6 * 3 * 4 * 5,
    ),
    "einsum broadcast": (
        lambda: Function(lambda x, w: np.einsum("...ij,...jk->...ik", x, w), 1, 4, 5),
        (6, 3, 4),
        6 * 3 * 4 * 5,
    ),
    "einsum of one": (lambda: Function(lambda x, w: np.einsum("ij->i", x * w), 3, 4), (3, 4), 0),
    "einsum of three": (lambda: Function(lambda x, w: np.einsum("i,ij,j->", x, w, x), 4, 4), (4,), 2 * 4 * 4),
    "elementwise": (lambda: Function(lambda x, w: np.exp(x * w) + 1, 3, 4), (3, 4), 0),
}


@pytest.mark.parametrize("name", COUNTS)
def test_multiply_adds_are_those_worked_out_by_hand(name):
    make, given, expected = COUNTS[name]
    assert nn.summary(make(), given).multiply_adds == expected


def test_frozen_parameters_take_part():
    model = nn.Linear(4, 5).requires_grad_(False)
    found = nn.summary(model, (3, 4))
    assert (found.multiply_adds, found.trainable_parameters, found.frozen_parameters) == (60, 0, 25)


# ---- rows ----


class Everything(nn.Module):
    """Calls a module twice and another never, shares parameters and modules, and returns a tuple."""

    def __init__(self):
        super().__init__()
        self.twice = nn.Linear(3, 3)
        self.never = nn.Sequential(nn.Linear(3, 7))
        self.layers = [nn.Linear(3, 3, bias=False), nn.Tanh()]
        self.again = self.twice
        self.tied = nn.Linear(3, 3)
        self.tied.weight = self.twice.weight
        self.scale = nn.Parameter(np.ones(3, np.float32), requires_grad=False)

    def forward(self, x, *, shift):
        x = self.twice(self.twice(x))
        for layer in self.layers:
            x = layer(x)
        return self.tied(x) * self.scale, {"shift": shift, "none": None}


def everything():
    found = nn.summary(Everything(), {"x": (2, 3), "shift": zeros(5)})
    return found, {row.path: row for row in found.rows}


def test_rows_follow_the_tree():
    found, rows = everything()
    paths = ["", "twice", "never", "never.0", "layers.0", "layers.1", "again", "tied"]
    assert [row.path for row in found.rows] == paths
    assert [row.depth for row in found.rows] == [0, 1, 1, 2, 1, 1, 1, 1]
    assert rows["never.0"].kind == "Linear"
    assert repr(found.rows[0]).startswith("Row(path='', depth=0, kind='Everything', outputs=((2, 3), (5,)), calls=1,")


def test_a_module_called_twice_counts_twice_and_one_never_called_not_at_all():
    _, rows = everything()
    assert (rows["twice"].calls, rows["twice"].multiply_adds) == (2, 2 * 2 * 3 * 3)
    assert (rows["never"].calls, rows["never"].multiply_adds, rows["never"].outputs) == (0, 0, ())
    assert rows["never"].parameters == 3 * 7 + 7


def test_shared_parameters_count_once():
    found, rows = everything()
    assert (rows["twice"].parameters, rows["twice"].shared) == (12, 0)
    assert (rows["tied"].parameters, rows["tied"].shared) == (3, 9)
    assert rows["again"].shared_with == "twice"
    assert rows["again"].parameters == rows["again"].shared == rows["again"].calls == 0
    assert found.total_parameters == sum(p.size for p in Everything().parameters()) == 12 + 28 + 9 + 3 + 3
    assert found.trainable_parameters == found.total_parameters - 3
    assert found.frozen_parameters == 3


def test_rows_include_those_below():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4)), nn.Linear(4, 5))
    rows = nn.summary(model, (1, 2)).rows
    assert [row.multiply_adds for row in rows] == [38, 18, 6, 12, 20]
    assert [row.parameters for row in rows] == [50, 25, 9, 16, 25]


def test_a_list_of_modules_that_others_call_has_their_numbers():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    rows = nn.summary(Net(), (1, 2)).rows
    assert [(row.path, row.calls, row.multiply_adds) for row in rows[:2]] == [("", 1, 8), ("layers", 0, 8)]


def test_a_module_that_calls_itself_counts_each_operation_once():
    class Recursive(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(np.ones((3, 3), np.float32))

        def forward(self, x, times):
            return self(x @ self.w, times - 1) if times else x

    found = nn.summary(Recursive(), {"x": (2, 3), "times": 4})
    assert (found.multiply_adds, found.rows[0].calls) == (4 * 2 * 3 * 3, 5)
    assert found.activation_bytes == 4 * (4 * 2 * 3)


def test_calls_that_differ_and_a_call_that_fails_and_is_caught():
    class Caught(nn.Module):
        def __init__(self):
            super().__init__()
            self.good, self.bad = nn.Linear(3, 3), nn.Linear(4, 4)

        def forward(self, x):
            with contextlib.suppress(ValueError):
                for y in (zeros(1, 4), x):
                    self.bad(y)
            return self.good(self.good(x)[:1])

    rows = nn.summary(Caught(), (2, 3)).rows
    assert [(row.path, row.outputs, row.multiply_adds) for row in rows] == [
        ("", ((1, 3),), 16 + 2 * 9 + 9),
        ("good", ((2, 3),), 2 * 9 + 9),
        ("bad", ((1, 4),), 16),
    ]


def test_what_the_hooks_of_a_module_compute_is_part_of_it():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    w = nn.Parameter(np.ones((3, 3), np.float32))
    model[1].register_forward_pre_hook(lambda module, args: (args[0] @ w,))
    model[1].register_forward_hook(lambda module, args, output: output @ w)
    assert [row.multiply_adds for row in nn.summary(model, (2, 3)).rows] == [4 * 18, 18, 3 * 18]


# ---- memory ----


@pytest.mark.parametrize(
    ("model", "shape", "expected"),
    [
        (lambda: nn.Linear(4, 5), (3, 4), 4 * 15),
        (lambda: nn.Sequential(nn.Linear(4, 5), nn.Tanh()), (3, 4), 4 * (15 + 15)),
        (lambda: nn.Sequential(nn.Linear(4, 5).requires_grad_(False), nn.Tanh()), (3, 4), 0),
        (lambda: nn.Sequential(nn.Linear(4, 5).requires_grad_(False), nn.Linear(5, 2)), (3, 4), 4 * (15 + 6)),
        (lambda: Function(lambda x, w: (x * w).reshape(-1)[::2].T, 3, 4), (3, 4), 4 * 12),  # views are free
        (lambda: Function(lambda x, w: x.reshape(4, 3) @ w, 3, 5), (3, 4), 4 * 20),
        (lambda: Function(lambda x, w: w * np.ones(4, np.float32), 3, 4), (3, 4), 4 * (4 + 12)),
        (lambda: nn.Linear(4, 5).double(), (3, 4), 8 * 15),
        (lambda: Function(lambda x, w: np.exp(w.sum()) * x, 3, 4), (3, 4), 4 * (1 + 1 + 12)),
    ],
)
def test_activations_are_what_a_backward_pass_keeps(model, shape, expected):
    assert nn.summary(model(), shape).activation_bytes == expected


def test_memory_of_parameters_buffers_and_input():
    model = nn.Linear(4, 5)
    model.bias.requires_grad = False
    model.register_buffer("mean", np.zeros(3))
    found = nn.summary(model, (2, 4))
    assert found.parameter_bytes == 4 * 25
    assert found.gradient_bytes == 4 * 20
    assert found.buffer_bytes == 24
    assert found.input_bytes == 32


# ---- inputs ----


class Sum(nn.Module):
    def forward(self, x, y=None, z=None):
        assert not self.training
        assert not ag.is_grad_enabled()
        self.seen = x, y, z
        return x if y is None else x + y


@pytest.mark.parametrize(
    ("given", "shapes"),
    [
        (zeros(2, 3), ((2, 3),)),
        (ag.Value(zeros(2, 3)), ((2, 3),)),
        ((2, 3), ((2, 3),)),
        ((np.int64(2), 3), ((2, 3),)),
        ((zeros(2, 3), zeros(3)), ((2, 3),)),
        (((2, 3), (3,)), ((2, 3),)),
        (((2, 3), zeros(3), None), ((2, 3),)),
        ({"x": zeros(2, 3)}, ((2, 3),)),
        ({"y": (2, 3), "x": (3,)}, ((2, 3),)),
    ],
)
def test_every_form_of_input(given, shapes):
    assert nn.summary(Sum(), given).rows[0].outputs == shapes


def test_a_shape_becomes_zeros_of_the_default_dtype(float64):
    assert nn.summary(Sum(), (2, 3)).input_bytes == 2 * 3 * 8


class Row(nn.Module):
    """A row of the table of layers."""

    def __init__(self, row):
        super().__init__()
        self.layer, self.call = row.build(nn), row.call

    def forward(self, *arrays):
        return self.call(self.layer, *arrays)


@pytest.mark.parametrize("chapter", table.CHAPTERS)
def test_every_layer_of_the_table(chapter, tmp_path):
    for name, row in table.CHAPTERS[chapter].LAYERS.items():
        model = Row(row).eval()
        arrays = tuple(case.inputs(name, row.arrays))
        found = nn.summary(model, arrays)
        assert found.total_parameters == sum(p.size for p in model.parameters()), name
        outputs = case.results(model(*arrays))
        assert found.rows[0].outputs == tuple(x.shape for x in outputs if hasattr(x, "shape")), name
        assert max(map(len, str(found).splitlines())) <= 100, name
        nn.save_safetensors(model, tmp_path / "weights")
        assert repr(nn.load_safetensors(tmp_path / "weights", Row(row))) == "<All keys matched successfully>", name


# ---- no trace ----


class Messy(nn.Module):
    """Changes all that a forward can change."""

    def __init__(self, fails):
        super().__init__()
        self.fails = fails
        self.inner = nn.Linear(3, 3)
        self.register_buffer("count", np.zeros(2))
        self.register_buffer("replaced", np.zeros(2))
        self.generator = np.random.default_rng(0)
        self.last = "nothing"
        self.seen, self.by_name = [1], {"a": 1}

    def forward(self, x):
        self.count[...] = self.count + 1
        self.replaced = self.replaced + 1
        self.last = x = self.inner(x)
        self.new = nn.Linear(1, 1)
        self.register_buffer("new_buffer", np.zeros(1))
        self.seen.append(2)
        self.by_name["b"] = 2
        self.train()
        self.generator.random(3)
        nn.random.default_generator.random(3)
        if self.fails:
            raise ValueError("on purpose")
        return x


@pytest.mark.parametrize("fails", [False, True])
def test_it_leaves_no_trace(fails):
    model = Messy(fails)
    calls = []
    model.inner.register_forward_hook(lambda *seen: calls.append(seen))
    model.inner.weight.grad = zeros(3, 3) + 1
    model.inner.training = False
    gradient, buffer = model.inner.weight.grad, model.count
    names = list(model.__dict__)
    state, hooks = copy.deepcopy(model.state_dict()), model.inner._hooks
    random = [g.bit_generator.state for g in (model.generator, nn.random.default_generator)]
    if fails:
        with pytest.raises(RuntimeError, match="on purpose"):
            nn.summary(model, (2, 3))
    else:
        nn.summary(model, (2, 3))
    assert list(model.__dict__) == names
    assert (model.last, model.seen, model.by_name) == ("nothing", [1], {"a": 1})
    assert [name for name, _ in model.named_buffers()] == ["count", "replaced"]
    assert (model.training, model.inner.training) == (True, False)
    assert model._hooks is None
    assert model.inner._hooks is hooks
    assert [len(hooks.forward_pre), len(hooks.forward)] == [0, 1]
    assert model.inner.weight.grad is gradient
    assert gradient.sum() == 9
    assert model.count is buffer
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
    assert random == [g.bit_generator.state for g in (model.generator, nn.random.default_generator)]
    assert len(calls) == 1
    x = ag.Value(zeros(2, 3))
    model.fails = False
    assert model(x).requires_grad


def test_batch_norm_keeps_its_statistics():
    model = nn.BatchNorm1d(3)
    before = copy.deepcopy(model.state_dict())
    nn.summary(model, np.ones((4, 3), np.float32))
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_graph_recorded_before_still_runs_backward():
    model = nn.Linear(3, 1)
    y = model(zeros(2, 3) + 1).sum()
    nn.summary(model, (2, 3))
    y.backward()
    np.testing.assert_array_equal(model.weight.grad, [[2, 2, 2]])


# ---- errors ----


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (
            lambda: nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 5))),
            (1, 2),
            r"fails on this input, in module Linear\(4 → 5\) at '0\.1', called with \(float32 of shape \(1, 3\)\): ",
        ),
        (lambda: nn.Embedding(3, 4), (1, 2), r"in module Embedding.*For a model that takes integers, .* pass an array"),
        (Sum, {"z": (2,)}, r"in module Sum, called with \(z=float32 of shape \(2,\)\): .*missing 1 required"),
        (nn.Module, (1, 2), "is missing the required"),
    ],
)
def test_a_model_that_fails_is_named_with_its_shapes(model, given, message):
    with pytest.raises(RuntimeError, match=message):
        nn.summary(model(), given)


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match=r"summary needs an nn\.Module, not int"):
        nn.summary(3, (1, 2))
    with pytest.raises(ValueError, match="depth is -1, but must be 0 or greater"):
        nn.summary(nn.Linear(1, 2), (1, 1), depth=-1)


# ---- text ----

MLP = """\
Module        Output shape  Parameters  Mult-adds  Activations
──────────────────────────────────────────────────────────────
Sequential    (8, 2)               114        768      1.09 kB
├─ 0: Linear  (8, 16)               80        512        512 B
├─ 1: Tanh    (8, 16)                –          –        512 B
└─ 2: Linear  (8, 2)                34        256         64 B
──────────────────────────────────────────────────────────────
Parameters     114
Multiply-adds  768
Memory         parameters 456 B, gradients 456 B, activations 1.09 kB, input 128 B"""


def test_the_table_of_a_small_model():
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
    assert str(nn.summary(model, (8, 4))) == MLP
    assert nn.summary(model, (8, 4))._repr_html_() == f'<pre style="line-height: 1.25">{MLP}</pre>'


EVERYTHING = """\
Module                        Output shape  Parameters  Trainable  Mult-adds  Activations
─────────────────────────────────────────────────────────────────────────────────────────
Everything                    (2, 3), (5,)          55         52         72        144 B
├─ twice: Linear (called 2×)  (2, 3)                12         12         36         48 B
├─ never: Sequential          not called            28         28          –            –
│  └─ 0: Linear               not called            28         28          –            –
├─ layers.0: Linear           (2, 3)                 9          9         18         24 B
├─ layers.1: Tanh             (2, 3)                 –          –          –         24 B
├─ again: Linear              = twice                –          –          –            –
└─ tied: Linear               (2, 3)                 3          3         18         24 B
─────────────────────────────────────────────────────────────────────────────────────────
Parameters     55 (52 trainable, 3 frozen)
Multiply-adds  72
Memory         parameters 220 B, gradients 208 B, activations 144 B, input 44 B"""


def test_the_table_of_a_model_with_everything():
    assert str(everything()[0]) == EVERYTHING


def test_equal_neighbours_are_shown_once_and_add_up():
    blocks = [nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(5)]
    model = nn.Sequential(nn.Linear(2, 4), *blocks, nn.Linear(4, 4), nn.Linear(4, 4))
    lines = [line.split("  ")[0] for line in str(nn.summary(model, (1, 2))).splitlines()[2:-4]]
    assert lines == [
        "Sequential",
        "├─ 0: Linear",
        "├─ 1: Sequential",
        "│",
        "│",
        "├─ 2 to 5: 4 more like 1",
        "├─ 6: Linear",
        "└─ 7: Linear",
    ]
    others = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4), nn.Linear(4, 5))
    assert "more like" not in str(nn.summary(others, (1, 2)))
    assert "├─ 2 to 5: 4 more like 1                        80         64        128 B" in str(
        nn.summary(model, (1, 2))
    )


@pytest.mark.parametrize(("depth", "lines"), [(0, 1), (1, 3), (2, 5), (None, 6)])
def test_depth_limits_what_is_shown(depth, lines):
    inner = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Tanh()))
    found = nn.summary(nn.Sequential(inner, nn.Tanh()), (1, 2), depth=depth)
    assert len(str(found).splitlines()) == lines + 6
    assert len(found.rows) == 6


def test_wide_tables_are_cut_to_100_columns():
    class Returning(nn.Module):
        def __init__(self):
            super().__init__()
            self.a_rather_long_name_of_a_module_in_a_model = nn.Sequential(nn.Sequential(nn.Linear(3, 3)))

        def forward(self, x):
            y = self.a_rather_long_name_of_a_module_in_a_model(x)
            return [zeros(11, 12, 13, 14)] * 4, y

    text = str(nn.summary(Returning(), (1, 3)))
    assert max(map(len, text.splitlines())) == 100
    assert "a_rather_long_name_of_a_module" in text
    assert "…" in text


def test_a_long_line_of_memory_is_broken():
    model = nn.Linear(64, 64)
    model.register_buffer("mean", np.zeros(100))
    text = str(nn.summary(model, (110, 64)))
    assert text.endswith(
        "Memory         parameters 16.6 kB, buffers 800 B, gradients 16.6 kB, activations 28.2 kB,\n"
        "               input 28.2 kB"
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "–"),
        (7, "7"),
        (999, "999"),
        (1000, "1.00 k"),
        (9994, "9.99 k"),
        (9996, "10.0 k"),
        (99_960, "100 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (12_345_678, "12.3 M"),
        (7 * 10**12, "7.00 T"),
        (10**19, "10000 P"),
    ],
)
def test_quantities_have_three_digits(number, text):
    assert _quantity(number, "") == text
