"""The tree of modules: what it registers, how it is walked, called, named, saved and printed."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn

X = np.ones((2, 3), np.float32)


class Block(nn.Module):
    """Every kind of member: a parameter behind a module, containers, a buffer, a module inside a dict in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.layers = [nn.Linear(3, 3, bias=False), {"gate": nn.Linear(3, 3, bias=False)}]
        self.scales = (nn.Parameter([1.0, 2.0, 3.0]),)
        self.nothing = [1, "text", None]
        self.scale = nn.Parameter(2.0)
        self.register_buffer("mean", np.zeros(3, np.float32))
        self.register_buffer("cache", np.zeros(2), persistent=False)
        self.register_buffer("off", None)

    def forward(self, x: Any) -> Any:
        x = self.layers[0](self.first(x)) * self.scale
        return self.layers[1]["gate"](x) * self.scales[0] + self.mean  # type: ignore[index]


PARAMETERS = ["scales.0", "scale", "first.weight", "first.bias", "layers.0.weight", "layers.1.gate.weight"]


# ---- Parameter ----


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        ([1, 2], np.float32, (2,)),
        (3, np.float32, ()),
        (0.5, np.float32, ()),
        (np.zeros((2, 1)), np.float64, (2, 1)),
        (np.zeros(2, np.float16), np.float16, (2,)),
        (None, np.float32, (0,)),
        (ag.Value([1.0]), np.float64, (1,)),
    ],
)
def test_parameter_takes_the_default_dtype_unless_its_data_has_one(data: Any, dtype: Any, shape: Any) -> None:
    parameter = nn.Parameter(data)
    assert (parameter.dtype, parameter.shape, parameter.requires_grad) == (dtype, shape, True)
    assert parameter.is_parameter
    assert parameter.is_leaf


def test_parameter_refuses_integer_arrays_and_can_be_frozen() -> None:
    with pytest.raises(TypeError, match="integers"):
        nn.Parameter(np.array([1, 2]))
    assert not nn.Parameter([1.0], requires_grad=False).requires_grad


@pytest.mark.usefixtures("float64")
def test_default_dtype_is_that_of_new_parameters() -> None:
    assert nn.get_default_dtype() == np.float64
    assert nn.Linear(2, 3).weight.dtype == nn.Embedding(2, 3).weight.dtype == np.float64
    assert nn.Linear(2, 3, dtype=np.float16).weight.dtype == np.float16
    with pytest.raises(TypeError, match="floating-point"):
        nn.set_default_dtype(np.int64)


# ---- registration ----


def test_every_member_is_found_in_pytorchs_order() -> None:
    block = Block()
    assert [name for name, _ in block.named_parameters()] == PARAMETERS
    assert [name for name, _ in block.named_buffers()] == ["mean", "cache"]
    assert [name for name, _ in block.named_children()] == ["first", "layers.0", "layers.1.gate"]
    assert [name for name, _ in block.named_modules("block")] == [
        "block",
        "block.first",
        "block.layers.0",
        "block.layers.1.gate",
    ]
    assert [name for name, _ in block.named_parameters(recurse=False)] == ["scales.0", "scale"]
    assert len(list(block.parameters())) == len(PARAMETERS)
    assert len(list(block.modules())) == 4
    assert len(list(block.buffers())) == 2


def test_list_may_grow_after_it_was_assigned() -> None:
    block = Block()
    block(X)
    block.layers.append(nn.Linear(3, 1))
    assert "layers.2.bias" in dict(block.named_parameters())


def test_shared_members_count_once() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(3, 3)
            self.b = nn.Linear(3, 3)
            self.b.weight = self.a.weight
            self.c = self.a

    tied = Tied()
    assert [name for name, _ in tied.named_parameters()] == ["a.weight", "a.bias", "b.bias"]
    assert len(list(tied.named_parameters(remove_duplicate=False))) == 6
    assert [name for name, _ in tied.named_children()] == ["a", "b"]
    assert list(tied.state_dict()) == ["a.weight", "a.bias", "b.weight", "b.bias", "c.weight", "c.bias"]


def test_module_that_holds_itself_is_walked_once() -> None:
    inner, outer = nn.Linear(3, 3), Block()
    inner.owner = outer
    outer.first = inner
    assert len(list(outer.modules())) == 4
    assert list(outer.state_dict()) == [*PARAMETERS[:2], "mean", *PARAMETERS[2:]]


def test_members_can_be_replaced_switched_off_and_deleted() -> None:
    block = Block()
    block.first = nn.Identity()
    block.scale = None
    del block.layers
    del block.mean
    assert list(block.state_dict()) == ["scales.0"]


class Late(nn.Module):
    def __init__(self, member: Any) -> None:
        self.member = member
        super().__init__()


class Never(nn.Module):
    def __init__(self) -> None:
        self.size = 3


class Empty(nn.Module):
    pass


def _set(name: str, value: Any) -> Any:
    def act() -> None:
        setattr(Block(), name, value)

    return act


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Late(nn.Tanh()), AttributeError, "cannot assign module before Module.__init__() call"),
        (lambda: Late([nn.Tanh()]), AttributeError, "Write super().__init__() as the first line of Late.__init__"),
        (lambda: Late(nn.Parameter(1)), AttributeError, "cannot assign parameters before Module.__init__() call"),
        (lambda: Never()(X), AttributeError, "first line of Never.__init__"),
        (lambda: Never().state_dict(), AttributeError, "first line of Never.__init__"),
        (lambda: Never().register_forward_hook(print), AttributeError, "Module.__init__() was not called"),
        (lambda: Never().register_buffer("a", X), AttributeError, "cannot assign buffer before"),
        (lambda: Empty()(X), NotImplementedError, 'Module [Empty] is missing the required "forward" function'),
        (_set("scale", X), TypeError, "cannot assign 'ndarray' object to parameter 'scale'"),
        (_set("first", np.tanh), TypeError, "cannot assign 'ufunc' object to child module 'first'"),
        (_set("mean", [1.0]), TypeError, "cannot assign 'list' object to buffer 'mean'"),
        (lambda: Block().register_buffer("scale", X), KeyError, "attribute 'scale' already exists"),
        (lambda: Block().register_buffer("a.b", X), KeyError, 'contain "."'),
        (lambda: Block().register_buffer("a", 1.0), TypeError, "cannot assign 'float' object to buffer 'a'"),
        (lambda: Block().train(1), ValueError, "training mode is expected to be boolean"),  # type: ignore[arg-type]
        (lambda: Block().missing, AttributeError, "'Block' object has no attribute 'missing'"),
        (lambda: Block().get_submodule("layers.2"), AttributeError, "Block has no module at 'layers.2'"),
        (lambda: Block().load_state_dict([X]), TypeError, "Expected state_dict to be dict-like, got list"),  # type: ignore[arg-type]
    ],
)
def test_misuse_raises(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        act()


def test_error_inside_a_property_is_reported_as_it_was() -> None:
    class Wide(nn.Module):
        @property
        def width(self) -> Any:
            return self.no_such_thing

    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = Wide().width


def test_members_can_be_registered_and_looked_up_by_name() -> None:
    block = Block()
    block.register_parameter("shift", nn.Parameter(0.0))
    block.register_parameter("bias", None)
    block.add_module("last", nn.Tanh())
    assert "shift" in dict(block.named_parameters())
    assert block.bias is None
    assert block.get_submodule("last") is block.last
    assert block.get_submodule("layers.1.gate") is block.layers[1]["gate"]
    assert block.get_submodule("") is block


def test_parameters_and_buffers_are_looked_up_by_path() -> None:
    block = Block()
    assert block.get_parameter("layers.1.gate.weight") is block.layers[1]["gate"].weight  # type: ignore[index,union-attr]
    assert block.get_buffer("cache") is block.cache
    with pytest.raises(AttributeError, match=r"Block has no parameter at 'first\.scale'"):
        block.get_parameter("first.scale")
    with pytest.raises(AttributeError, match="Block has no buffer at 'off'"):
        block.get_buffer("off")


@pytest.mark.parametrize("path", ["first", "layers.0", "layers.1.gate"])
def test_submodule_can_be_replaced_by_path(path: str) -> None:
    block, new = Block(), nn.Linear(3, 3, bias=False)
    block(X)
    block.set_submodule(path, new)
    assert block.get_submodule(path) is new
    block(X)
    assert new.weight.name == f"{path}.weight"


@pytest.mark.parametrize(
    ("path", "module", "error", "message"),
    [
        ("", nn.Tanh(), ValueError, "without a target name"),
        ("layers.7", nn.Tanh(), AttributeError, "no module at 'layers.7'"),
        ("first", np.tanh, TypeError, "needs a Module, not ufunc"),
        ("fixed.0", nn.Tanh(), TypeError, "is in a tuple, which cannot change"),
    ],
)
def test_submodule_is_replaced_by_a_module_alone(path: str, module: Any, error: Any, message: str) -> None:
    block = Block()
    block.fixed = (nn.Tanh(),)
    with pytest.raises(error, match=re.escape(message)):
        block.set_submodule(path, module)


def test_buffer_that_is_assigned_is_registered() -> None:
    block = Block()
    block.kept, block.lost = nn.Buffer(X), nn.Buffer(X.copy(), persistent=False)
    assert block.kept is X
    assert {"kept", "lost"} < dict(block.named_buffers()).keys()
    assert "kept" in block.state_dict()
    assert "lost" not in block.state_dict()


def test_assigning_a_plain_value_before_init_is_fine() -> None:
    assert Late(3).member == 3


# ---- modes and gradients ----


def test_train_eval_and_freezing_reach_the_whole_tree() -> None:
    block = Block()
    assert block.eval() is block
    assert not any(module.training for module in block.modules())
    block.train()
    assert all(module.training for module in block.modules())
    assert block.requires_grad_(False) is block
    assert not any(p.requires_grad for p in block.parameters())
    block(X)
    assert not any(p.requires_grad for p in block.parameters())
    block.requires_grad_()
    assert all(p.requires_grad for p in block.parameters())


def test_train_of_a_child_has_the_say_over_its_own_tree() -> None:
    class Frozen(nn.Sequential):
        def train(self, mode: bool = True) -> Any:
            return super().train(False)

    model = nn.Sequential(nn.Dropout(), Frozen(nn.Dropout()))
    model.train()
    assert [module.training for module in model.modules()] == [True, True, False, False]
    model[0].owner = model  # a tree that holds itself ends as well
    model.eval()
    assert not model[0].training


def test_dtype_of_a_whole_tree_can_be_changed() -> None:
    block = Block()
    block.register_buffer("count", np.array(3))
    block(X).sum().backward()
    loss = block(X).sum()
    assert block.double() is block
    assert {p.dtype for p in block.parameters()} == {p.grad.dtype for p in block.parameters()} == {np.dtype("f8")}
    assert (block.mean.dtype, block.cache.dtype, block.count.dtype) == (np.float64, np.float64, np.int64)
    with pytest.raises(RuntimeError, match="changed after this graph was recorded"):
        loss.backward()
    assert block.half()(X.astype(np.float16)).dtype == np.float16
    assert block.float().to("float32").scale.dtype == np.float32
    for wrong, message in ((np.int64, "got int64"), ("cuda", "An array stays in the library that made it")):
        with pytest.raises(TypeError, match=message):
            block.to(wrong)


def test_zero_grad_sets_none() -> None:
    block = Block()
    block(X).sum().backward()
    assert all(p.grad is not None for p in block.parameters())
    block.zero_grad(set_to_none=False)
    assert all(p.grad is not None and not p.grad.any() for p in block.parameters())
    block.zero_grad()
    block.zero_grad(set_to_none=False)
    assert all(p.grad is None for p in block.parameters())


def test_apply_visits_children_first() -> None:
    seen: list[str] = []
    Block().apply(lambda module: seen.append(type(module).__name__))
    assert seen == ["Linear", "Linear", "Linear", "Block"]


# ---- names and scopes ----


def test_parameters_and_operations_are_named_at_the_first_call() -> None:
    block = Block()
    y = block(X)
    assert [p.name for p in block.parameters()] == PARAMETERS
    scopes: dict[str, Any] = {}
    todo = [y.node]
    while todo:
        node = todo.pop()
        scopes[str(node.scope)] = node.scope
        todo += [p for p in node.parents if p is not None and p.function is not None]
    assert set(scopes) == {"", "first", "layers.0", "layers.1.gate"}
    assert scopes["first"].label == "Linear(3 → 3)"
    assert scopes["first"].parent is scopes[""]
    assert scopes[""].label == "Block"
    assert scopes[""].parent is None


def test_names_follow_a_changed_tree() -> None:
    block = Block()
    block(X)
    new = nn.Linear(3, 3)
    block.first = new
    block(X)
    assert new.weight.name == "first.weight"
    del block.layers[1]
    outer = nn.Sequential(block.first, nn.Tanh())
    outer(X)
    assert new.weight.name == "0.weight"


def test_module_in_two_trees_is_named_after_the_one_that_is_called() -> None:
    shared = nn.Linear(3, 3)
    left, right = nn.Sequential(shared), nn.Sequential(nn.Tanh(), shared)
    for _ in range(2):
        assert left(X).node.scope == "0"
        assert right(X).node.scope == "1"


def test_module_made_during_a_call_is_named_after_where_it_runs() -> None:
    class Makes(nn.Module):
        def forward(self, x: Any) -> Any:
            return nn.ReLU()(x)

    outer = nn.Sequential(Makes())
    assert outer(ag.Value(X)).node.scope == "0.ReLU"
    assert nn.ReLU()(ag.Value(X)).node.scope == ""


def test_scope_ends_with_the_call_also_when_it_fails() -> None:
    block = Block()
    with pytest.raises(ValueError, match="in_features"):
        block(np.ones((2, 4)))
    assert (ag.Value(1.0) * 2).node.scope == ""


def test_error_names_the_innermost_module_and_the_shapes() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.Linear(5, 1)))
    with pytest.raises(ValueError, match=r"in_features = 5, got \(2, 4\)") as caught:
        model(X)
    assert caught.value.__notes__ == ["in module Linear(5 → 1) at '1.1', called with (float32 of shape (2, 4))"]


def test_copies_and_pickles_are_independent() -> None:
    block = Block()
    expected = block(X).data
    for other in (copy.deepcopy(block), pickle.loads(pickle.dumps(block))):
        assert np.array_equal(other(X).data, expected)
        assert [p.name for p in other.parameters()] == PARAMETERS
        other.scale.data = np.float32(0)
        assert np.array_equal(block(X).data, expected)


def test_copy_keeps_shared_parameters_shared() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other[1].weight is other[0].weight
        assert other[0].weight is not model[0].weight


def test_a_deep_copy_starts_without_gradients() -> None:
    layer = nn.Linear(3, 1)
    layer(X).sum().backward()
    other = copy.deepcopy(layer)
    assert other.weight.grad is None
    assert layer.weight.grad is not None
    other(X).sum().backward()
    np.testing.assert_allclose(other.weight.grad, layer.weight.grad)


# ---- hooks ----


def test_hooks_see_and_replace_arguments_and_output() -> None:
    layer, seen = nn.Linear(3, 2), []
    plain = layer(X).data
    hook = layer.register_forward_hook(lambda module, args, output: seen.append((module, args[0], output)))
    doubling = layer.register_forward_hook(lambda module, args, output: output * 2)
    zeroing = layer.register_forward_pre_hook(lambda module, args: args[0] * 0)
    assert np.array_equal(layer(X).data, np.tile(layer.bias.data * 2, (2, 1)))
    module, x, output = seen[0]
    assert module is layer
    assert not x.any()
    assert output.shape == (2, 2)
    for handle in (hook, doubling, zeroing):
        handle.remove()
        handle.remove()
    assert np.array_equal(layer(X).data, plain)
    assert len(seen) == 1


def test_hook_that_was_put_on_twice_is_taken_off_once_at_a_time() -> None:
    layer, plain = nn.Tanh(), np.tanh(X)

    def doubled(module: Any, args: Any, output: Any) -> Any:
        return output * 2

    first, second = layer.register_forward_hook(doubled), layer.register_forward_hook(doubled)
    for handle, factor in ((None, 4), (first, 2), (first, 2), (second, 1)):
        if handle is not None:
            handle.remove()
        np.testing.assert_allclose(layer(X), factor * plain)


def test_forward_hooks_can_see_keyword_arguments_and_run_in_front() -> None:
    class Scaled(nn.Module):
        def forward(self, x: Any, *, factor: float = 1.0) -> Any:
            return x * factor

    layer, order = Scaled(), []
    layer.register_forward_pre_hook(lambda module, args, kwargs: (args, {"factor": 3.0}), with_kwargs=True)
    layer.register_forward_hook(lambda module, args, kwargs, output: order.append(kwargs), with_kwargs=True)
    layer.register_forward_hook(lambda module, args, output: order.append("first"), prepend=True)
    assert np.array_equal(layer(X, factor=2.0), X * 3)
    assert order == ["first", {"factor": 3.0}]
    layer.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises(TypeError, match="must return None or a tuple of"):
        layer(X)


def test_forward_hook_that_is_always_called_sees_failures_too() -> None:
    layer, seen = nn.Linear(5, 1), []
    layer.register_forward_hook(lambda module, args, output: seen.append(output), always_call=True)
    layer.register_forward_hook(lambda module, args, output: seen.append("never"))
    with pytest.raises(ValueError, match="in_features"):
        layer(X)
    assert seen == [None]


class Pair(nn.Module):
    """Two inputs, one of them without a gradient perhaps, and two outputs."""

    def forward(self, a: Any, b: Any) -> Any:
        return a * b, np.sin(a)


def test_backward_hook_sees_the_gradients_on_both_sides() -> None:
    module, seen = Pair(), []
    handle = module.register_full_backward_hook(lambda *seen_now: seen.append(seen_now))
    a, b = ag.Value([1.0, 2.0]), np.array([3.0, 4.0])
    product, sine = module(a, b)
    (product * 2 + sine).sum().backward()
    hooked, grad_input, grad_output = seen[0]
    assert hooked is module
    np.testing.assert_allclose(grad_input[0], 2 * b + np.cos(a.data))
    assert grad_input[1] is None
    np.testing.assert_allclose(grad_output[0], [2.0, 2.0])
    np.testing.assert_allclose(grad_output[1], [1.0, 1.0])
    np.testing.assert_allclose(a.grad, grad_input[0])
    module(a, b)[1].sum().backward()  # an output that nobody used has no gradient
    assert seen[1][2][0] is None
    handle.remove()
    module(a, b)[0].sum().backward()
    assert len(seen) == 2


def test_backward_hooks_replace_gradients_in_order() -> None:
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 10,))
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: grad_input[0] + 1)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 2,), prepend=True)
    layer.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 3,))
    x = ag.Value([0.5])
    layer(x).sum().backward()
    np.testing.assert_allclose(x.grad, (1 - np.tanh(0.5) ** 2) * 3 * 2 * 10 + 1)


def test_backward_hook_of_a_first_layer_sees_no_input_gradient() -> None:
    layer, seen = nn.Linear(3, 2), []
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input, grad_output)))
    layer(X).sum().backward()
    assert seen[0][0] == (None,)
    assert seen[0][1][0].shape == (2, 2)
    with ag.no_grad():
        layer(X)
    assert layer.weight.grad is not None


def test_backward_hooks_stay_right_in_higher_derivatives_and_jacobians() -> None:
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 2,))
    x = np.array([0.3, -0.7, 1.1])
    slope = 1 - np.tanh(x) ** 2
    np.testing.assert_allclose(ag.jacobian(layer)(x), np.diag(2 * slope))
    np.testing.assert_allclose(
        ag.grad(lambda x: ag.grad(lambda y: layer(y).sum())(x).sum())(x), -8 * np.tanh(x) * slope
    )


@pytest.mark.parametrize(
    ("hook", "error", "message"),
    [
        (lambda module, given, gone: (given[0], given[0]), ValueError, "they must be ((2, 3),)"),
        (lambda module, given, gone: given[0][:1], ValueError, "returned gradients of shapes ((1, 3),)"),
    ],
)
def test_backward_hook_must_return_gradients_of_the_same_shapes(hook: Any, error: Any, message: str) -> None:
    layer, x = nn.Tanh(), ag.Value(X)
    layer.register_full_backward_hook(hook)
    with pytest.raises(error, match=re.escape(message)):
        layer(x).sum().backward()
    assert x.grad is None


def test_backward_hook_refuses_outputs_that_it_cannot_see() -> None:
    class Named(nn.Module):
        def forward(self, x: Any) -> Any:
            return {"y": x}

    module = Named()
    module.register_full_backward_hook(lambda *seen: None)
    with pytest.raises(TypeError, match="Named returned dict"):
        module(ag.Value(X))


# ---- state ----


def test_state_dict_is_a_snapshot() -> None:
    block = Block()
    state = block.state_dict()
    assert list(state) == ["scales.0", "scale", "mean", *PARAMETERS[2:]]
    assert all(type(array) is np.ndarray for array in state.values())
    block.first.weight.data[...] = 7
    assert not (state["first.weight"] == 7).any()


def test_load_copies_in_place_and_invalidates_older_graphs() -> None:
    block, other = Block(), Block()
    memory, loss = block.first.weight.data, block(X).sum()
    state = {key: array.astype(np.float64) + 1 for key, array in other.state_dict().items()}
    result = block.load_state_dict(state)
    assert repr(result) == str(result) == "<All keys matched successfully>"
    assert block.first.weight.data is memory
    assert all(array.dtype == np.float32 for array in block.state_dict().values())
    for key, array in block.state_dict().items():
        np.testing.assert_array_equal(array, state[key].astype(np.float32))
    with pytest.raises(RuntimeError, match=r"changed after this graph was recorded"):
        loss.backward()


def test_load_lists_everything_that_does_not_fit_and_writes_nothing() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    before = model.state_dict()
    state = {"0.weight": np.zeros((3, 2)), "0.bias": np.zeros(4), "1.weight": np.array([["a", "b", "c"]]), "x": 1.0}
    with pytest.raises(RuntimeError) as caught:
        model.load_state_dict(state)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Sequential:\n"
        '\tMissing key(s) in state_dict: "1.bias". \n'
        '\tUnexpected key(s) in state_dict: "x". \n'
        "\tsize mismatch for 0.bias: copying a param with shape (4,) from checkpoint, "
        "the shape in current model is (3,).\n"
        "\tdtype mismatch for 1.weight: <U1 cannot be copied into float32."
    )
    assert all(np.array_equal(array, before[key]) for key, array in model.state_dict().items())


def test_load_takes_batch_norms_that_did_not_count_and_counts_in_another_dtype() -> None:
    layer = nn.BatchNorm1d(2)
    state = layer.state_dict()
    del state["num_batches_tracked"]
    assert repr(layer.load_state_dict(state)) == "<All keys matched successfully>"
    layer.load_state_dict({**state, "num_batches_tracked": np.float16(7)})
    assert layer.num_batches_tracked == 7
    assert layer.num_batches_tracked.dtype == np.int64
    with pytest.raises(RuntimeError, match="dtype mismatch for num_batches_tracked: float64 cannot be copied"):
        layer.load_state_dict({**state, "num_batches_tracked": np.float64(0.5)})


def test_load_names_the_key_that_is_no_array() -> None:
    class Tensor:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise RuntimeError("use .detach()")

    layer = nn.Linear(2, 2)
    with pytest.raises(RuntimeError) as caught:
        layer.load_state_dict({"weight": Tensor(), "bias": [[1.0], [2.0, 3.0]]})
    assert "no array for weight: use .detach()" in str(caught.value)
    assert "no array for bias: setting an array element with a sequence" in str(caught.value)


def test_load_can_take_over_the_arrays_themselves() -> None:
    block, other = Block(), Block().double()
    state = other.state_dict()
    assert repr(block.load_state_dict(state, assign=True)) == "<All keys matched successfully>"
    assert block.first.weight.data is state["first.weight"]
    assert block.mean is state["mean"]
    assert block.scale.dtype == np.float64


def test_load_suggests_near_names() -> None:
    model = nn.Sequential(nn.Linear(2, 3))
    with pytest.raises(RuntimeError) as caught:
        model.load_state_dict({"0.weights": np.zeros((3, 2)), "0.bais": np.zeros(3), "epoch": 1})
    assert str(caught.value).endswith(
        'Near names, in the state dict for those of the module: "0.weights" for "0.weight", "0.bais" for "0.bias".'
    )


def test_state_dict_can_have_a_prefix_and_the_parameters_themselves() -> None:
    block = Block()
    state = block.state_dict(prefix="net.", keep_vars=True)
    assert state["net.first.weight"] is block.first.weight
    assert state["net.mean"] is block.mean


def test_load_not_strict_reports_what_it_left_out() -> None:
    layer = nn.Linear(2, 3)
    missing, unexpected = layer.load_state_dict({"bias": np.ones(3), "x": np.ones(1)}, strict=False)
    assert (missing, unexpected) == (["weight"], ["x"])
    assert (layer.bias == 1).all()
    with pytest.raises(RuntimeError, match="size mismatch"):
        layer.load_state_dict({"bias": np.ones(2)}, strict=False)
    with pytest.warns(UserWarning, match='nothing was loaded: the module has "weight", "bias", the state dict "x"'):
        layer.load_state_dict({"x": np.ones(1)}, strict=False)


@pytest.mark.parametrize("inside", [True, False])
def test_load_tells_of_a_prefix(inside: bool) -> None:
    plain, wrapped = nn.Linear(2, 3), nn.Sequential(nn.Linear(2, 3))
    receiver, giver = (plain, wrapped) if inside else (wrapped, plain)
    with pytest.raises(RuntimeError, match=re.escape("with prefix = '0.'")):
        receiver.load_state_dict(giver.state_dict())


def test_loading_reaches_scalars_and_read_only_arrays() -> None:
    neuron = nn.Neuron(2)
    neuron.load_state_dict({"w.0": 1.0, "w.1": np.array(2.0), "b": ag.Value(3.0)})
    assert [float(p) for p in neuron.parameters()] == [1.0, 2.0, 3.0]
    frozen = np.zeros((1, 1))
    frozen.flags.writeable = False
    layer = nn.Linear(1, 1, bias=False)
    layer.weight = nn.Parameter(frozen)
    layer.load_state_dict({"weight": [[5.0]]})
    assert layer.weight.item() == 5


# ---- text ----


def test_tree_is_printed_as_in_pytorch() -> None:
    class Extra(Block):
        def extra_repr(self) -> str:
            return "one\ntwo"

    assert repr(Extra()) == (
        "Extra(\n"
        "  one\n"
        "  two\n"
        "  (first): Linear(in_features=3, out_features=3, bias=True)\n"
        "  (layers.0): Linear(in_features=3, out_features=3, bias=False)\n"
        "  (layers.1.gate): Linear(in_features=3, out_features=3, bias=False)\n"
        ")"
    )
