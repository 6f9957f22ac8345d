"""L-BFGS: Newton's method with a Hessian that is guessed from the last steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_lite as ag

from .line_search import Point, strong_wolfe
from .optimizer import Optimizer, Params, require_not_negative

_NUMBERS = ("t", "H_diag", "prev_loss")
_COUNTS = ("func_evals", "n_iter")
_ARRAYS = ("d", "prev_flat_grad")
_LISTS = ("old_dirs", "old_stps", "ro")


class LBFGS(Optimizer):
    r"""Limited-memory BFGS: Newton's method with a Hessian that is guessed from the last steps.

        d_k = -H_k g_k                    H_k from the last pairs y = g_{k+1} - g_k, s = θ_{k+1} - θ_k
        θ_{k+1} = θ_k + t_k d_k           t_k = γ, or from a line search

    One call of `step` makes several of these steps and evaluates the loss several times, so it needs a closure. For
    losses that are the same at every evaluation: all the data, no dropout. Nocedal and Wright, "Numerical
    optimization", 2006, algorithms 7.4 and 7.5.

    Args:
        params: parameters or `(name, parameter)` pairs, of one dtype; there can be only one group.
        lr: γ, the length of a step.
        max_iter: how many steps one call of `step` makes at most.
        max_eval: how often it evaluates the loss at most; 1.25 `max_iter` by default.
        tolerance_grad: stop where no component of the gradient is larger.
        tolerance_change: stop where neither the loss nor a parameter changes by more.
        history_size: how many pairs are kept; each takes twice the memory of the parameters.
        line_search_fn: "strong_wolfe", or None for steps of length `lr`.

    Raises:
        ValueError: no parameters, several groups, a negative option, or an unknown `line_search_fn`.
        TypeError: parameters of several dtypes.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> x = ag.Value([-1.5, 2.0])
        >>> optimizer = LBFGS([x], line_search_fn="strong_wolfe", max_iter=100)
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item()
        12.5
        >>> x.data.round(3)
        array([1., 1.])
    """

    needs_closure = True

    def __init__(
        self,
        params: Params,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        self._memory: dict[str, Any] = {}
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        if self.param_groups:
            raise ValueError(
                "LBFGS doesn't support per-parameter options (parameter groups). Pass all parameters in one list."
            )
        super().add_param_group(param_group)

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr", "max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size")
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(
                f"only 'strong_wolfe' is supported as line_search_fn, or None, not {group['line_search_fn']!r}."
            )
        dtypes = {str(p.dtype) for p in group["params"]}
        if len(dtypes) > 1:
            raise TypeError(
                f"LBFGS needs parameters of one dtype, not of {' and '.join(sorted(dtypes))}. "
                "Convert them first, for example with model.double()."
            )

    @property
    def state(self) -> dict[ag.Value, dict[str, Any]]:
        """What is remembered, of all parameters together; it is listed under the first of them, as in PyTorch."""
        return {self.param_groups[0]["params"][0]: self._memory} if self._memory else {}

    def _checked_entry(self, entry: dict[str, Any], p: ag.Value, name: str, group: dict[str, Any]) -> dict[str, Any]:
        size, kind = sum(q.size for q in group["params"]), p.dtype
        known: dict[str, Any] = {key: int(entry[key]) for key in _COUNTS if key in entry}
        known |= {key: float(entry[key]) for key in _NUMBERS if key in entry}
        known |= {key: np.array(entry[key], kind) for key in _ARRAYS if key in entry}
        known |= {key: [np.array(kept, kind) for kept in entry[key]] for key in _LISTS if key in entry}
        if not set(_COUNTS) <= known.keys() or not known.keys() <= {*entry}:
            raise ValueError(
                f"the state dict has {', '.join(sorted(entry))} for {name}: it was saved by another optimizer."
            )
        for key, array in [(key, known[key]) for key in _ARRAYS if key in known]:
            if array.shape != (size,):
                raise ValueError(
                    f"{key} has shape {array.shape} in the state dict, but must have {(size,)}: "
                    "it was saved for another model."
                )
        return known

    def _restore(self, entries: dict[ag.Value, dict[str, Any]]) -> None:
        self._memory = next(iter(entries.values()), {})

    def _step(self, closure: Callable[[], Any] | None = None) -> Any:
        if closure is None:
            raise TypeError(
                "LBFGS evaluates the loss several times in a step. Write optimizer.step(closure), with a function "
                "that calls optimizer.zero_grad(), computes the loss, calls loss.backward() and returns the loss."
            )
        group, memory = self.param_groups[0], self._memory
        gamma = float(group["lr"])
        small_gradient, small_change = float(group["tolerance_grad"]), float(group["tolerance_change"])
        (bucket,) = self._built(0)
        everything, theta = range(len(bucket.params)), bucket.theta
        bucket.take_over(everything)

        def evaluate() -> tuple[Any, Any]:
            with ag.enable_grad():
                loss = closure()
            if np.size(loss) != 1 or loss is None:
                got = "None" if loss is None else f"shape {np.shape(loss)}"
                raise TypeError(f"the closure must return the loss, one number, but returned {got}. Add return loss.")
            gradients = bucket.gradients()
            filled = [
                np.zeros(p.shape, p.dtype) if g is None else g for p, g in zip(bucket.params, gradients, strict=True)
            ]
            return loss, np.concatenate(filled, axis=None)

        def put(place: Any) -> None:
            bucket.take_over(everything)  # graphs of before must not run backward
            theta[...] = place

        result, g = evaluate()
        loss, evaluations = float(result), 1
        memory["func_evals"] = memory.get("func_evals", 0) + 1
        memory.setdefault("n_iter", 0)
        if _largest(g) <= small_gradient:
            return result

        for iteration in range(1, group["max_iter"] + 1):
            memory["n_iter"] += 1
            first = memory["n_iter"] == 1
            if first:
                memory |= {"d": -g, "old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1.0}
            else:
                _remember(memory, g, group["history_size"])
                memory["d"] = _direction(memory, g)
            d, previous_loss = memory["d"], loss
            memory |= {"prev_flat_grad": g, "prev_loss": loss}
            t = memory["t"] = min(1.0, 1.0 / float(np.abs(g).sum())) * gamma if first else gamma
            slope = float(np.dot(g, d))
            if slope > -small_change:
                break

            used = 0
            if group["line_search_fn"] is not None:
                before = theta.copy()

                def at(t: float, d: Any = d, before: Any = before) -> Point:
                    put(before + t * d)
                    loss, g = evaluate()
                    put(before)
                    return Point(t, float(loss), g, float(np.dot(g, d)))

                allowed = group["max_eval"] - evaluations
                point, used = strong_wolfe(at, Point(0.0, loss, g, slope), t, _largest(d), allowed)
                t, loss, g = point.t, point.loss, point.gradient
                memory["t"] = t
                put(theta + t * d)
            else:
                put(theta + t * d)
                if iteration != group["max_iter"]:  # nobody would use it
                    again, g = evaluate()
                    loss, used = float(again), 1
            evaluations += used
            memory["func_evals"] += used
            if (
                evaluations >= group["max_eval"]
                or _largest(g) <= small_gradient
                or _largest(d * t) <= small_change
                or abs(loss - previous_loss) < small_change
            ):
                break
        return result


def _largest(x: Any) -> float:
    return float(np.abs(x).max(initial=0))


def _remember(memory: dict[str, Any], g: Any, size: int) -> None:
    """Add the last step and the change of the gradient to the history."""
    y, s = g - memory["prev_flat_grad"], memory["d"] * memory["t"]
    curvature = np.dot(y, s)
    if curvature <= 1e-10:  # the Hessian would not be positive definite
        return
    for name, kept in zip(_LISTS, (y, s, 1 / curvature), strict=True):
        if len(memory[name]) == size:
            memory[name].pop(0)
        memory[name].append(kept)
    memory["H_diag"] = float(curvature / np.dot(y, y))


def _direction(memory: dict[str, Any], g: Any) -> Any:
    """-H g, in two loops over the history: the last pair first, then back."""
    pairs = list(zip(memory["old_dirs"], memory["old_stps"], memory["ro"], strict=True))
    d, alphas = -g, []
    for y, s, rho in reversed(pairs):
        alphas.append(np.dot(s, d) * rho)
        d -= alphas[-1] * y
    d *= memory["H_diag"]
    for (y, s, rho), alpha in zip(pairs, reversed(alphas), strict=True):
        d += (alpha - np.dot(y, d) * rho) * s
    return d
