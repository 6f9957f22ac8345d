"""The examples print the same numbers with `--compile` as without."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")


def printed(name: str, *arguments: Any) -> str:
    """What an example writes to both streams, without how long it took."""
    command = [sys.executable, "-W", "error", EXAMPLES / name, *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert finished.returncode == 0, finished.stderr
    return re.sub(r" (in )?\d+\.\d+ s$", "", finished.stdout + finished.stderr, flags=re.MULTILINE)


@pytest.mark.parametrize("name", ["digits.py", "two_moons.py"])
def test_prints_the_same_numbers(name: str, tmp_path: Path) -> None:
    eager, compiled = [printed(name, "--out", tmp_path, "--epochs", 2, *more) for more in ([], ["--compile"])]
    assert "epoch 2/2" in eager
    assert compiled == eager


def test_the_tour_writes_a_program(tmp_path: Path) -> None:
    text = printed("micrograd_tour.py", "--out", tmp_path, "--compile")
    assert len(re.findall(r"dg/da = 138\.8338\n +dg/db = 645\.5773\n", text)) == 2
    program = (tmp_path / "expression.py").read_text()
    assert "# d += d * 2 + (b + a).relu()" in program
    compile(program, "expression.py", "exec")
