"""What all optimizers share: parameter groups, `step`, `state_dict`, and what they refuse.

The equation of each optimizer lives in a file of its own, as one `update` on flat arrays; those live in `flat`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from types import MethodType
from typing import Any, ClassVar, SupportsFloat, TypeAlias

import numpy as np

import autograd_lite as ag

from ..module import RemovableHandle
from .flat import Bucket, called

# how the keys start that schedulers add to a group, such as max_momentum
_NOTED = ("initial_", "base_", "max_", "min_")

Params: TypeAlias = Iterable[ag.Value] | Iterable[tuple[str, ag.Value]] | Iterable[dict[str, Any]]


class Optimizer:
    """The base of all optimizers.

    Parameters of one group and dtype live in one flat array, and so does each of their states, so that an update
    is a few NumPy calls however many parameters there are. The first `step` moves the parameters there: from then
    on each `p.data` is a view. An array that you assign to `p.data` later is copied in at the next step.

    A parameter without a gradient, or with `requires_grad=False`, is left alone: no decay, and its step does not
    count.

    To write an optimizer of your own, define `state_names` and `update`, and pass the defaults of its options on.

    Args:
        params: parameters, `(name, parameter)` pairs, or dicts, each of them a group `{"params": [...], "lr": 0.1}`
            whose options override the defaults.
        defaults: the options of a group that does not have its own.

    Attributes:
        param_groups: one dict a group, of its parameters and options. Change an option, such as
            `param_groups[0]["lr"]`, and the next step uses it.
        defaults: the options for groups that are added later.
        stepped: whether `step` was called; a scheduler asks, because it must come after.

    Raises:
        ValueError: no parameters; one that occurs twice, or was computed; an option out of its range.
        TypeError: something that is no Value, or does not hold floating numbers.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> class SignSGD(Optimizer):
        ...     def update(self, group, t, theta, g, d, s):
        ...         theta -= np.multiply(np.sign(g, out=d), group["lr"], out=s)
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = SignSGD([w], {"lr": 0.25})
        >>> np.sum(w**2).backward()
        >>> optimizer.step()
        >>> w.data
        array([ 0.75, -1.75])
    """

    # whether `state_dict` has the number of steps that each parameter took
    counts_steps: ClassVar[bool] = False
    # whether a step calls the closure as often as the numbers ask for
    needs_closure: ClassVar[bool] = False
    # whether `update` needs one whole parameter at a time, in its shape
    by_parameter: ClassVar[bool] = False
    # numbers that are remembered for each parameter, and what they are before the first step
    scalars: ClassVar[Mapping[str, float]] = {}

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.stepped = False
        self.param_groups: list[dict[str, Any]] = []
        self._buckets: list[list[Bucket] | None] = []  # one entry a group; None until it is first needed
        self._pre_hooks: list[RemovableHandle] = []
        self._post_hooks: list[RemovableHandle] = []
        for group in _groups(params):
            self.add_param_group(group)

    # ---- what an optimizer defines ----

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if an option of `group` is out of its range."""
        require_not_negative(group, "lr", "weight_decay")

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The arrays that are remembered for each parameter, in the order in which `update` receives them."""
        return ()

    def advance(self, group: dict[str, Any], t: int, *scalars: float) -> tuple[float, ...]:
        """What the `scalars` of a parameter are in its step `t`, from what they were in the step before."""
        return scalars

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        """Change the parameters `theta` and their `state` in place.

        All arrays are flat, `(n,)`, of the parameters' dtype, and start with zeros in the case of `state`. With
        `by_parameter` they are one whole parameter's, and have its shape.

        Args:
            group: the options.
            t: which step it is for these parameters, from 1.
            theta: the parameters.
            g: their gradient, to be read only.
            d: scratch space.
            s: scratch space.
            state: the arrays of `state_names`, then the `scalars`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define update(group, t, theta, g, d, s, *state).")

    # ---- what a user calls ----

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        A graph that was recorded before can no longer run backward.

        Args:
            closure: computes the loss and its gradients first, for what evaluates a model more than once.

        Returns:
            What `closure` returned, else None.

        In a function under `ag.compile` the step is made at every call of the program, with the gradients of then.

        Raises:
            TypeError: `closure` is no function, or a parameter changed its dtype since the first step. Nothing is
                updated then. Or there is a closure, and `ag.compile` is tracing.
        """
        if closure is not None and not callable(closure):
            raise TypeError(
                f"step takes a function that computes the loss, not {type(closure).__name__}. "
                "Write loss.backward(), then optimizer.step()."
            )
        if ag.is_compiling():
            self._refuse_closure(closure)
            _note_step(self)
            return None
        self.stepped = True
        if not (self._pre_hooks or self._post_hooks):
            return self._step(closure)
        args: tuple[Any, ...] = () if closure is None else (closure,)
        kwargs: dict[str, Any] = {}
        for handle in list(self._pre_hooks):
            replaced = handle.hook(self, args, kwargs)
            if replaced is not None:
                args, kwargs = replaced
        loss = self._step(*args, **kwargs)
        for handle in list(self._post_hooks):
            handle.hook(self, args, kwargs)
        return loss

    def _refuse_closure(self, closure: Callable[[], Any] | None) -> None:
        name = type(self).__name__
        if self.needs_closure:
            raise TypeError(
                f"{name} evaluates the loss as often as the numbers ask for, which cannot be compiled. Leave "
                "optimizer.step(closure) outside, and compile the function that computes the loss and its gradients."
            )
        if closure is not None:
            raise TypeError(
                f"in a function under ag.compile {name}.step takes no closure. Write loss.backward(), then "
                "optimizer.step()."
            )

    def _step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with ag.enable_grad():
                loss = closure()
        work = [
            (group, bucket, bucket.gradients())
            for number, group in enumerate(self.param_groups)
            for bucket in self._built(number)
        ]
        for group, bucket, gradients in work:
            bucket.allocate(self.state_names(group))
            bucket.step(group, gradients)
        return loss

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before every step; a pair that it returns replaces args and kwargs."""
        return RemovableHandle(self._pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after every step."""
        return RemovableHandle(self._post_hooks, hook)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradient of every parameter.

        Args:
            set_to_none: set it to None, so that a parameter that gets no new one is left alone; else to zeros.
        """
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none or p.grad is None:
                    p.grad = None
                else:
                    p.grad = np.zeros_like(p.data)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize further parameters too, such as layers that are unfrozen during training.

        Args:
            param_group: `{"params": [...]}`, with options that override the defaults.

        Raises:
            ValueError, TypeError: as for a new optimizer. Nothing is added then.
        """
        number = len(self.param_groups)
        params, names = _parameters(param_group, number)
        named = names is not None
        group = {"params": params, **({"param_names": names} if named else {})}
        group |= {key: option for key, option in param_group.items() if key not in ("params", "param_names")}
        group = {**group, **{key: default for key, default in self.defaults.items() if key not in group}}
        for other in self.param_groups:
            if ("param_names" in other) != named:
                raise ValueError(
                    "all parameter groups must come with names, or all without. "
                    "Pass model.named_parameters() everywhere, or model.parameters()."
                )
        taken = {id(p): f"group {i}" for i, other in enumerate(self.param_groups) for p in other["params"]}
        for i, p in enumerate(params):
            if id(p) in taken:
                raise ValueError(
                    f"{called(p, i, number)} appears in more than one place, in {taken[id(p)]} and in group {number}. "
                    "It would be updated twice each step: pass each parameter once."
                )
            taken[id(p)] = f"group {number}"
        for key in param_group:
            known = key in ("params", *self.defaults) or key.startswith(_NOTED)
            meant = [] if known else get_close_matches(key, [*self.defaults, "params"], 1, 0.8)
            if meant or key == "learning_rate":
                raise ValueError(
                    f"group {number} has the option {key!r}, which {type(self).__name__} does not know. "
                    f"Write {(meant or ['lr'])[0]!r}."
                )
        self.check(group)
        self.param_groups.append(group)
        self._buckets.append(None)

    @property
    def state(self) -> dict[ag.Value, dict[str, Any]]:
        """What is remembered for each parameter that has been updated; the arrays are views of the real ones."""
        found = {}
        for number in range(len(self.param_groups)):
            for bucket in self._buckets[number] or ():
                for i, p in enumerate(bucket.params):
                    if bucket.steps[i] and (self.counts_steps or bucket.state):
                        found[p] = bucket.entry(i)
        return found

    def state_dict(self) -> dict[str, Any]:
        """A copy of options and state, as PyTorch has them: parameters are numbered from 0.

        Returns:
            `{"state": {0: {"step": ..., "exp_avg": ...}}, "param_groups": [{"lr": ..., "params": [0, 1]}]}`
        """
        state, groups, start = self.state, [], 0
        numbers: dict[ag.Value, int] = {}
        for group in self.param_groups:
            params = group["params"]
            numbers |= {p: start + i for i, p in enumerate(params)}
            indices = list(range(start, start + len(params)))
            groups.append({key: option for key, option in group.items() if key != "params"} | {"params": indices})
            start += len(params)
        saved = {number: state[p] for p, number in numbers.items() if p in state}
        return {
            "state": {n: {name: copied(kept) for name, kept in entry.items()} for n, entry in saved.items()},
            "param_groups": groups,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over options and state from `state_dict()`, also from PyTorch's.

        Raises:
            ValueError: it belongs to another optimizer or other parameters. Nothing is taken over then.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"a state dict is a dict, not {type(state_dict).__name__}. Pass optimizer.state_dict().")
        if not {"param_groups", "state"} <= state_dict.keys():
            raise ValueError(
                "this is no state dict of an optimizer, which has 'state' and 'param_groups': "
                f"it has {_listed(state_dict)}. Pass what optimizer.state_dict() returned."
            )
        groups, saved = state_dict["param_groups"], state_dict["state"]
        if len(groups) != len(self.param_groups):
            raise ValueError(
                f"the state dict has {len(groups)} parameter groups, this optimizer {len(self.param_groups)}. "
                "Build the optimizer the way that the saved one was built."
            )
        merged, entries = [], {}
        for number, (mine, theirs) in enumerate(zip(self.param_groups, groups, strict=True)):
            params = mine["params"]
            if len(params) != len(theirs["params"]):
                raise ValueError(
                    f"group {number} of the state dict has {len(theirs['params'])} parameters, this optimizer's "
                    f"{len(params)}. Build the optimizer the way that the saved one was built."
                )
            group = mine | {key: option for key, option in theirs.items() if key != "params"}
            self.check(group)
            merged.append(group)
            for i, (p, key) in enumerate(zip(params, theirs["params"], strict=True)):
                entry = {name: kept for name, kept in saved.get(key, {}).items() if kept is not None}
                if entry:
                    entries[p] = self._checked_entry(entry, p, called(p, i, number), group)

        for mine, group in zip(self.param_groups, merged, strict=True):
            mine.update(group)
        self._restore(entries)

    def _restore(self, entries: dict[ag.Value, dict[str, Any]]) -> None:
        """Set the state of every parameter to what was saved; without an entry to that before the first step."""
        for number, mine in enumerate(self.param_groups):
            for bucket in self._built(number):
                bucket.allocate(self.state_names(mine))
                for i, p in enumerate(bucket.params):
                    bucket.restore(i, entries.get(p))

    def _checked_entry(self, entry: dict[str, Any], p: ag.Value, name: str, group: dict[str, Any]) -> dict[str, Any]:
        numbers = {"step", *self.scalars} if self.counts_steps else {*self.scalars}
        known = {*self.state_names(group), *numbers}
        if entry.keys() != known:
            raise ValueError(
                f"the state dict has {_listed(entry)} for {name}, but {type(self).__name__} with these options needs "
                f"{_listed(known)}: it was saved by another optimizer, or with other options."
            )
        arrays = {key: np.asarray(kept) for key, kept in entry.items()}
        for key, array in arrays.items():
            expected = () if key in numbers else p.shape
            if array.shape != expected:
                raise ValueError(
                    f"{key} of {name} has shape {array.shape} in the state dict, but must have {expected}: "
                    "it was saved for another model."
                )
        return arrays

    def _built(self, number: int) -> list[Bucket]:
        """The buckets of a group, made when they are first needed."""
        group, buckets = self.param_groups[number], self._buckets[number]
        if buckets is None:
            buckets = [Bucket(group["params"], dtype, number, self) for dtype in _dtypes(group["params"])]
            self._buckets[number] = buckets
        elif sum([len(bucket.params) for bucket in buckets]) != len(group["params"]):
            raise ValueError(
                f"the list of parameters in group {number} changed its length. "
                "To add parameters write optimizer.add_param_group({'params': [...]})."
            )
        return buckets

    # A copy or a pickle has arrays of its own, so it builds new flat ones.
    def __getstate__(self) -> dict[str, Any]:
        rest = {
            key: held for key, held in self.__dict__.items() if key not in ("_buckets", "_pre_hooks", "_post_hooks")
        }
        return rest | {"_saved": self.state_dict()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        saved = state.pop("_saved")
        self.__dict__.update(state)
        self._buckets = [None] * len(self.param_groups)
        self._pre_hooks, self._post_hooks = [], []
        self.load_state_dict(saved)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def step_of(optimizer: Optimizer) -> None:
    """`optimizer.step()`: what a compiled program does instead of it."""
    optimizer.step()


_note_step = ag.effect(step_of)


def _dtypes(params: list[ag.Value]) -> list[Any]:
    return list(dict.fromkeys(p.dtype for p in params))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _groups(params: Any) -> list[dict[str, Any]]:
    """What a user passes for `params`, as group dicts."""
    if isinstance(params, MethodType):
        raise TypeError(f"the optimizer got a method, {params.__name__}. Call it: model.{params.__name__}().")
    is_module = hasattr(params, "parameters")
    if is_module or isinstance(params, ag.Value | dict | np.ndarray) or not isinstance(params, Iterable):
        fix = "Write model.parameters()"
        if not is_module and isinstance(params, ag.Value | np.ndarray):
            fix = "Put it into a list: [p]"
        elif isinstance(params, dict) and "params" in params:
            fix = 'Put the group into a list: [{"params": ...}]'
        elif isinstance(params, SupportsFloat):
            fix = "The parameters come first: write model.parameters(), lr=..."
        raise TypeError(
            f"the optimizer needs an iterable of parameters or of group dicts, not {type(params).__name__}. {fix}."
        )
    _require_order(params)
    listed: list[Any] = list(params)
    if not listed:
        raise ValueError(
            "optimizer got an empty parameter list. Pass model.parameters(), after the model has its layers."
        )
    return listed if isinstance(listed[0], dict) else [{"params": listed}]


def _require_order(params: Any) -> None:
    if isinstance(params, set | frozenset):
        raise TypeError("a set of parameters has no fixed order, so a state_dict could not be loaded. Pass a list.")


def _parameters(group: Any, number: int) -> tuple[list[ag.Value], list[str] | None]:
    """The parameters of a group dict, and their names if they came as pairs."""
    if not isinstance(group, dict) or "params" not in group:
        raise TypeError(f"a parameter group is a dict with a key 'params', not {group!r}.")
    params = group["params"]
    _require_order(params)
    listed = [params] if isinstance(params, ag.Value) else list(params)
    names = [item[0] for item in listed if isinstance(item, tuple)]
    if names and len(names) != len(listed):
        raise ValueError("some parameters come with a name and some without. Name all of them, or none.")
    listed = [item[1] if isinstance(item, tuple) else item for item in listed]
    for i, p in enumerate(listed):
        if not isinstance(p, ag.Value):
            fix = "Write *module.parameters()" if hasattr(p, "parameters") else "Wrap an array: nn.Parameter(array)"
            raise TypeError(
                f"an optimizer can only optimize Values, but {called(p, i, number)} is of type "
                f"{type(p).__name__}. {fix}."
            )
        if not p.is_leaf:
            raise ValueError(
                f"{called(p, i, number)} was computed, so an update of it would be lost. Pass the Values that it "
                "was computed from, or start anew: nn.Parameter(v.data)."
            )
        if p.dtype.kind != "f":
            raise TypeError(f"{called(p, i, number)} holds {p.dtype}, which has no gradient. Leave it out.")
    return listed, names or group.get("param_names")


def copied(kept: Any) -> Any:
    """A copy of what a state dict holds: arrays, numbers, and lists of them."""
    if isinstance(kept, list):
        return [copied(item) for item in kept]
    return kept if kept is None or isinstance(kept, int | float) else np.array(kept)


def loss_gradient(group: dict[str, Any], theta: Any, g: Any, d: Any, s: Any) -> Any:
    """g + λ θ, with -g for g to maximize; computed in `d` where it is not g itself."""
    lam = float(group["weight_decay"])
    if group["maximize"]:
        g = np.negative(g, out=d)
    return np.add(g, np.multiply(theta, lam, out=s), out=d) if lam else g


def require_betas(group: dict[str, Any]) -> None:
    betas = group["betas"]
    if np.shape(betas) != (2,) or not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"betas are {betas}, but must be two numbers in [0, 1). Write betas=(0.9, 0.999).")


def require_not_negative(group: dict[str, Any], *options: str) -> None:
    for option in options:
        if option not in group:
            continue
        if not isinstance(group[option], SupportsFloat):
            raise TypeError(f"{option} is {group[option]!r}, but must be a number.")
        if not group[option] >= 0:
            fix = f" Write lr={-group[option] if group[option] < 0 else 1e-3}." if option == "lr" else ""
            raise ValueError(f"{option} is {group[option]}, but must be 0 or greater.{fix}")
