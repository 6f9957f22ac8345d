"""autograd_lite: reverse-mode automatic differentiation on NumPy, with drawings of the computation graph.

Example:
    >>> import numpy as np
    >>> from autograd_lite import Value
    >>> a, b = Value(2.0), Value([1.0, 2.0, 3.0])
    >>> y = np.sum(a * np.sin(b))
    >>> y.backward()
    >>> round(float(a.grad), 4), b.grad.round(4)
    (1.8919, array([ 1.0806, -0.8323, -1.98  ]))
"""

from . import linalg, special
from .anomaly import AnomalyError, detect_anomaly
from .check import GradientError, check_grads
from .checkpoint import checkpoint, register_generator
from .compile import (
    compile,
    effect,
    expected,
    in_place_kernels,
    is_array,
    is_compiling,
    jit_form,
    register_kernels,
    replacement,
)
from .custom import custom_vjp
from .derivatives import hessian, hvp, jacobian
from .draw import draw
from .graph import Node
from .memory import keep_freed_memory
from .mutation import detect_mutation
from .primitive import defvjp, defvjp_joint, primitive
from .rules import relu
from .state import Observer, Scope, current_scope, enable_grad, is_grad_enabled, no_grad, scope
from .tracing import TraceError
from .transforms import elementwise_grad, grad, jvp, value_and_grad, vjp
from .value import Value
from .watch import observe

__version__ = "0.1.0"

keep_freed_memory()

__all__ = [
    "AnomalyError",
    "GradientError",
    "Node",
    "Observer",
    "Scope",
    "TraceError",
    "Value",
    "check_grads",
    "checkpoint",
    "compile",
    "current_scope",
    "custom_vjp",
    "defvjp",
    "defvjp_joint",
    "detect_anomaly",
    "detect_mutation",
    "draw",
    "effect",
    "elementwise_grad",
    "enable_grad",
    "expected",
    "grad",
    "hessian",
    "hvp",
    "in_place_kernels",
    "is_array",
    "is_compiling",
    "is_grad_enabled",
    "jacobian",
    "jit_form",
    "jvp",
    "linalg",
    "no_grad",
    "observe",
    "primitive",
    "register_generator",
    "register_kernels",
    "relu",
    "replacement",
    "scope",
    "special",
    "value_and_grad",
    "vjp",
]
