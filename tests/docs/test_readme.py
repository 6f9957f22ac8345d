"""The README is true: each of its Python blocks runs and prints what its comments say."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_there_are_blocks():
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.strip().splitlines()[-1][:40])
def test_block_prints_what_it_says(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(block, str(README), "exec"), {"__name__": "readme"})
    expected = re.findall(r"^print\(.*\)  # (.*)$", block, flags=re.MULTILINE)
    assert len(expected) == block.count("print(")
    assert " ".join(printed.getvalue().split()) == " ".join(" ".join(expected).split())


def test_summary_is_what_is_printed():
    (block,) = [block for block in BLOCKS if "nn.summary(" in block]
    names = {"__name__": "readme"}
    with redirect_stdout(io.StringIO()):
        exec(compile(block, str(README), "exec"), names)
    assert "\n".join(f"    {line}" for line in str(names["report"]).splitlines()) in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")))
def test_linked_file_exists(path):
    assert (README.parent / path).exists()
