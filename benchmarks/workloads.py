"""What is compared."""

from __future__ import annotations

from . import compiled, convolution, derivatives, mlp, optimizers, recurrent, scalar

PACKAGES = {"PyTorch": "torch", "jax.jit": "jax", "autograd": "autograd", "MyGrad": "mygrad", "micrograd": "micrograd"}

WORKLOADS = [
    scalar.expression_workload(),
    mlp.workload((64, 32, 10), batch=32),
    mlp.workload((784, 256, 128, 10), batch=128),
    mlp.workload((1024, 1024, 1024, 1024), batch=256),
    *recurrent.workloads(),
    convolution.workload(batch=1, channels=(16, 32), size=8),
    convolution.workload(batch=64, channels=(16, 32), size=8),
    convolution.workload(batch=64, channels=(16, 32), size=28),
    *derivatives.workloads(),
    *optimizers.workloads(),
]
COMPILED = compiled.workloads()
COMPILED_OURS = "autograd_lite", "compiled", "compiled, jit"
COMPILED_PEERS = {"PyTorch": "torch", "compiled, jit": "numba", "micrograd": "micrograd"}
RECORDING = scalar.recording_workloads()
RECORDED_BACKWARD = derivatives.recorded_backward()
