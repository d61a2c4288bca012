"""The real deals lie beside the project and are not shipped; without them their tests are skipped with that reason."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cloche as cl


def example(root: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, root / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def given(folder: Path, name: str) -> Path:
    path = folder / "data" / name
    if not path.exists():
        pytest.skip(f"{name} is not beside this checkout")
    return path


@pytest.fixture(scope="session")
def presale(root: Path) -> ModuleType:
    return example(root, "presale_550m")


@pytest.fixture(scope="session")
def pair(root: Path) -> ModuleType:
    return example(root, "example_pair")


@pytest.fixture(scope="session")
def report(reference: Path) -> Mapping[str, Any]:
    path = given(reference, "deals/us_bsl_presale_2025_550m.json")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="session")
def pair_source(reference: Path, pair: ModuleType) -> Mapping[str, Any]:
    path = given(reference, f"example_pair/{pair.DEAL_FILE}")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="session")
def pair_pool(reference: Path, pair: ModuleType) -> cl.LoanPool:
    return cl.LoanPool.read(given(reference, f"example_pair/{pair.TAPE_FILE}"), as_of=pair.AS_OF)


@pytest.fixture(scope="session")
def worked(root: Path) -> ModuleType:
    return example(root, "worked_dates")
