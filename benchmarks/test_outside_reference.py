"""Cloche and the outside figures agree once the rules that differ are named."""

import sys

import pytest

import outside_reference


def test_the_outside_figures_and_cloche_agree_under_their_own_rules(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not outside_reference.FOLDER.is_dir():
        pytest.skip("no folder `shared/bench` with the outside figures beside this checkout")
    monkeypatch.setattr(sys, "argv", ["outside_reference.py", "--paths", "20000"])
    outside_reference.main()  # ends with an error where a mean is too far away
    printed = capsys.readouterr().out
    assert printed.count("largest distance of a mean") == 3
