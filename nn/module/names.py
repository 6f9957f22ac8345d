"""The names that a tree of modules gets at its first call: a Scope for every module, a path for every parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import autograd_lite as ag

from ..parameter import Parameter
from .calls import call_init
from .tree import joined, members, walk

if TYPE_CHECKING:
    from .module import Module

# Counts every change of a tree of modules that has been named, so that a call sees with one comparison
# whether the names in its tree still hold.
changes = 0
UNNAMED = -1


def changed(module: Any) -> None:
    """A member of `module` has come or gone."""
    global changes
    if module._stamp != UNNAMED:  # a module still being built is in no tree that has names
        changes += 1


def find_names(module: Module) -> None:
    """Give every module below the outermost one its Scope, and every parameter its path as a name."""
    global changes
    if "_stamp" not in module.__dict__:
        raise AttributeError(f"cannot call a module before Module.__init__() call. {call_init(module)}")
    around = ag.current_scope()
    if isinstance(around, ag.Scope):  # not the outermost, which has had its turn
        if module._stamp == UNNAMED:  # and not in its tree: made during the call, for example
            path = joined(around, type(module).__name__)
            module.__dict__["_scope"] = ag.Scope(path, module._label(), around)
        return
    tree = [(path, inner, above) for path, inner, above in walk(module)]
    if any(inner._stamp == changes for _, inner, _ in tree):
        changes += 1  # another outermost module had named a part of this tree: it will have to do so again
    named: set[int] = set()
    for path, inner, above in tree:
        if id(inner) in named:
            continue
        named.add(id(inner))
        parent = above[-1]._scope if above else None
        inner.__dict__.update(_scope=ag.Scope(path, inner._label(), parent), _stamp=changes)
        for name, member in members(inner):
            if isinstance(member, Parameter) and id(member) not in named:
                named.add(id(member))
                member.name = joined(path, name)
