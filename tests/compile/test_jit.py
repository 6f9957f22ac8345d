"""Programs with `jit`: kernels compiled by Numba give NumPy's numbers, but for their last places."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit

import autograd_lite as ag
import nn
from autograd_lite.compile import kernels
from autograd_lite.compile.kernels import compiling, elementary, threads
from nn import functional as F

# of the largest number in a result
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-14}


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    """Kernels are kept on disk: not in the user's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def assert_close(found, expected, times=1.0):
    found, expected = np.asarray(found), np.asarray(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    finite = np.isfinite(expected)
    scale = np.abs(expected[finite]).max(initial=1e-30)
    np.testing.assert_allclose(found, expected, rtol=0, atol=times * TOLERANCE[expected.dtype.type] * float(scale))


def normal(*shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


# ---- exp, log and their kin ----

ELEMENTARY = {
    "exp": (np.exp, (-104, 89), 1.0, 2),
    "log": (np.log, (0, 100), 1.0, 1),
    "tanh": (np.tanh, (-10, 10), 5.0, 2),
    "log1p": (np.log1p, (-1, 10), 2.0, 2),
    "expm1": (np.expm1, (-20, 89), 4.0, 4),
}
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 88.8, -103.5, 710.0, -745.2, 1e-40, -1e-40, 5e-324, 1e-310]


def compiled(name, dtype):
    function = getattr(elementary, f"{name}{np.dtype(dtype).itemsize * 8}")

    @njit(fastmath={"contract"}, error_model="numpy")
    def run(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    def call(x):
        out = np.empty_like(x)
        run(x, out)
        return out

    return call


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_functions_are_right_to_a_few_last_places(name, dtype):
    exact, (low, high), *ulps = ELEMENTARY[name]
    rng = np.random.default_rng(0)
    parts = [rng.uniform(low, high, 40_000), rng.uniform(max(low, -1), 1, 20_000), 10.0 ** rng.uniform(-40, 1, 20_000)]
    if low < 0:
        parts.append(-(10.0 ** rng.uniform(-40, -0.01, 20_000)))
    x = np.concatenate(parts).astype(dtype)
    call = compiled(name, dtype)
    with np.errstate(all="ignore"):
        expected = exact(x.astype(np.longdouble))
        in_dtype = expected.astype(dtype)
    found = call(x)
    finite = np.isfinite(in_dtype)
    np.testing.assert_array_equal(found[~finite], in_dtype[~finite])
    errors = np.abs(found - expected)[finite] / np.spacing(np.abs(in_dtype[finite]))
    assert errors.max() < ulps[dtype is np.float64] + 0.1

    special = np.array(SPECIAL).astype(dtype)
    with np.errstate(all="ignore"):
        expected = exact(special)
    found = call(special)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


# ---- single functions, in kernels ----

FUNCTIONS = {
    "abs": np.abs,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "square": np.square,
    "reciprocal": np.reciprocal,
    "negative": np.negative,
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.rint,
    "trunc": np.trunc,
    "sign": np.sign,
    "isnan": lambda x: np.where(np.isnan(x), 1, x),
    "isfinite": lambda x: np.where(np.isfinite(x), x, -1),
    "isinf": lambda x: np.where(np.isinf(x), -1, x),
    "maximum": lambda x: np.maximum(x, 0.25),
    "minimum": lambda x: np.minimum(x, x[::-1]),
    "clip": lambda x: np.clip(x, -1, 2),
    "copysign": lambda x: np.copysign(2, x),
    "x**2": lambda x: x**2,
    "x**3": lambda x: x**3,
    "x**-0.5": lambda x: x**-0.5,
    "x**1.5": lambda x: x**1.5,
    "x**-2": lambda x: x**-2,
    "comparisons": lambda x: np.where((x > 0) & (x <= 1) | ~(x < 3) | (x == -1) & (x != 2), x, -x),
    "integers": lambda x: x * np.arange(x.size) + (np.arange(x.size) > 3),
    "bool": lambda x: (x > 0) * x,
    "cast": lambda x: x.astype(np.float64) / 3,
    "divide": lambda x: 1 / x,
    "max": lambda x: x.reshape(-1, 5) - x.reshape(-1, 5).max(1, keepdims=True),
    "min": lambda x: x.reshape(-1, 5) * x.reshape(-1, 5).min(1)[:, None],
}


@pytest.fixture(scope="module", params=[np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def results(request):
    """All functions of some numbers, by a few kernels, and as NumPy has them."""

    def function(x):
        return {name: FUNCTIONS[name](x) * 2 for name in FUNCTIONS}

    numbers = np.random.default_rng(0).standard_normal(285) * 10
    with np.errstate(all="ignore"):
        x = np.concatenate([numbers, SPECIAL]).astype(request.param)
        step = ag.compile(function, jit=True)
        return step(x), function(x), step.source


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_in_kernels_are_numpys(name, results):
    found, expected = results[0][name], results[1][name]
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[expected.dtype.type], atol=1e-38)
    if name not in ("max", "min", "isnan"):
        numbers = ~np.isnan(expected) & (expected != 0)
        np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


def test_all_functions_are_in_kernels(results):
    lines = [line.strip() for line in results[2].partition("def program")[2].splitlines()[1:]]
    calls = [line for line in lines if line and not line.startswith("#") and " = np.empty(" not in line]
    views = " = x[::-1]", " = x.reshape(60, 5)"
    assert {line for line in calls if not line.startswith(("kernel", "return")) and not line.endswith(views)} == set()


def test_differences_that_are_0_in_numpy_are_0():
    x = normal(60, 7) * 100
    assert (ag.compile(lambda x: (x * 1000 - (x * 1000).max(-1, keepdims=True)) * 2, jit=True)(x).max(-1) == 0).all()
    assert (ag.compile(lambda x: 1 - np.tanh(x + 12) ** 2, jit=True)(np.abs(x)) == 0).all()


# ---- functions of networks, with their gradients ----

MASK = np.random.default_rng(1).random((2, 1, 9, 9)) < 0.6


def attention(**options):
    return lambda x: F.scaled_dot_product_attention(*[x.reshape(2, 3, 9, 8) * c for c in (1, 2, 3)], **options)


NETWORKS = {
    "softmax": lambda x: F.softmax(x, -1),
    "log_softmax": lambda x: F.log_softmax(x, -1),
    "softmax over another axis": lambda x: F.softmax(x, 0),
    "layer_norm": lambda x: F.layer_norm(x, 16, x[0] + 1, x[1]),
    "rms_norm": lambda x: F.rms_norm(x, 16, x[0] + 1),
    "gelu": F.gelu,
    "gelu, tanh": lambda x: F.gelu(x, "tanh"),
    "silu": F.silu,
    "relu": F.relu,
    "sigmoid": F.sigmoid,
    "softplus": F.softplus,
    "mish": F.mish,
    "elu": F.elu,
    "attention": attention(),
    "causal attention": attention(is_causal=True),
    "masked attention": attention(attn_mask=MASK),
    "attention with numbers added": attention(attn_mask=np.where(MASK, 0, -3).astype(np.float32)),
    "cross entropy": lambda x: F.cross_entropy(x, np.arange(27) % 16),
    "label smoothing": lambda x: F.cross_entropy(x, np.arange(27) % 16, label_smoothing=0.1),
    "mean and variance": lambda x: (x - x.mean(-1, keepdims=True)) / (x.var(-1, keepdims=True) + 1) ** 0.5,
    "of a transposed array": lambda x: np.exp(x.T) * x.T.sum(-1, keepdims=True) + x.T[:, :1],
    "sums over rows": lambda x: np.tanh(x).sum(0) * np.exp(x).sum(0, keepdims=True),
    "a bias": lambda x: np.tanh(x.reshape(3, 9, 16) + x[0]) * x[1],
    "rows of one number": lambda x: x * np.exp(-x.reshape(-1, 1)).reshape(x.shape),
    "one row": lambda x: np.exp(x.reshape(1, -1)) / np.exp(x.reshape(1, -1)).sum(-1, keepdims=True),
    "numbers of rows first": lambda x: np.sqrt(np.square(x).sum(-1) + 1) * 2,
    "a product with a vector": lambda x: (np.exp(x) @ x[0]) + 1,
}


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*[(name, np.float32) for name in NETWORKS], *[(name, np.float64) for name in list(NETWORKS)[:7:2]]],
)
def test_functions_of_networks_and_their_gradients_are_eager_ones(name, dtype):
    weights = normal(27 * 16, seed=3)

    def loss(x):
        out = NETWORKS[name](x)
        return np.sum(out * weights[: np.size(out)].reshape(np.shape(out)).astype(out.dtype)), out

    x = normal(27, 16, dtype=dtype)
    both = ag.value_and_grad(lambda x: loss(x)[0])
    step, plain = ag.compile(lambda x: (loss(x)[1], *both(x)), jit=True), lambda x: (loss(x)[1], *both(x))
    for _ in range(2):
        for found, expected in zip(step(x), plain(x), strict=True):
            assert_close(found.data if isinstance(found, ag.Value) else found, expected, times=8)
        x = x[::-1].copy() * 2


class Block(nn.Module):
    """A block of a transformer."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, time, width = x.shape
        parts = np.split(self.qkv(self.before(x)), 3, axis=-1)
        q, k, v = [part.reshape(batch, time, self.heads, -1).transpose(0, 2, 1, 3) for part in parts]
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(0, 2, 1, 3).reshape(batch, time, width))
        return x + self.down(F.gelu(self.up(self.between(x))))


def gradients(jit):
    nn.manual_seed(0)
    model = nn.Sequential(Block(32, 4), Block(32, 4))
    parameters = list(model.parameters())

    def step(x):
        for p in parameters:
            p.grad = None
        loss = (model(x) ** 2).mean()
        loss.backward()
        return loss.data

    run = ag.compile(step, jit=True) if jit else step
    losses = [run(normal(4, 16, 32, seed=seed)) for seed in range(3)]
    return run, [*losses, *[p.grad for p in parameters]]


def test_a_transformer_is_the_eager_one_and_its_equal_blocks_share_kernels():
    run, found = gradients(jit=True)
    for a, b in zip(found, gradients(jit=False)[1], strict=True):
        assert_close(a, b, times=8)
    source = run.variants()[0].forward.program.source
    calls = [line.split("(")[0].strip() for line in source.splitlines() if line.strip().startswith("kernel")]
    assert len(calls) > 1.5 * len(set(calls))
    assert "exp" not in source.partition("def program")[2]  # softmax and gelu are in kernels


def test_the_source_shows_the_kernels():
    step = ag.compile(lambda x: np.exp(x) * 2 + x, jit=True)
    step(normal(300))
    assert "def kernel(start, stop, x1, y2):" in step._last().forward.program.kernels[0]


# ---- optimizers ----

OPTIMIZERS = [
    (nn.optim.SGD, {"lr": 0.1}),
    (nn.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (nn.optim.Adam, {"lr": 0.01}),
    (nn.optim.Adam, {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1}),
    (nn.optim.AdamW, {"lr": 0.01, "maximize": True}),
    (nn.optim.Adamax, {}),
    (nn.optim.NAdam, {}),
    (nn.optim.RAdam, {"lr": 0.01}),
    (nn.optim.RMSprop, {"centered": True, "momentum": 0.5}),
    (nn.optim.Adagrad, {"lr_decay": 0.1}),
    (nn.optim.Adadelta, {}),
    (nn.optim.Rprop, {}),
]


def train(kind, options, jit):
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 20), nn.Tanh(), nn.Linear(20, 3))
    optimizer = kind(model.parameters(), **options)
    schedule = nn.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.data

    run = ag.compile(step, jit=True) if jit else step
    for seed in range(20):
        run(normal(16, 6, seed=seed), normal(16, 3, seed=seed + 100))
        schedule.step()
    return run, [*[p.data for p in model.parameters()], *flat(optimizer.state_dict()["state"])]


def flat(state):
    return [np.asarray(x) for entry in state.values() for _, x in sorted(entry.items())]


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS, ids=lambda x: x if isinstance(x, dict) else x.__name__)
def test_optimizers_step_as_eager_ones(kind, options):
    run, found = train(kind, options, jit=True)
    assert "step_with_kernels(" in run.source
    for a, b in zip(found, train(kind, options, jit=False)[1], strict=True):
        assert_close(a, b, times=10)


def test_an_optimizer_whose_equation_no_kernel_can_compute_steps_with_numpy():
    class Sorting(nn.optim.Optimizer):
        def update(self, group, t, theta, g, d, s, *state):
            theta -= np.sort(g) * group["lr"]

    def run(jit):
        w = ag.Value(normal(10))
        optimizer = Sorting([w], {"lr": 0.1})

        def step():
            optimizer.zero_grad()
            np.sum(w**2).backward()
            optimizer.step()

        step = ag.compile(step, jit=True) if jit else step
        for _ in range(3):
            step()
        return w.data

    np.testing.assert_allclose(run(jit=True), run(jit=False), rtol=1e-6)


# ---- how kernels are called ----


def test_rows_shared_out_among_threads_add_up_to_the_same(monkeypatch):
    monkeypatch.setattr(threads, "WORTH_A_THREAD", 1)
    monkeypatch.setattr(threads, "count", lambda: 3)
    monkeypatch.setattr(compiling, "_made", {})

    def function(x):
        return np.tanh(x) * x.sum(-1, keepdims=True), np.exp(x).sum(0), np.exp(x) * 2

    x = normal(50, 40)
    step = ag.compile(function, jit=True)
    first = step(x)
    for a, b in zip(first, function(x), strict=True):
        assert_close(a, b, times=4)
    for a, b in zip(first, step(x), strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize(
    "change",
    [lambda g: g.T.copy().T, lambda g: np.repeat(g, 2, 1)[:, ::2], lambda g: g[::-1, ::-1].copy()[::-1, ::-1]],
    ids=["transposed", "every other", "backward"],
)
def test_gradients_of_another_layout_than_in_the_trace_are_taken(change):
    def loss(x):
        return np.tanh(x) * x

    x, g = normal(20, 30), normal(20, 30, seed=1)
    value, plain = ag.Value(x), ag.Value(x)
    ag.compile(loss, jit=True)(value).backward(change(g))
    loss(plain).backward(g)
    assert_close(value.grad, plain.grad, times=4)


@pytest.mark.parametrize("layout", ["C", "F", "strided", "backward", "read only"])
def test_arguments_of_all_layouts_are_taken(layout):
    x = normal(20, 30)
    given = {
        "C": x,
        "F": np.asfortranarray(x),
        "strided": np.repeat(x, 2, 1)[:, ::2],
        "backward": x[::-1, ::-1].copy()[::-1, ::-1],
        "read only": np.broadcast_to(x[0], (20, 30)),
    }[layout]

    def function(x):
        return np.exp(x) * x.sum(-1, keepdims=True), np.exp(x).sum(0)

    step = ag.compile(function, jit=True)
    for _ in range(2):
        for a, b in zip(step(given), function(given), strict=True):
            assert_close(a, b, times=4)


def test_kernels_of_equal_text_know_their_lengths():
    for n in (5000, 300, 70_000, 300):
        x = normal(n, 1)
        for a, b in zip(
            ag.compile(lambda x: (np.exp(x) * 2, x.T + 1), jit=True)(x), (np.exp(x) * 2, x.T + 1), strict=True
        ):
            assert_close(a, b, times=4)


def test_results_that_are_kept_are_never_written_again():
    step = ag.compile(lambda x: np.exp(x) * 2, jit=True)
    first = step(normal(300))
    copy = first.copy()
    step(normal(300, seed=1))
    np.testing.assert_array_equal(first, copy)


def test_other_dtypes_stay_with_numpy():
    def function(x):
        return (np.exp(x) * 2 + x).sum(-1)

    for dtype in (np.float16, np.complex128, np.longdouble, ">f4"):
        x = normal(20, 20).astype(dtype)
        step = ag.compile(function, jit=True)
        np.testing.assert_array_equal(step(x), function(x))


def test_without_numba_it_is_numpy_and_says_what_to_install(monkeypatch):
    monkeypatch.setattr(kernels, "find_spec", lambda name: None)
    kernels.usable.cache_clear()
    try:
        x = normal(20, 20)
        step = ag.compile(lambda x: F.softmax(x, -1), jit=True)
        with pytest.warns(RuntimeWarning, match=r'pip install "autograd-lite\[jit\]"'):
            found = step(x)
        assert found.tobytes() == F.softmax(x, -1).tobytes()
        assert "kernel" not in step.source
    finally:
        kernels.usable.cache_clear()
