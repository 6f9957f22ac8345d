"""The examples run as their docstrings say, write what they promise, and reach their scores."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
STARTS = {".png": b"\x89PNG\r\n\x1a\n", ".svg": b"<?xml"}

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")


def run(name, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | environment,
    )


@pytest.mark.parametrize(
    ("name", "arguments", "files", "score"),
    [
        ("digits.py", ["--epochs", 1], ["digits_training.png", "digits_mistakes.png", "digits_graph.svg"], 0.8),
        ("digits.py", [], ["digits_training.png", "digits_mistakes.png", "digits_graph.svg"], 0.96),
        ("two_moons.py", ["--epochs", 1, "--seed", 3], ["two_moons.png"], 0.7),
        ("two_moons.py", [], ["two_moons.png"], 0.955),
    ],
)
def test_writes_its_pictures_and_reaches_its_score(name, arguments, files, score, tmp_path):
    finished = run(name, "--out", tmp_path / "new", *arguments)
    assert finished.returncode == 0, finished.stderr
    accuracy = re.search(r"test accuracy (\d+\.\d)%", finished.stdout)
    assert accuracy is not None, finished.stdout
    assert float(accuracy[1]) / 100 >= score
    for file in files:
        assert f"written: {tmp_path / 'new' / file}" in finished.stdout
        content = (tmp_path / "new" / file).read_bytes()
        assert content.startswith(STARTS[file[-4:]])
        assert len(content) > 5000
    assert all(line.startswith("epoch ") for line in finished.stderr.splitlines())


@pytest.mark.parametrize("name", ["digits.py", "two_moons.py"])
def test_says_what_to_install(name, tmp_path):
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn" / "__init__.py").write_text("raise ImportError('not here', name='sklearn')\n")
    finished = run(name, PYTHONPATH=str(tmp_path))
    assert finished.returncode == 1
    assert finished.stderr == 'sklearn is missing. Install what the examples need: pip install -e ".[examples]"\n'


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_fits_on_a_few_pages_and_says_what_to_expect(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 150
    assert f"Run it:     python examples/{path.name} " in text
    assert "Expect:" in text
