"""The benchmarks run, and notice when two engines disagree. Nothing is timed for its own sake here."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import timing
from benchmarks.timing import Contender, compare
from benchmarks.workloads import COMPILED, RECORDING, WORKLOADS


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_every_workload_takes_a_step_with_finite_gradients(workload):
    contender = workload.contenders["autograd_lite"]()
    contender.step()
    gradients = contender.gradients()
    assert gradients
    assert all(np.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize("workload", COMPILED, ids=lambda workload: workload.name)
def test_compiled_steps_have_the_gradients_of_the_eager_ones(workload):
    eager, compiled = (workload.contenders[engine]() for engine in ("autograd_lite", "compiled"))
    for contender in (eager, compiled):
        contender.step()
    for a, b in zip(eager.gradients(), compiled.gradients(), strict=True):
        assert np.array_equal(a, b)


def test_a_comparison_times_each_engine_in_its_own_process():
    times = compare(RECORDING[0], ["autograd_lite", "NumPy"], rounds=2, seconds=0.001)
    assert times["autograd_lite"] > 0
    assert times["NumPy"] > 0


class FakeProcess:
    """Answers as a worker would; the gradient depends on the engine's name."""

    def __init__(self, workload, engine):
        self.engine = engine

    def order(self, line):
        order, argument = line.split()
        if order == "gradients":
            np.savez(argument, np.array([1.0, 2.0 + 0.1 * (self.engine == "wrong")]))
        return "0.001"

    def close(self):
        pass


def test_engines_that_disagree_are_not_compared(monkeypatch):
    monkeypatch.setattr(timing, "Process", FakeProcess)
    workload = replace(RECORDING[0], contenders={"right": Contender, "wrong": Contender, "too": Contender})
    assert set(compare(workload, ["right", "too"], rounds=1)) == {"right", "too"}
    with pytest.raises(AssertionError, match="wrong differs in gradient 0"):
        compare(workload, ["right", "wrong"], rounds=1)
