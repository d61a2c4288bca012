"""Ctrl-C stops a long simulation and keeps what is done."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import cloche as cl

# What is promised is 0.2 s on a machine of one's own; tests share theirs.
SOON = 10.0
PATHS = 4_000_000


def command(example: Path, inputs: list[str], *more: str) -> list[str]:
    model = f"{example}/model.yaml"
    return [sys.executable, "-m", "cloche", "simulate", *inputs, "--model", model, "--seed", "7", *more]


def interrupted(arguments: list[str], out: Path, after: float) -> tuple[int, str, str]:
    """Return exit code and both outputs of a command that gets Ctrl-C so many seconds after its folder is there."""
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not out.exists():  # made before the work begins
            time.sleep(0.01)
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        printed, said = process.communicate(timeout=120)
    assert time.monotonic() - sent < SOON
    return process.returncode, printed, said


def test_an_interrupted_simulation_prints_and_writes_what_is_done_and_exits_with_130(
    example: Path, inputs: list[str], tmp_path: Path
) -> None:
    for after in (2.0, 8.0, 24.0):  # a busy machine may not have finished a path yet
        out = tmp_path / f"{after}"
        arguments = command(example, inputs, "--paths", str(PATHS), "--out", str(out), "--format", "csv")
        code, printed, said = interrupted(arguments, out, after)
        assert code == 130
        assert "Traceback" not in said
        found = re.search(r"simulation interrupted after ([\d,]+) of 4,000,000 paths", said)
        done = int(found[1].replace(",", "")) if found else 0
        if done:
            break
    assert 0 < done < PATHS
    assert f"{done:,} paths, seed 7" in printed
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["paths"] == done
    assert (out / "notes.csv").exists()


def test_an_interrupted_call_keeps_the_bits_of_a_run_of_that_length(example: Path) -> None:
    deal = cl.read_deal(example / "deal.yaml")
    pool = cl.LoanPool.read(example / "tape.csv", as_of=deal.dates.closing)
    scenario = cl.Scenario.from_yaml(example / "scenario.yaml")
    model = cl.read_model(example / "model.yaml")

    def press(done: int, _total: int) -> None:
        if done:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(cl.Cancelled) as caught:
        cl.simulate(deal, pool, model, scenario=scenario, paths=PATHS, seed=7, on_progress=press)
    partial = caught.value.partial
    assert isinstance(partial, cl.Simulation)
    assert 0 < partial.paths_done < PATHS
    whole = cl.simulate(deal, pool, model, scenario=scenario, paths=partial.paths_done, seed=7)
    assert whole == partial


def test_a_terminal_sees_a_progress_bar_on_standard_error(example: Path, inputs: list[str]) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command(example, inputs, "--paths", "30000"), stdout=subprocess.PIPE, stderr=slave, text=True
    )
    os.close(slave)
    seen: list[bytes] = []

    def watch() -> None:
        try:
            while data := os.read(master, 65536):
                seen.append(data)
        except OSError:
            return  # the terminal's other end is closed

    watcher = threading.Thread(target=watch)
    watcher.start()
    printed, _ = process.communicate(timeout=120)
    watcher.join(timeout=10)
    os.close(master)
    screen = b"".join(seen).decode()
    assert process.returncode == 0
    assert "simulating" in screen
    assert "30,000 paths asked for" in screen
    assert "simulating" not in printed
    assert "30,000 paths, seed 7" in printed
