"""The command line as a shell runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def cloche() -> Run:
    """Return a function that runs ``cloche`` with arguments, in a folder."""

    def run(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cloche", *map(str, arguments)],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture(scope="session")
def example(cloche: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of ``cloche example``."""
    folder = tmp_path_factory.mktemp("example")
    done = cloche("example", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def inputs(example: Path) -> list[str]:
    """Return the arguments that name the example's deal, tape and scenario."""
    return [
        f"{example}/deal.yaml",
        "--tape",
        f"{example}/tape.csv",
        "--scenario",
        f"{example}/scenario.yaml",
    ]
