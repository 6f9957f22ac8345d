"""How compiled kernels read and write memory, and add up along a row.

LLVM only works on many elements at a time if it knows that what is written lies nowhere in what is read. Numba has no
way to say so; these functions write it beside each access. The arrays of one kernel are numbered, and never overlap.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array


def _scopes(module: Any, numbers: Any) -> Any:
    domain = module.add_metadata([ir.MetaDataString(module, "autograd_lite")])
    return module.add_metadata(
        [module.add_metadata([ir.MetaDataString(module, f"array {i}"), domain]) for i in numbers]
    )


def _note(builder: Any, access: Any, number: int, count: int) -> None:
    module = builder.module
    access.set_metadata("alias.scope", _scopes(module, [number]))
    others = [i for i in range(count) if i != number]
    if others:
        access.set_metadata("noalias", _scopes(module, others))


def _address(context: Any, builder: Any, kind: Any, array: Any, i: Any) -> Any:
    return builder.gep(make_array(kind)(context, builder, array).data, [i])


@intrinsic
def load(_: Any, array: Any, number: Any, count: Any, i: Any) -> Any:
    """The element `i` places behind the first one of the array of this number; there are `count` of them."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = builder.load(_address(context, builder, array, args[0], args[3]))
        _note(builder, found, number.literal_value, count.literal_value)
        return builder.icmp_unsigned("!=", found, found.type(0)) if array.dtype is types.boolean else found

    if not isinstance(number, types.IntegerLiteral) or not isinstance(count, types.IntegerLiteral):
        return None
    return array.dtype(array, number, count, types.intp), write


@intrinsic
def store(_: Any, array: Any, number: Any, count: Any, i: Any, x: Any) -> Any:
    """Write `x` where `load` reads."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        new = args[4]
        if array.dtype is types.boolean:
            new = builder.zext(new, ir.IntType(8))
        place = builder.store(new, _address(context, builder, array, args[0], args[3]))
        _note(builder, place, number.literal_value, count.literal_value)
        return context.get_dummy_value()

    if not isinstance(number, types.IntegerLiteral) or not isinstance(count, types.IntegerLiteral):
        return None
    return types.void(array, number, count, types.intp, array.dtype), write


@intrinsic
def select(_: Any, condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, else `b`, without a branch."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(args[0], args[1], args[2])

    return a(types.boolean, a, a), write


@intrinsic
def plus(_: Any, total: Any, x: Any) -> Any:
    """`total + x`, for sums whose order is free: many elements are added at a time."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if isinstance(total, types.Float):
            return builder.fadd(args[0], args[1], flags=("reassoc", "nsz", "contract"))
        return builder.add(args[0], args[1])

    return total(total, total), write


@intrinsic
def times(_: Any, total: Any, x: Any) -> Any:
    """`total * x`, for products whose order is free."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(args[0], args[1], flags=("reassoc", "nsz", "contract"))

    return total(total, total), write


def _extreme(comparison: str, last: float) -> Any:
    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total, x = args
        x = builder.select(builder.fcmp_ordered("ord", x, x), x, ir.Constant(x.type, last))
        first = builder.fcmp_ordered(comparison, total, x, flags=("nnan", "nsz"))
        return builder.select(first, total, x, flags=("nnan", "nsz"))

    return write


@intrinsic
def highest(_: Any, total: Any, x: Any) -> Any:
    """The larger one, for maxima that are looked for in any order; nan does not count, see `seen_nan`."""
    return total(total, total), _extreme(">", -math.inf)


@intrinsic
def lowest(_: Any, total: Any, x: Any) -> Any:
    """The smaller one; nan does not count."""
    return total(total, total), _extreme("<", math.inf)


@intrinsic
def seen_nan(_: Any, seen: Any, x: Any) -> Any:
    """1 if `seen` is or `x` is nan."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        is_nan = builder.fcmp_unordered("uno", args[1], args[1])
        return builder.or_(args[0], builder.zext(is_nan, args[0].type))

    return types.int32(types.int32, x), write


def _intrinsic_of(name: str, arguments: int) -> Any:
    """A function of LLVM's."""
    given = ", ".join("abc"[:arguments])
    space: dict[str, Any] = {"ir": ir}
    exec(
        f"def {name}(_, {given}):\n"
        f"    def write(context, builder, signature, args):\n"
        f"        kind = args[0].type\n"
        f"        function = builder.module.declare_intrinsic('llvm.{name}', [kind], "
        f"ir.FunctionType(kind, [kind] * {arguments}))\n"
        f"        return builder.call(function, args)\n"
        f"    return a({', '.join('a' * arguments)}), write\n",
        space,
    )
    return intrinsic(space[name])


fabs = _intrinsic_of("fabs", 1)
sqrt = _intrinsic_of("sqrt", 1)
floor = _intrinsic_of("floor", 1)
ceil = _intrinsic_of("ceil", 1)
rint = _intrinsic_of("rint", 1)
trunc = _intrinsic_of("trunc", 1)
copysign = _intrinsic_of("copysign", 2)
maximum = _intrinsic_of("maximum", 2)  # nan if one of them is
minimum = _intrinsic_of("minimum", 2)


@intrinsic
def bits_of(_: Any, x: Any) -> Any:
    """The bytes of a floating number as an integer of the same size."""
    single = x is types.float32

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(32 if single else 64))

    return (types.int32 if single else types.int64)(x), write


@intrinsic
def number_of(_: Any, bits: Any) -> Any:
    """The floating number that has these bytes."""
    single = bits is types.int32

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType() if single else ir.DoubleType())

    return (types.float32 if single else types.float64)(bits), write
