"""What all distributions have in common: parameters, shapes, checks, and the questions one can ask."""

from __future__ import annotations

import operator
from typing import Any, Self

import numpy as np

import autograd_lite as ag

from ..dtype import get_default_dtype
from ..functional.checked import checked
from ..functional.real import real_only

Shape = tuple[int, ...]


def raw(x: Any) -> Any:
    """The plain array in a Value, or what is one already."""
    return x.data if isinstance(x, ag.Value) else x


def expanded(x: Any, shape: Shape) -> Any:
    """`x` broadcast to `shape`; no operation if it has it already."""
    return x if np.shape(raw(x)) == shape else np.broadcast_to(x, shape)


def shape_of(name: str, shape: Any) -> Shape:
    """A shape as a tuple of whole numbers.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(shape, int | np.integer):
        raise TypeError(f"{name} must be a tuple of integers, got {shape}. Write {name}=({shape},).")
    try:
        return tuple([operator.index(n) for n in shape])
    except TypeError:
        raise TypeError(f"{name} must be a tuple of integers, got {shape!r}.") from None


def floating(**parameters: Any) -> dict[str, Any]:
    """The parameters of a distribution as floating arrays or Values, by name.

    Arrays and Values of floating numbers are taken as they are; Python's numbers, lists, integers and booleans become
    the dtype of the first of them, or the default dtype if there is none.

    Raises:
        TypeError: a parameter is complex, or is no number at all.
    """
    dtypes = [x.dtype for x in parameters.values() if hasattr(x, "dtype") and x.dtype.kind in "fc"]
    dtype = dtypes[0] if dtypes else get_default_dtype()
    return {name: _as_floating(name, x, dtype) for name, x in parameters.items()}


def _as_floating(name: str, x: Any, dtype: Any) -> Any:
    real_only(f"the parameter {name}", x)
    if hasattr(x, "dtype") and x.dtype.kind == "f":
        return x
    try:
        array = np.asarray(raw(x))
        if array.dtype.kind in "fiub":
            return array.astype(dtype)[()]
    except (TypeError, ValueError):
        pass
    raise TypeError(
        f"the parameter {name} must be a number, an array or a Value, got {type(x).__name__}. "
        "To join Values write np.stack([a, b])."
    )


class parameter:  # noqa: N801  it is read as an attribute, as `property` is
    """An attribute that reads a parameter, broadcast to the shape of the batch.

    What was given is kept as it is and broadcast when it is read, so that a distribution made once follows a Parameter
    that an optimizer changes.

    Args:
        event_dim: how many axes of the parameter belong to one event.
    """

    def __init__(self, event_dim: int = 0) -> None:
        self.event_dim = event_dim

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, distribution: Any, owner: type | None = None) -> Any:
        if distribution is None:
            return self
        x = distribution._given[self.name]
        shape = np.shape(raw(x))
        return expanded(x, distribution.batch_shape + shape[len(shape) - self.event_dim :])


class Distribution:
    """A batch of probability distributions: the base of all of them.

    A distribution of your own sets its parameters as attributes, calls this `__init__`, and says in `arg_constraints`
    and `support` where parameters and draws lie; the rest is what it can answer.

    Args:
        batch_shape: the shape of the batch, one distribution for each place.
        event_shape: the shape of one draw from one distribution: `()` for a number, `(n,)` for a vector.
        validate_args: whether parameters and values are looked at, which costs a pass over them; None for the
            default, which `set_default_validate_args` sets.

    Attributes:
        has_rsample: whether `rsample` is there: draws that are differentiable in the parameters.
        has_enumerate_support: whether `enumerate_support` is there.

    Raises:
        ValueError: a parameter is not where `arg_constraints` says.

    Example:
        >>> import numpy as np
        >>> from nn.distributions import Distribution, constraints
        >>> class Triangular(Distribution):
        ...     arg_constraints = {"width": constraints.positive}
        ...     support = constraints.nonnegative
        ...     def __init__(self, width):
        ...         self.width = width
        ...         super().__init__(width.shape)
        ...     def log_prob(self, value):
        ...         return np.log(2 * (self.width - value)) - 2 * np.log(self.width)
        >>> Triangular(np.array([2.0, -3.0]))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        ValueError: Expected parameter width ... but found invalid values: -3.0 at index (1,)
        >>> Triangular(np.array([2.0, 3.0]))
        Triangular(width: (2,))
    """

    has_rsample: bool = False
    has_enumerate_support: bool = False

    _validate_args: bool = __debug__
    _given: dict[str, Any]

    def __init__(self, batch_shape: Shape = (), event_shape: Shape = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = tuple(batch_shape), tuple(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether new distributions check their arguments, where they are not told. On, unless Python runs with -O.

        Raises:
            ValueError: `value` is not True or False.
        """
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args takes True or False, got {value!r}")
        Distribution._validate_args = bool(value)

    # ---- parameters and shapes ----

    def _give(self, event_dims: dict[str, int] | None = None, **given: Any) -> Shape:
        """Keep the parameters; the shape that they broadcast to, without the axes of an event.

        Raises:
            ValueError: their shapes do not broadcast.
        """
        self._given = floating(**given)
        shapes = {name: np.shape(raw(x)) for name, x in self._given.items()}
        dims = event_dims or {}
        try:
            return np.broadcast_shapes(*[shape[: len(shape) - dims.get(k, 0)] for k, shape in shapes.items()])
        except ValueError:
            listed = " and ".join([f"{name} of shape {shape}" for name, shape in shapes.items()])
            raise ValueError(f"{type(self).__name__}: {listed} do not broadcast") from None

    @property
    def _dtype(self) -> Any:
        return np.result_type(*[raw(x).dtype for x in self._parameters().values()] or [get_default_dtype()])

    def _parameters(self) -> dict[str, Any]:
        """The parameters that were given, as they are: among them the attributes of a user's own distribution."""
        own = vars(self) | vars(self).get("_given", {})
        return {name: own[name] for name in self.arg_constraints if name in own}

    @property
    def batch_shape(self) -> Shape:
        """The shape of the batch."""
        return self._batch_shape

    @property
    def event_shape(self) -> Shape:
        """The shape of one draw from one distribution."""
        return self._event_shape

    @property
    def arg_constraints(self) -> Any:
        """Where each parameter has to lie: a dict of `constraints`."""
        raise NotImplementedError(
            f"{type(self).__name__} does not implement arg_constraints. "
            "Write a dict in the class, such as arg_constraints = {'scale': constraints.positive}, or {}."
        )

    @property
    def support(self) -> Any:
        """Where draws lie: a constraint."""
        raise NotImplementedError(f"{type(self).__name__} does not implement support")

    def expand(self, batch_shape: Shape) -> Self:
        """The same distribution for a larger batch; nothing is copied.

        Args:
            batch_shape: what the present one broadcasts to.

        Raises:
            ValueError: it does not.
        """
        wanted = self._expandable(batch_shape)
        new = type(self).__new__(type(self))
        vars(new).update(vars(self))
        new._batch_shape = wanted
        return new

    def _expandable(self, batch_shape: Any) -> Shape:
        wanted = shape_of("batch_shape", batch_shape)
        try:
            fits = np.broadcast_shapes(self.batch_shape, wanted) == wanted
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"{type(self).__name__} of batch_shape {self.batch_shape} cannot be expanded to {wanted}")
        return wanted

    def _extended_shape(self, sample_shape: Any = ()) -> Shape:
        return shape_of("sample_shape", sample_shape) + self.batch_shape + self.event_shape

    def _filled(self, number: float) -> Any:
        return np.full(self._extended_shape(), number, self._dtype)[()]

    # ---- checks ----

    def _checked_parameters(self) -> dict[str, Any]:
        """The plain arrays that the constraints are about."""
        return {name: raw(x) for name, x in self._parameters().items()}

    def _check_parameters(self) -> None:
        constraints = self.arg_constraints
        for name, value in self._checked_parameters().items():
            if ag.is_compiling():
                self._check_at_every_call(name, value, constraints[name])
                continue
            bad = _first_invalid(constraints[name], value)
            if bad is not None:
                raise ValueError(
                    f"Expected parameter {name} (array of shape {np.shape(value)}) of distribution {self!r} "
                    f"to satisfy the constraint {constraints[name]!r}, but found invalid values: {bad}"
                )

    def _check_at_every_call(self, name: str, value: Any, constraint: Any) -> None:
        """Let a compiled program look at a parameter, whose numbers are others at every call."""
        text = f"Expected parameter {name} (array of shape {np.shape(value)}) of distribution {type(self).__name__}"
        holder = self._given if name in vars(self).get("_given", {}) else vars(self)
        valid = constraint.check(value)
        holder[name] = checked(holder[name], _require_valid, valid, value, constraint.event_dim, text)

    def _value(self, value: Any) -> Any:
        """`value` as an array or Value of floating numbers, checked if arguments are.

        Raises:
            ValueError: its shape does not fit, or it lies outside of the support.
        """
        if not hasattr(value, "dtype") or value.dtype.kind in "iub":
            value = np.asarray(raw(value)).astype(self._dtype)[()]
        real_only("a distribution", value)
        return self._checked_value(value) if self._validate_args else value

    def _checked_value(self, value: Any) -> Any:
        """`value`, if its shape and numbers can be those of a draw."""
        if not ag.is_compiling():
            self._check_value(raw(value))
            return value
        self._check_shape(np.shape(raw(value)))
        text, support = f"Expected value argument of distribution {type(self).__name__}", self.support
        return checked(value, _require_valid, support.check(raw(value)), raw(value), support.event_dim, text)

    def _check_shape(self, shape: Shape) -> None:
        wanted = self.batch_shape + self.event_shape
        start = len(shape) - len(self.event_shape)
        if start < 0 or shape[start:] != self.event_shape:
            raise ValueError(f"The right-most size of value must match event_shape: {shape} vs {self.event_shape}.")
        try:
            np.broadcast_shapes(shape, wanted)
        except ValueError:
            raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {shape} vs {wanted}.") from None

    def _check_value(self, value: Any) -> None:
        shape = np.shape(value)
        self._check_shape(shape)
        bad = _first_invalid(self.support, value)
        if bad is not None:
            raise ValueError(
                f"Expected value argument (array of shape {shape}) to be within the support ({self.support!r}) "
                f"of the distribution {self!r}, but found invalid values: {bad}"
            )

    def _probability(self, value: Any) -> Any:
        """The argument of `icdf` as an array or Value of floating numbers."""
        if not hasattr(value, "dtype") or value.dtype.kind in "iub":
            value = np.asarray(raw(value)).astype(self._dtype)[()]
        real_only("icdf", value)
        return value

    # ---- questions ----

    @property
    def mean(self) -> Any:
        """The mean, of shape `batch_shape + event_shape`."""
        raise NotImplementedError(f"{type(self).__name__} does not implement mean")

    @property
    def mode(self) -> Any:
        """Where the density is largest; nan where that is no single place."""
        raise NotImplementedError(f"{type(self).__name__} does not implement mode")

    @property
    def variance(self) -> Any:
        """The variance, of shape `batch_shape + event_shape`."""
        raise NotImplementedError(f"{type(self).__name__} does not implement variance")

    @property
    def stddev(self) -> Any:
        """The standard deviation: the square root of the variance."""
        return np.sqrt(self.variance)

    def sample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        """Draws, as a plain array of shape `sample_shape + batch_shape + event_shape`, without a gradient.

        Args:
            sample_shape: how many draws of the batch.
            generator: where to draw from, by default `nn.random.default_generator`.
        """
        with ag.no_grad():
            return raw(self.rsample(sample_shape, generator=generator))

    def rsample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        """Draws that are a differentiable function of the parameters: the reparameterization trick.

        Kingma & Welling, Auto-Encoding Variational Bayes, 2014.

        Args:
            sample_shape: how many draws of the batch.
            generator: where to draw from, by default `nn.random.default_generator`.

        Raises:
            NotImplementedError: there is no such function, as for discrete distributions.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not implement rsample. Draw with sample(), and differentiate log_prob."
        )

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density, or of the probability, at `value`.

        Args:
            value: broadcasts with `batch_shape + event_shape`.

        Raises:
            ValueError: the shape does not fit, or the value lies outside of the support.
        """
        raise NotImplementedError(f"{type(self).__name__} does not implement log_prob")

    def cdf(self, value: Any) -> Any:
        """The probability of a draw up to `value`."""
        raise NotImplementedError(f"{type(self).__name__} does not implement cdf")

    def icdf(self, value: Any) -> Any:
        """The quantile: where `cdf` is `value`; nan for what is no probability."""
        raise NotImplementedError(f"{type(self).__name__} does not implement icdf")

    def enumerate_support(self, expand: bool = True) -> Any:
        """All values of a discrete distribution, along a new first axis.

        Args:
            expand: for each place of the batch; without, the axes of the batch have length 1.
        """
        raise NotImplementedError(f"{type(self).__name__} does not implement enumerate_support")

    def entropy(self) -> Any:
        """The entropy in nats, of shape `batch_shape`."""
        raise NotImplementedError(f"{type(self).__name__} does not implement entropy")

    def perplexity(self) -> Any:
        """e to the entropy."""
        return np.exp(self.entropy())

    def _enumerated(self, count: int, dtype: Any, expand: bool) -> Any:
        values = np.arange(count, dtype=dtype).reshape((count,) + (1,) * len(self.batch_shape))
        return np.broadcast_to(values, (count, *self.batch_shape)) if expand else values

    def __repr__(self) -> str:
        with np.errstate(all="ignore"):  # a message may show parameters that cannot be normalized
            shown = [f"{name}: {_text(raw(getattr(self, name)))}" for name in self._parameters()]
        return f"{type(self).__name__}({', '.join(shown)})"


def _text(x: Any) -> str:
    return str(x if np.size(x) == 1 else np.shape(x))


def _require_valid(_: Any, valid: Any, value: Any, event_dim: int, text: str) -> None:
    bad = _first_of(np.asarray(valid), value, event_dim)
    if bad is not None:
        raise ValueError(f"{text} to satisfy its constraint, but found invalid values: {bad}")


def _first_invalid(constraint: Any, value: Any) -> str | None:
    """The first member that does not meet the constraint, and where it is."""
    return _first_of(np.asarray(constraint.check(value)), value, constraint.event_dim)


def _first_of(valid: Any, value: Any, event_dim: int) -> str | None:
    if valid.all():
        return None
    shape = np.broadcast_shapes(valid.shape, np.shape(value)[: np.ndim(value) - event_dim])
    index = tuple([int(i) for i in np.argwhere(~np.broadcast_to(valid, shape))[0]])
    member = np.broadcast_to(value, shape + np.shape(value)[np.ndim(value) - event_dim :])[index]
    return f"{member}" + (f" at index {index}" if index else "")
