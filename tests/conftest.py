"""What all tests share: Hypothesis profiles and the folder of outside reference numbers."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# `fast` gives the same examples in every run, so that a red run can be repeated; `thorough` looks further.
settings.register_profile("fast", max_examples=40, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder `shared` beside the checkout: outside cases and data that are not shipped."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no folder `shared` with outside reference numbers beside this checkout")
    return folder
