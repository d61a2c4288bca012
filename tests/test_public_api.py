"""The names that `cloche` promises: each is there, imported when first asked for, and documented."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import cloche
from cloche import _core

NAMES = [name for name in cloche.__all__ if not name.startswith("__")]


@pytest.mark.parametrize("name", cloche.__all__)
def test_every_promised_name_is_there(name: str) -> None:
    assert getattr(cloche, name) is not None


def test_names_are_sorted_unique_and_all_that_dir_shows() -> None:
    assert list(cloche.__all__) == sorted(set(cloche.__all__))
    assert dir(cloche) == list(cloche.__all__)


def test_a_name_that_is_not_promised_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'cloche' has no attribute 'simulat'"):
        getattr(cloche, "simulat")  # noqa: B009 - a type checker would refuse the attribute


@pytest.mark.parametrize("name", NAMES)
def test_every_promised_name_says_what_it_is(name: str) -> None:
    text = inspect.getdoc(getattr(cloche, name)) or ""
    assert text.splitlines()[:1], name
    assert text != inspect.getdoc(object), name


def functions() -> list[tuple[str, object]]:
    found = [(name, getattr(cloche, name)) for name in NAMES]
    modules = [(name, value) for name, value in found if isinstance(value, ModuleType)]
    found += [(f"{name}.{part}", getattr(value, part)) for name, value in modules for part in value.__all__]
    return [pair for pair in found if inspect.isfunction(pair[1])]


@pytest.mark.parametrize(("name", "function"), functions())
def test_every_function_shows_a_call_and_takes_options_by_keyword(name: str, function: object) -> None:
    assert callable(function)
    assert ">>> " in (inspect.getdoc(function) or ""), name
    for parameter in inspect.signature(function).parameters.values():
        optional = parameter.default is not inspect.Parameter.empty
        positional = parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        # `run_payment_date(deal, state, pool)`: the collateral of the state is a subject, not an option.
        assert not (optional and positional) or parameter.name == "pool", f"{name}: {parameter.name}"


def test_the_stub_names_what_the_binary_has() -> None:
    stub = Path(inspect.getfile(_core)).parent / "_core.pyi"
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    lists = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert lists == [sorted(_core.__all__)]
    assert defined == set(_core.__all__)


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = "import sys, cloche; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    heavy = {"numpy", "pydantic", "yaml", "arro3", "typer", "polars", "pandas", "cloche._core"}
    assert heavy & set(done.stdout.split()) == set()


def test_public_errors_are_of_one_family() -> None:
    for error in (cloche.DealError, cloche.TapeError, cloche.ScenarioError, cloche.RunError):
        assert issubclass(error, cloche.ClocheError)
    assert issubclass(cloche.Cancelled, KeyboardInterrupt)


def test_deals_pools_results_and_tables_show_themselves_in_a_notebook() -> None:
    deal = cloche.templates.us_bsl(par=100e6, closing="2025-03-20", name="A & <B>")
    pool = cloche.synthetic.loan_pool(n=20, seed=1, par=100e6, as_of="2025-03-20")
    scenario = cloche.Scenario(cdr=0.02, recovery=0.7, rates=0.043)
    run = cloche.project(deal, pool, scenario)
    model = cloche.GaussianCopula(inter=0.1, intra=0.2)
    risk = cloche.simulate(deal, pool, model, scenario=scenario, paths=32, seed=1)
    for shown in (deal, pool, run, risk, run.notes):
        html = shown._repr_html_()
        assert html.startswith("<")
        assert "<B>" not in html
