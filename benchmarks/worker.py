"""One contender of one workload, in a process of its own: started by `timing.Process`."""

from __future__ import annotations

import sys

from .timing import serve
from .workloads import COMPILED, RECORDED_BACKWARD, RECORDING, WORKLOADS

if __name__ == "__main__":
    workload = next(w for w in [*WORKLOADS, *COMPILED, *RECORDING, RECORDED_BACKWARD] if w.name == sys.argv[1])
    serve(workload.contenders[sys.argv[2]]())
