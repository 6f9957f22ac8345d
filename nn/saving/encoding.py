"""Nested Python data as JSON beside a list of arrays, and back, with every type as it was. No pickle."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_lite as ag

# what JSON has itself; the types must be exactly these, for np.float64 is a float, and an enum may be an int
_PLAIN = (type(None), bool, int, float, str)
_DICTS: dict[str, type] = {"dict": dict, "OrderedDict": OrderedDict, "Counter": Counter}
_TAG = "!"


class Encoder:
    """Turns data into JSON, and collects its arrays.

    Attributes:
        arrays: the arrays by entry, which is where in the data they are, such as `model/0.weight`. One that occurs
            twice is here once.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, Any] = {}
        self._entries: dict[int, str] = {}  # of arrays that `arrays` keeps alive
        self._inside: list[int] = []

    def encode(self, data: Any, where: str) -> Any:
        """What `json.dumps` takes, for `decode`.

        Args:
            data: None, booleans, numbers, strings, bytes, NumPy's arrays and scalars, and lists, tuples, sets and
                dicts of them.
            where: how a message calls the data.

        Raises:
            TypeError: something else is inside; the message says where.
            ValueError: a list or dict that contains itself.
        """
        kind = type(data)
        if kind in _PLAIN:
            return data
        if kind is complex:
            return {_TAG: "complex", "parts": [data.real, data.imag]}
        if kind is bytes:
            return {_TAG: "bytes", "hex": data.hex()}
        if isinstance(data, np.generic):
            _require_numbers(data, where)
            return {_TAG: "scalar", "dtype": data.dtype.str, "hex": data.tobytes().hex()}
        if kind is np.ndarray or kind is np.memmap:
            _require_numbers(data, where)
            return {_TAG: "array", "entry": self._entry(data, where)}
        if id(data) in self._inside:
            raise ValueError(f"{where} contains itself, so it cannot be saved.")
        self._inside.append(id(data))
        try:
            return self._container(data, where)
        finally:
            self._inside.pop()

    def _container(self, data: Any, where: str) -> Any:
        kind = type(data)
        if kind is list:
            return [self.encode(item, f"{where}/{i}") for i, item in enumerate(data)]
        if kind in (tuple, set, frozenset):
            return {_TAG: kind.__name__, "items": [self.encode(item, f"{where}/{i}") for i, item in enumerate(data)]}
        if kind is dict and all(type(key) is str for key in data) and _TAG not in data:
            return {key: self.encode(item, f"{where}/{key}") for key, item in data.items()}
        if kind in _DICTS.values():
            items = [[self.encode(key, f"{where}/key"), self.encode(data[key], f"{where}/{key}")] for key in data]
            return {_TAG: kind.__name__, "items": items}
        raise TypeError(f"{where} is of type {kind.__name__}, which cannot be saved. {_advice(data)}")

    def _entry(self, array: Any, where: str) -> str:
        entry = self._entries.get(id(array))
        if entry is None:
            entry = where
            while entry in self.arrays:  # keys 1 and "1" of one dict
                entry += "'"
            self.arrays[entry] = array
            self._entries[id(array)] = entry
        return entry


def decode(encoded: Any, arrays: Callable[[str], Any]) -> Any:
    """The data that `Encoder.encode` turned into `encoded`.

    Args:
        encoded: what `json.loads` gave.
        arrays: gives the array of an entry.

    Raises:
        KeyError, TypeError, ValueError: nothing that `encode` returns looks like this.
    """
    if isinstance(encoded, list):
        return [decode(item, arrays) for item in encoded]
    if not isinstance(encoded, dict):
        return encoded
    if _TAG not in encoded:
        return {key: decode(item, arrays) for key, item in encoded.items()}
    tag = encoded[_TAG]
    if tag == "array":
        return arrays(encoded["entry"])
    if tag == "scalar":
        return np.frombuffer(bytes.fromhex(encoded["hex"]), np.dtype(encoded["dtype"]))[0]
    if tag == "complex":
        return complex(*encoded["parts"])
    if tag == "bytes":
        return bytes.fromhex(encoded["hex"])
    if tag in _DICTS:
        pairs = [(decode(key, arrays), decode(item, arrays)) for key, item in encoded["items"]]
        return _DICTS[tag](dict(pairs))
    sequence = {"tuple": tuple, "set": set, "frozenset": frozenset}[tag]
    return sequence(decode(item, arrays) for item in encoded["items"])


def _require_numbers(data: Any, where: str) -> None:
    if data.dtype.hasobject or data.dtype.kind == "V":
        raise TypeError(
            f"{where} is an array of {data.dtype}, which could only be pickled. Save arrays of numbers or strings."
        )


def _advice(data: Any) -> str:
    if isinstance(data, ag.Value):
        return "Save its array: v.data."
    if isinstance(data, dict):
        return "Write dict(...)."
    if isinstance(data, tuple | list):
        return f"Write {'tuple' if isinstance(data, tuple) else 'list'}(...)."
    if hasattr(data, "__array__"):
        return "Write np.asarray(...)."
    if hasattr(data, "state_dict"):
        return "Save what its state_dict() returns."
    return "Save what it is made of: numbers, strings, arrays, and lists, tuples or dicts of them."
