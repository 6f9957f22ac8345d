"""Optimizers: PyTorch's trajectories, flat buffers, state dicts, refusals. One table drives them all."""

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from nn import optim
from nn.optim import flat
from nn.optim.line_search import Point, strong_wolfe

from .waves import wavy_cubic

GOLDEN = json.loads((Path(__file__).parents[1] / "peers" / "golden_optim.json").read_text())

OPTIMIZERS = [  # with a learning rate for the parabola, and one for Rosenbrock's valley
    ("SGD", {}, 0.1, 1e-3),
    ("SGD", {"momentum": 0.9}, 0.05, 3e-4),
    ("SGD", {"momentum": 0.9, "nesterov": True}, 0.05, 3e-4),
    ("Adam", {}, 0.1, 0.05),
    ("Adam", {"amsgrad": True}, 0.1, 0.05),
    ("AdamW", {"weight_decay": 0}, 0.1, 0.05),
    ("NAdam", {}, 0.1, 0.05),
    ("RAdam", {}, 0.1, 2e-3),
    ("Adamax", {}, 0.1, 0.05),
    ("Adagrad", {}, 1.0, 0.5),
    ("Adadelta", {"eps": 1e-3}, 1.0, 0.02),
    ("RMSprop", {"alpha": 0.9, "eps": 0.1}, 2e-2, 1e-3),
    ("RMSprop", {"alpha": 0.9, "momentum": 0.5, "centered": True, "eps": 1e-2}, 1e-2, 1e-3),
    ("Rprop", {}, 0.1, 1e-2),
]
STATEFUL = [row for row in OPTIMIZERS if row[:2] != ("SGD", {})]


def make(name, params, **options):
    return getattr(optim, name)(params, **options)


def golden_params(dtype=np.float64, problem="arrays"):
    return [ag.Value(np.array(x, dtype)) for x in GOLDEN[problem]["start"]]


def golden_steps(params, optimizer, gradients):
    """Make the steps of the golden file, one at a time."""

    def closure():
        optimizer.zero_grad()
        x = np.concatenate([p.reshape(-1) for p in params])
        loss = np.sum(2 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
        loss.backward()
        return loss

    for row in gradients:
        if isinstance(optimizer, optim.LBFGS):
            optimizer.step(closure)
        else:
            give(params, row)
            optimizer.step()
        yield


def prepared(case, dtype=np.float64):
    """A recipe of the golden file, and the parameters, optimizer and gradients that it asks for."""
    recipe = GOLDEN["cases"][case]
    problem = "matrices" if recipe["optimizer"] == "Muon" else "arrays"
    params = golden_params(dtype, problem)
    optimizer = make(recipe["optimizer"], params, **recipe["options"])
    return recipe, params, optimizer, GOLDEN[problem]["gradients"]


def give(params, gradients):
    for p, gradient in zip(params, gradients, strict=True):
        p.grad = None if gradient is None else np.array(gradient, p.dtype)


def values(params):
    return np.concatenate([p.data.ravel() for p in params])


def slopes(params, seed=0):
    rng = np.random.default_rng(seed)
    give(params, [rng.standard_normal(p.shape) for p in params])


# ---- the mathematics ----


@pytest.mark.parametrize("block", [1, 2, 5, flat.BLOCK])
@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_follows_pytorch_also_where_gradients_are_missing(case, block, monkeypatch):
    monkeypatch.setattr(flat, "BLOCK", block)
    recipe, params, optimizer, gradients = prepared(case)
    steps = golden_steps(params, optimizer, gradients)
    for _, expected in zip(steps, recipe["trajectory"], strict=True):
        np.testing.assert_allclose(values(params), expected, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_large_arrays_take_the_same_steps_through_blas(case, monkeypatch):
    monkeypatch.setattr(flat, "BLAS_CHUNK", 2)
    recipe, params, optimizer, gradients = prepared(case)
    for _ in golden_steps(params, optimizer, gradients):
        pass
    np.testing.assert_allclose(values(params), recipe["trajectory"][-1], rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("case", [case for case in GOLDEN["cases"] if case.startswith("muon")])
def test_muon_is_close_to_pytorchs_which_rounds_to_bfloat16(case):
    recipe, params, optimizer, gradients = prepared(case)
    start = values(params)
    list(golden_steps(params, optimizer, gradients[1:2]))
    step = np.abs(values(params) - start).max()
    assert np.abs(values(params) - recipe["rounded"]).max() < 0.05 * step


def test_adam_forgets_a_huge_gradient_at_once_where_beta1_is_0():
    p = ag.Value([0.0])
    optimizer = optim.Adam([p], lr=1.0, betas=(0.0, 0.0))
    for gradient in (1e16, 1.0):
        give([p], [[gradient]])
        optimizer.step()
    np.testing.assert_allclose(p.data, [-2.0])


@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_float32_stays_float32(case):
    recipe, params, optimizer, gradients = prepared(case, np.float32)
    group = optimizer.param_groups[0]
    group["lr"] = np.float64(group["lr"])  # must not promote
    steps = golden_steps(params, optimizer, gradients)
    for _, expected in zip(steps, recipe["trajectory"], strict=True):
        np.testing.assert_allclose(values(params), expected, rtol=5e-4, atol=5e-5)
    assert {p.dtype for p in params} == {np.dtype(np.float32)}
    arrays = [a for entry in optimizer.state_dict()["state"].values() for a in entry.values() if hasattr(a, "dtype")]
    assert all(a.dtype == np.float32 for a in arrays)


@pytest.mark.parametrize(("name", "options", "lr", "_"), OPTIMIZERS)
def test_descends_a_parabola(name, options, lr, _):
    w, b = ag.Value([3.0, -2.0]), ag.Value(1.5)
    optimizer = make(name, [w, b], lr=lr, **options)
    for _step in range(400):
        optimizer.zero_grad()
        (np.sum((w - np.array([1.0, 2.0])) ** 2) + b * b).backward()
        optimizer.step()
    np.testing.assert_allclose([*w.data, b.data], [1, 2, 0], atol=1e-3)


@pytest.mark.parametrize(("name", "options", "_", "lr"), OPTIMIZERS)
def test_finds_the_end_of_rosenbrocks_valley(name, options, _, lr):
    x = ag.Value([-0.5, 1.0])
    optimizer = make(name, [x], lr=lr, **options)
    a, b = x.data
    start = 100 * (b - a * a) ** 2 + (1 - a) ** 2
    for _step in range(4000):
        a, b = x.data
        x.grad = np.array([-400 * a * (b - a * a) - 2 * (1 - a), 200 * (b - a * a)])
        optimizer.step()
    a, b = x.data
    assert 100 * (b - a * a) ** 2 + (1 - a) ** 2 < 0.02 * start


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_end_of_rosenbrocks_valley(search):
    x = ag.Value([-0.5, 1.0])
    optimizer = optim.LBFGS([x], lr=1.0 if search else 0.5, max_iter=100, max_eval=200, line_search_fn=search)
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
        loss.backward()
        losses.append(loss.item())
        return loss

    assert optimizer.step(closure).item() == losses[0]
    np.testing.assert_allclose(x.data, [1, 1], atol=1e-4)
    state = optimizer.state_dict()["state"][0]
    assert state["func_evals"] == len(losses) <= 200
    assert state["n_iter"] <= 100


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_bottom_of_a_parabola(search):
    w = ag.Value([3.0, -2.0])
    optimizer = optim.LBFGS([w], line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = np.sum(np.array([1.0, 10.0]) * (w - np.array([1.0, 2.0])) ** 2)
        loss.backward()
        return loss

    for _step in range(5):
        optimizer.step(closure)
    np.testing.assert_allclose(w.data, [1, 2], atol=1e-6)


def test_muon_descends_a_parabola_and_rosenbrocks_valley():
    target = np.random.default_rng(0).standard_normal((4, 3))
    w, x = ag.Value(np.zeros((4, 3))), ag.Value([[-0.5, 1.0]])
    optimizer = optim.Muon([{"params": [w], "lr": 0.1}, {"params": [x], "lr": 0.02}], weight_decay=0)
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.995)  # a step has the size of the rate to the end
    a, b = x.data[0]
    start = 100 * (b - a * a) ** 2 + (1 - a) ** 2
    for _step in range(1500):
        a, b = x.data[0]
        w.grad = 2 * (w.data - target)
        x.grad = np.array([[-400 * a * (b - a * a) - 2 * (1 - a), 200 * (b - a * a)]])
        optimizer.step()
        schedule.step()
    a, b = x.data[0]
    np.testing.assert_allclose(w.data, target, atol=1e-3)
    assert 100 * (b - a * a) ** 2 + (1 - a) ** 2 < 0.02 * start


def test_lbfgs_stops_at_a_minimum_without_a_step():
    x, still = ag.Value([0.0]), ag.Value([5.0])  # the second never has a gradient
    optimizer = optim.LBFGS([x, still])

    def closure():
        optimizer.zero_grad()
        loss = np.sum((x - 1) ** 2)
        loss.backward()
        return loss

    optimizer.step(closure)
    assert optimizer.step(closure).item() < 1e-12
    before = optimizer.state_dict()["state"][0]["n_iter"]
    optimizer.step(closure)
    assert optimizer.state_dict()["state"][0]["n_iter"] == before
    assert still.data.tolist() == [5.0]


@pytest.mark.parametrize("row", GOLDEN["searches"], ids=lambda row: f"{row['t']}-{row['max_evaluations']}")
def test_the_line_search_finds_what_pytorchs_finds(row):
    def at(t):
        loss, slope = wavy_cubic(t, row["shape"])
        return Point(t, loss, slope, slope)

    point, count = strong_wolfe(at, at(0.0), row["t"], 1.0, row["max_evaluations"])
    found = [point.loss, point.gradient, point.t, count]
    np.testing.assert_allclose(found, row["found"], rtol=1e-8, atol=1e-8)


SCRIPTS = [  # losses and slopes of the points that are evaluated, one after the other; how many may be
    # a loss that rises at the second point, which is no reason yet to stop making steps longer
    ([(-0.9, -1.0), (-0.8, -0.95), (-5.0, 0.1)], 25, (-5.0, 5.55005, 3)),
    # no more points: the better of the last and the start, not of the last two
    ([(-1.0, -1.0), (-0.5, -1.0)], 1, (-0.5, 10.0, 2)),
    # twice close to an end of the bracket; from PyTorch
    ([(1.8, -3.0), (0.2, -0.6), (-1.5, -0.5)], 5, (-1.5, 0.005091896622978609, 3)),
]


@pytest.mark.parametrize(("points", "allowed", "expected"), SCRIPTS)
def test_the_line_search_on_any_course_of_losses(points, allowed, expected):
    course = iter(points)

    def at(t):
        loss, slope = next(course)
        return Point(t, loss, slope, slope)

    point, count = strong_wolfe(at, Point(0.0, 0.0, -1.0, -1.0), 1.0, 1.0, allowed)
    np.testing.assert_allclose((point.loss, point.t, count), expected)


def test_what_nadam_remembers_is_what_it_saves():
    params, others = golden_params(np.float32), golden_params(np.float32)
    optimizer, other = optim.NAdam(params), optim.NAdam(others)
    for gradients in GOLDEN["arrays"]["gradients"]:
        give(params, gradients)
        give(others, gradients)
        optimizer.step()
        other.load_state_dict(other.state_dict())
        other.step()
    assert repr(optimizer.state_dict()["state"]) == repr(other.state_dict()["state"])


def test_lbfgs_stops_where_parameters_hardly_change():
    x = ag.Value([0.05])
    optimizer = optim.LBFGS([x], lr=0.01, tolerance_change=0.1)

    def closure():
        optimizer.zero_grad()
        loss = np.sum(1e6 * x * x)  # changes by much more
        loss.backward()
        return loss

    optimizer.step(closure)
    assert optimizer.state_dict()["state"][0]["n_iter"] == 1


def test_nadam_keeps_what_differs_between_parameters_apart():
    products = [0.4, 0.1]
    start = [ag.Value([1.0]) for _ in products]
    for p in start:
        p.grad = np.array([1.0])
    together = optim.NAdam(start, lr=0.1)
    together.step()
    after_one, saved = start[0].data[0], together.state_dict()
    for number, product in enumerate(products):
        saved["state"][number]["mu_product"] = np.array(product)
    together.load_state_dict(saved)
    together.step()
    for number, p in enumerate(start):
        alone = ag.Value([0.0])
        alone.grad = np.array([1.0])
        optimizer = optim.NAdam([alone], lr=0.1)
        group = saved["param_groups"][0] | {"params": [0]}
        optimizer.load_state_dict({"state": {0: saved["state"][number]}, "param_groups": [group]})
        optimizer.step()
        np.testing.assert_allclose(alone.data[0], p.data[0] - after_one, rtol=1e-9)


def test_muon_makes_all_singular_values_equal():
    w = ag.Value(np.zeros((4, 6)))
    rng = np.random.default_rng(0)
    w.grad = rng.standard_normal((4, 6)) * np.geomspace(1, 100, 6)
    optim.Muon([w], lr=1.0).step()
    sizes = np.linalg.svd(w.data)[1]
    assert sizes.min() > 0.6
    assert sizes.max() < 1.3


def test_maximize_climbs():
    w = ag.Value([1.0])
    w.grad = np.array([2.0])
    make("SGD", [w], lr=0.5, maximize=True).step()
    assert w.data[0] == 2.0


def test_reads_the_options_at_each_step():
    w = ag.Value([1.0])
    optimizer = make("SGD", [w], lr=0.5)
    w.grad = np.array([1.0])
    optimizer.param_groups[0]["lr"] = 0.25
    optimizer.step()
    assert w.data[0] == 0.75
    optimizer.param_groups[0]["momentum"] = 0.5  # from now on: its buffer starts with this gradient
    optimizer.step()
    optimizer.step()
    assert w.data[0] == 0.75 - 0.25 - 0.375


# ---- flat buffers ----


@pytest.mark.parametrize(("name", "options", "lr", "_"), OPTIMIZERS)
def test_parameters_and_states_share_flat_buffers(name, options, lr, _):
    params = golden_params()
    optimizer = make(name, params, lr=lr, **options)
    slopes(params)
    optimizer.step()
    buffer = params[0].data.base
    assert buffer.shape == (8,)
    assert all(np.shares_memory(p.data, buffer) for p in params)
    assert [p.shape for p in params] == [(2, 2), (), (3,)]
    views = [p.data for p in params]
    optimizer.step()
    assert all(p.data is view for p, view in zip(params, views, strict=True))
    for state in (optimizer.state[params[0]], optimizer.state[params[2]]) if optimizer.state else ():
        for key, array in state.items():
            assert key in ("step", "mu_product") or array.base.shape == (8,)


def test_dtypes_have_a_buffer_each():
    params = [ag.Value(np.ones(3, dtype)) for dtype in (np.float32, np.float64, np.float32)]
    optimizer = make("Adam", params, lr=0.5)
    slopes(params)
    optimizer.step()
    assert [p.dtype for p in params] == [np.float32, np.float64, np.float32]
    assert np.shares_memory(params[0].data.base, params[2].data)
    assert list(optimizer.state_dict()["state"]) == [0, 1, 2]


def test_nothing_moves_before_the_first_step():
    w = ag.Value([1.0, 2.0])
    before = w.data
    loss = np.sum(w * w)
    optimizer = make("Adam", [w])
    assert w.data is before
    loss.backward()  # a graph from before the optimizer is still good
    optimizer.step()
    assert w.data is not before
    assert before.tolist() == [1.0, 2.0]


def test_takes_over_data_that_was_replaced():
    w, b = ag.Value([1.0, 2.0]), ag.Value([3.0])
    optimizer = make("SGD", [w, b], lr=0.5)
    give([w, b], [[1, 1], [1]])
    optimizer.step()
    w.data = mine = np.array([10.0, 20.0])
    optimizer.step()
    assert w.data.tolist() == [9.5, 19.5]
    assert mine.tolist() == [10.0, 20.0]
    assert np.shares_memory(w.data.base, b.data)
    w.data -= 1  # by hand, in the view
    optimizer.step()
    assert w.data.tolist() == [8.0, 18.0]


def test_refuses_data_of_another_dtype_and_updates_nothing():
    w, b = ag.Value([1.0, 2.0], name="fc.weight"), ag.Value([3.0])
    optimizer = make("SGD", [b, w], lr=0.5)
    give([w, b], [[1, 1], [1]])
    optimizer.step()
    w.data = np.ones(2, np.float32)
    with pytest.raises(TypeError, match=r"'fc\.weight' holds float32 now, but held float64"):
        optimizer.step()
    assert b.data.tolist() == [2.5]


def test_a_graph_from_before_the_step_is_stale():
    w = ag.Value([1.0, 2.0], name="fc1.weight")
    optimizer = make("SGD", [w], lr=0.5)
    for _ in range(2):  # the first step moves the data, the second changes it in place
        loss = np.sum(w * w)
        loss.backward()
        optimizer.step()
        with pytest.raises(RuntimeError, match=r"fc1\.weight.* changed after this graph was recorded"):
            loss.backward()


def test_frozen_parameters_stay():
    w, b = ag.Value([1.0]), ag.Value([2.0], requires_grad=False)
    optimizer = make("AdamW", [w, b], lr=0.5)
    give([w, b], [[1], [1]])
    optimizer.step()
    assert b.data.tolist() == [2.0]
    assert list(optimizer.state_dict()["state"]) == [0]
    b.requires_grad = True
    optimizer.step()
    assert b.data[0] < 2
    assert [float(entry["step"]) for entry in optimizer.state_dict()["state"].values()] == [2, 1]


def test_gradients_that_are_values_and_not_contiguous():
    w = ag.Value(np.zeros((2, 3)))
    optimizer = make("SGD", [w], lr=1.0)
    w.grad = ag.Value(np.arange(6.0).reshape(3, 2).T)
    optimizer.step()
    assert w.data.tolist() == [[0, -2, -4], [-1, -3, -5]]


def test_an_optimizer_that_sees_whole_parameters(monkeypatch):
    monkeypatch.setattr(flat, "BLOCK", 2)

    class Normalized(optim.Optimizer):
        by_parameter = True

        def update(self, group, t, theta, g, d, s):
            theta -= g / np.linalg.norm(g)
            seen.append(theta.shape)

    seen = []
    params = golden_params()
    slopes(params)
    expected = values(params) - np.concatenate([(p.grad / np.linalg.norm(p.grad)).ravel() for p in params])
    Normalized(params, {"lr": 1.0}).step()
    np.testing.assert_allclose(values(params), expected)
    assert seen == [(2, 2), (), (3,)]


def test_lbfgs_writes_only_what_no_graph_holds():
    x = ag.Value([-0.5, 1.0])
    optimizer = optim.LBFGS([x], max_iter=5, line_search_fn="strong_wolfe")
    before = x.data
    with ag.detect_mutation():
        for _ in golden_steps([x], optimizer, [None, None]):
            pass
    assert before.tolist() == [-0.5, 1.0]
    loss = np.sum(x * x)
    list(golden_steps([x], optimizer, [None]))
    with pytest.raises(RuntimeError, match="changed after this graph was recorded"):
        loss.backward()


def test_large_and_small_parameters_in_one_bucket(monkeypatch):
    monkeypatch.setattr(flat, "BLOCK", 4)
    params = [ag.Value(np.zeros(n)) for n in (2, 1, 10, 1, 2, 2, 0, 4)]
    slopes(params)
    make("SGD", params, lr=1.0).step()
    assert np.array_equal(values(params), -np.concatenate([p.grad for p in params]))


def test_a_step_without_any_gradient_does_nothing():
    w = ag.Value([1.0])
    optimizer = make("Adam", [w])
    optimizer.step()
    assert w.data.tolist() == [1.0]
    assert optimizer.state_dict()["state"] == {}


def test_closure_computes_the_gradients():
    w = ag.Value([1.0])
    optimizer = make("SGD", [w], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = np.sum(w * w)
        loss.backward()
        return loss

    with ag.no_grad():
        assert optimizer.step(closure).item() == 1.0
    assert w.data[0] == 0.5


def test_hooks_see_every_step():
    w = ag.Value([1.0])
    optimizer = make("SGD", [w], lr=0.25)
    seen = []
    before = optimizer.register_step_pre_hook(lambda *call: seen.append((call, w.data[0])))
    after = optimizer.register_step_post_hook(lambda *call: seen.append((call, w.data[0])))
    w.grad = np.array([1.0])
    optimizer.step()
    assert seen == [((optimizer, (), {}), 1.0), ((optimizer, (), {}), 0.75)]
    assert len(copy.deepcopy(optimizer).param_groups) == 1
    before.remove()
    after.remove()
    optimizer.step()
    assert len(seen) == 2
    optimizer.register_step_pre_hook(lambda optimizer, args, kwargs: ((lambda: "replaced",), {}))
    assert optimizer.step() == "replaced"


def test_zero_grad():
    w = ag.Value([1.0])
    w.grad = np.array([2.0])
    optimizer = make("SGD", [w])
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0.0]
    optimizer.zero_grad()
    assert w.grad is None


# ---- state dicts ----


def test_state_dict_has_pytorchs_form():
    w, b = ag.Value([1.0, 2.0]), ag.Value(3.0)
    optimizer = optim.Adam([{"params": [w], "lr": 0.5}, {"params": [b]}], weight_decay=0.1)
    slopes([w, b])
    optimizer.step()
    saved = optimizer.state_dict()
    assert saved["param_groups"] == [
        {"lr": lr, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.1, "amsgrad": False, "maximize": False}
        | {"decoupled_weight_decay": False, "params": [i]}
        for i, lr in enumerate([0.5, 1e-3])
    ]
    assert list(saved["state"]) == [0, 1]
    assert list(saved["state"][0]) == ["step", "exp_avg", "exp_avg_sq"]
    assert saved["state"][0]["step"].dtype == np.float32
    assert saved["state"][0]["exp_avg"].shape == (2,)
    assert saved["state"][1]["exp_avg"].shape == saved["state"][1]["step"].shape == ()
    assert optim.SGD([w]).state_dict()["state"] == {}


def test_names_are_kept():
    w, b = ag.Value([1.0]), ag.Value([2.0])
    optimizer = optim.SGD([("w", w), ("b", b)], momentum=0.9)
    slopes([w, b])
    optimizer.step()
    saved = optimizer.state_dict()
    assert saved["param_groups"][0]["param_names"] == ["w", "b"]
    assert list(saved["state"][1]) == ["momentum_buffer"]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("stepped", [False, True])
@pytest.mark.parametrize(("name", "options", "lr", "_"), STATEFUL)
def test_a_loaded_state_continues_the_trajectory(name, options, lr, _, stepped, dtype):
    params = golden_params(dtype)
    optimizer = make(name, params, lr=lr, **options)
    for gradients in GOLDEN["arrays"]["gradients"][:6]:
        give(params, gradients)
        optimizer.step()
    saved = optimizer.state_dict()
    others = [ag.Value(p.data.copy()) for p in params]
    other = make(name, others, lr=7.0, **options)
    if stepped:  # also into an optimizer that has a state already
        slopes(others)
        other.step()
        for mine, p in zip(others, params, strict=True):
            mine.data = p.data.copy()
    other.load_state_dict(saved)
    for gradients in GOLDEN["arrays"]["gradients"][6:]:
        for each, held in ((optimizer, params), (other, others)):
            give(held, gradients)
            each.step()
        assert np.array_equal(values(params), values(others))
    assert other.param_groups[0]["lr"] == lr


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
@pytest.mark.parametrize(("name", "options", "lr", "_"), OPTIMIZERS)
def test_copies_live_on_their_own(name, options, lr, _, copied):
    params = golden_params()
    optimizer = make(name, params, lr=lr, **options)
    give(params, GOLDEN["arrays"]["gradients"][1])
    optimizer.step()
    others, other = copied((params, optimizer))
    before = values(others)
    for gradients in GOLDEN["arrays"]["gradients"][:6]:
        give(params, gradients)
        optimizer.step()
    assert np.array_equal(values(others), before)
    for gradients in GOLDEN["arrays"]["gradients"][:6]:
        give(others, gradients)
        other.step()
    assert np.array_equal(values(params), values(others))


def test_a_state_dict_is_a_copy():
    w = ag.Value([1.0])
    optimizer = optim.SGD([w], momentum=0.9)
    w.grad = np.array([1.0])
    optimizer.step()
    saved = optimizer.state_dict()
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 5.0
    assert saved["state"][0]["momentum_buffer"].tolist() == [1.0]
    assert saved["param_groups"][0]["lr"] == 1e-3


PYTORCH_ONLY = {"foreach", "fused", "capturable", "differentiable"}


def shapes_of(state):
    return {key: np.shape(kept) for key, kept in state.items()}


@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_state_dicts_have_pytorchs_keys_and_shapes(case):
    recipe, params, optimizer, gradients = prepared(case)
    list(golden_steps(params, optimizer, gradients[:7]))
    saved, theirs = optimizer.state_dict(), recipe["saved"]
    (group,), (expected,) = saved["param_groups"], theirs["param_groups"]
    assert group.keys() == expected.keys() - PYTORCH_ONLY
    assert json.loads(json.dumps(group)) == {key: expected[key] for key in group}
    assert [str(number) for number in saved["state"]] == sorted(theirs["state"])
    for number, state in theirs["state"].items():
        state.pop("al", None)  # scratch space of LBFGS
        mine = saved["state"][int(number)]
        assert mine.keys() == {key for key, kept in state.items() if kept is not None}
        assert shapes_of(mine) == shapes_of({key: state[key] for key in mine})


@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_goes_on_from_pytorchs_state_dict(case):
    recipe, params, _, gradients = prepared(case)
    start, places = np.array(recipe["trajectory"][6]), np.cumsum([p.size for p in params])[:-1]
    for p, part in zip(params, np.split(start, places), strict=True):
        p.data = part.reshape(p.shape)
    optimizer = make(recipe["optimizer"], params, lr=7.0)
    saved = recipe["saved"]
    optimizer.load_state_dict(saved | {"state": {int(number): entry for number, entry in saved["state"].items()}})
    steps = golden_steps(params, optimizer, gradients[7:])
    for _, expected in zip(steps, recipe["trajectory"][7:], strict=True):
        np.testing.assert_allclose(values(params), expected, rtol=1e-8, atol=1e-8)


def test_adagrad_has_a_state_before_its_first_step_as_pytorchs_has():
    w = ag.Value(np.zeros((2, 1), np.float32))
    optimizer = optim.Adagrad([w], initial_accumulator_value=0.5)
    (entry,) = optimizer.state_dict()["state"].values()
    assert entry["step"] == 0
    assert entry["sum"].tolist() == [[0.5], [0.5]]
    assert entry["sum"].dtype == np.float32
    optimizer.load_state_dict(optimizer.state_dict())
    slopes([w])
    optimizer.step()
    np.testing.assert_allclose(optimizer.state[w]["sum"], 0.5 + w.grad**2)


def test_adamw_stays_adamw_with_the_state_of_adam():
    w = ag.Value([1.0])
    optimizer = optim.AdamW([w])
    optimizer.load_state_dict(optim.Adam([w], weight_decay=0.5).state_dict())
    w.grad = np.array([0.0])
    optimizer.step()
    assert w.data[0] == 1 - 1e-3 * 0.5


def test_lbfgs_refuses_the_state_of_something_else():
    w = ag.Value([1.0, 2.0])
    optimizer = optim.LBFGS([w], lr=0.1)
    list(golden_steps([w], optimizer, [None]))
    before, saved = optimizer.state_dict(), optimizer.state_dict()
    saved["state"][0]["d"] = np.zeros(3)
    with pytest.raises(ValueError, match=r"d has shape \(3,\) in the state dict, but must have \(2,\)"):
        optimizer.load_state_dict(saved)
    saved["state"][0] = {"momentum_buffer": np.zeros(2)}
    with pytest.raises(ValueError, match=r"momentum_buffer .* saved by another optimizer"):
        optimizer.load_state_dict(saved)
    assert repr(optimizer.state_dict()) == repr(before)


def test_loads_what_pytorch_saves():
    saved = {
        "state": {0: {"step": 3.0, "exp_avg": [0.5], "exp_avg_sq": [0.25]}},
        "param_groups": [
            {"lr": 0.1, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False, "maximize": False}
            | {"foreach": None, "capturable": False, "differentiable": False, "fused": None, "params": [0, 1]}
        ],
    }
    w, b = ag.Value([1.0]), ag.Value([1.0])
    optimizer = optim.Adam([w, b])
    optimizer.load_state_dict(saved)
    assert float(optimizer.state[w]["step"]) == 3
    assert b not in optimizer.state
    old = {"state": {0: {"momentum_buffer": None}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    optim.SGD([w]).load_state_dict(old)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("state"), "no state dict of an optimizer.* it has param_groups"),
        (lambda s: s["param_groups"].append({}), "has 2 parameter groups, this optimizer 1"),
        (lambda s: s["param_groups"][0]["params"].append(2), "has 3 parameters, this optimizer's 2"),
        (lambda s: s["state"][0].pop("exp_avg"), "has exp_avg_sq, step for 'w', but Adam .* needs exp_avg, exp_avg_sq"),
        (lambda s: s["state"][0].update(exp_avg=np.ones(5)), r"exp_avg of 'w' has shape \(5,\) .* must have \(2,\)"),
        (lambda s: s["param_groups"][0].update(lr=-1), "lr is -1"),
    ],
)
def test_refuses_a_state_of_something_else_and_keeps_its_own(change, message):
    w, b = ag.Value([1.0, 2.0], name="w"), ag.Value([3.0])
    optimizer = optim.Adam([w, b], lr=0.1)
    slopes([w, b])
    optimizer.step()
    before, saved = optimizer.state_dict(), optimizer.state_dict()
    saved["param_groups"][0]["eps"] = 1.0
    saved["state"][1]["step"] = np.array(9.0)
    change(saved)
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(saved)
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    assert repr(after["state"]) == repr(before["state"])


# ---- groups, and what is refused ----


def test_groups_have_options_of_their_own():
    w, b = ag.Value([1.0]), ag.Value([1.0])
    optimizer = optim.SGD([{"params": w, "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": [b]})
    give([w, b], [[1], [1]])
    optimizer.step()
    assert (w.data[0], b.data[0]) == (0.5, 0.9)
    optimizer.add_param_group({"params": ag.Value([1.0]), "lr": 0})
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1, 0]


def test_repr_lists_the_options():
    text = repr(optim.SGD([ag.Value([1.0])], lr=0.1, momentum=0.9))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.1\n")


def twice(w):
    return [w, w]


def matrix():
    return ag.Value(np.ones((2, 2)))


REFUSED = [
    (lambda w: optim.SGD([]), ValueError, "optimizer got an empty parameter list"),
    (lambda w: optim.SGD(iter(())), ValueError, "optimizer got an empty parameter list"),
    (lambda w: optim.SGD(w), TypeError, r"not Value\. Put it into a list"),
    (lambda w: optim.SGD(3), TypeError, "not int"),
    (lambda w: optim.SGD({w}), TypeError, "no fixed order"),
    (lambda w: optim.SGD({"params": [w]}), TypeError, "not dict"),
    (lambda w: optim.SGD([np.ones(3)]), TypeError, r"parameter 0 of group 0 is of type ndarray.*nn\.Parameter"),
    (lambda w: optim.SGD([{"lr": 1}]), TypeError, "key 'params'"),
    (lambda w: optim.SGD([w * 2]), ValueError, "parameter 0 of group 0 was computed"),
    (lambda w: optim.SGD([ag.Value([1, 2], False, dtype=int)]), TypeError, "holds int64"),
    (lambda w: optim.SGD(twice(w)), ValueError, "'w' appears in more than one place"),
    (lambda w: optim.SGD([{"params": [w]}, {"params": [w]}]), ValueError, "'w' .* in group 0 and in group 1"),
    (lambda w: optim.SGD([("w", w), ag.Value(1.0)]), ValueError, "some without"),
    (lambda w: optim.SGD([w], lr=-0.1), ValueError, r"lr is -0\.1, but must be 0 or greater\. Write lr=0\.1"),
    (lambda w: optim.SGD([w], lr=float("nan")), ValueError, "lr is nan"),
    (lambda w: optim.SGD([w], lr="0.1"), TypeError, "lr is '0.1', but must be a number"),
    (lambda w: optim.Adam([w], betas=0.9), ValueError, r"betas are 0\.9, but must be two numbers"),
    (lambda w: optim.SGD([w], momentum=-1), ValueError, "momentum is -1"),
    (lambda w: optim.SGD([w], nesterov=True), ValueError, "nesterov=True needs momentum"),
    (lambda w: optim.SGD([w], momentum=0.9, dampening=0.1, nesterov=True), ValueError, "no dampening"),
    (lambda w: optim.SGD([w], weight_decay=-1), ValueError, "weight_decay is -1"),
    (lambda w: optim.Adam([w], eps=-1), ValueError, "eps is -1"),
    (lambda w: optim.Adam([w], betas=(0.9, 1.0)), ValueError, r"betas are \(0\.9, 1\.0\)"),
    (lambda w: optim.AdamW([{"params": [w], "lr": -3}]), ValueError, "lr is -3"),
    (lambda w: optim.NAdam([w], momentum_decay=-1), ValueError, "momentum_decay is -1"),
    (lambda w: optim.NAdam([w], betas=(1.0, 0.9)), ValueError, "betas are"),
    (lambda w: optim.RAdam([w], betas=(0.9, 1.0)), ValueError, "betas are"),
    (lambda w: optim.Adamax([w], betas=(0.9, 1.0)), ValueError, "betas are"),
    (lambda w: optim.Adagrad([w], lr_decay=-1), ValueError, "lr_decay is -1"),
    (lambda w: optim.Adadelta([w], rho=1.5), ValueError, r"rho is 1\.5, but must be in \[0, 1\]"),
    (lambda w: optim.RMSprop([w], alpha=-0.5), ValueError, r"alpha is -0\.5"),
    (lambda w: optim.Rprop([w], etas=(1.5, 0.5)), ValueError, r"etas are \(1\.5, 0\.5\)"),
    (lambda w: optim.Rprop([w], step_sizes=1), ValueError, "step_sizes are 1"),
    (lambda w: optim.Muon([w]), ValueError, r"only supports 2D parameters whereas 'w' has shape \(1,\).*AdamW"),
    (lambda w: optim.Muon([("fc.bias", w)]), ValueError, r"'fc\.bias' has shape \(1,\)"),
    (lambda w: optim.Muon([w[None].data * ag.Value([[1.0]])]), ValueError, "was computed"),
    (lambda w: optim.Muon([matrix()], adjust_lr_fn="x"), ValueError, "'x' is not supported. Write one of 'original'"),
    (lambda w: optim.Muon([matrix()], ns_steps=100), ValueError, "ns_steps is 100"),
    (lambda w: optim.Muon([matrix()], ns_coefficients=(1, 2)), ValueError, "must be three numbers"),
    (lambda w: optim.LBFGS([{"params": [w]}, {"params": [matrix()]}]), ValueError, "parameter groups"),
    (lambda w: optim.LBFGS([w], line_search_fn="x"), ValueError, "only 'strong_wolfe' is supported"),
    (lambda w: optim.LBFGS([w, ag.Value(np.float32([1]))]), TypeError, "of one dtype, not of float32 and float64"),
    (lambda w: optim.LBFGS([w]).step(), TypeError, r"Write optimizer\.step\(closure\)"),
    (lambda w: optim.Optimizer([w], {}).step(), NotImplementedError, "must define update"),
]


@pytest.mark.parametrize(("wrong", "kind", "message"), REFUSED)
def test_refuses(wrong, kind, message):
    w = ag.Value([1.0], name="w")
    w.grad = np.array([1.0])
    with pytest.raises(kind, match=message):
        wrong(w)
    assert w.data.tolist() == [1.0]


def test_a_refused_group_is_not_added():
    w, b = ag.Value([1.0]), ag.Value([1.0])
    optimizer = optim.SGD([w])
    given = {"params": [b], "lr": -1}
    for group in (given, {"params": [w]}, {"params": [("b", b)]}, [b]):
        with pytest.raises((ValueError, TypeError)):
            optimizer.add_param_group(group)
    assert given == {"params": [b], "lr": -1}
    assert len(optimizer.param_groups) == 1


def test_refuses_a_list_of_parameters_that_grew():
    w = ag.Value([1.0])
    optimizer = optim.SGD([w])
    optimizer.step()
    optimizer.param_groups[0]["params"].append(ag.Value([1.0]))
    with pytest.raises(ValueError, match="add_param_group"):
        optimizer.step()


def test_a_model_instead_of_its_parameters():
    class Model(list):
        def parameters(self):
            return [ag.Value([1.0])]

    with pytest.raises(TypeError, match=r"Write model\.parameters\(\)"):
        optim.SGD(Model())
    with pytest.raises(TypeError, match=r"Call it: model\.parameters\(\)"):
        optim.SGD(Model().parameters)
    with pytest.raises(TypeError, match=r"parameter 0 .* of type Model\. Write \*module\.parameters\(\)"):
        optim.SGD([Model()])
