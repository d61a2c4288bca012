"""What a collateralized loan obligation pays, to whom, in which future.

>>> import cloche as cl
>>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
>>> pool = cl.synthetic.loan_pool(n=200, seed=7, as_of="2025-03-20")
>>> base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=cl.RateCurve.flat(0.043))
>>> run = cl.project(deal, pool, base)
>>> run.conservation_error < 1e-9
True
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cloche.analytics import Comparison, compare
    from cloche.build import synthetic, templates
    from cloche.build.builder import DealBuilder
    from cloche.errors import (
        Cancelled,
        ClocheError,
        DealError,
        Problem,
        RunError,
        ScenarioError,
        TapeError,
    )
    from cloche.model.deal import Deal, read_deal
    from cloche.model.default_model import GaussianCopula, read_model
    from cloche.model.difference import DealDifference, diff
    from cloche.model.grid import Grid, grid
    from cloche.model.scenario import Reinvestment, Scenario
    from cloche.model.schema import schema
    from cloche.model.state import DealState
    from cloche.rates import RateCurve
    from cloche.result import Breakeven, PaymentDate, Reconciliation, Result, Simulation, Sweep, reconcile
    from cloche.run import project, run_payment_date, simulate
    from cloche.run_breakeven import breakeven
    from cloche.run_sweep import sweep
    from cloche.table import Table
    from cloche.tape import LoanPool
    from cloche.version import __version__

__all__ = [
    "Breakeven",
    "Cancelled",
    "ClocheError",
    "Comparison",
    "Deal",
    "DealBuilder",
    "DealDifference",
    "DealError",
    "DealState",
    "GaussianCopula",
    "Grid",
    "LoanPool",
    "PaymentDate",
    "Problem",
    "RateCurve",
    "Reconciliation",
    "Reinvestment",
    "Result",
    "RunError",
    "Scenario",
    "ScenarioError",
    "Simulation",
    "Sweep",
    "Table",
    "TapeError",
    "__version__",
    "breakeven",
    "compare",
    "diff",
    "grid",
    "project",
    "read_deal",
    "read_model",
    "reconcile",
    "run_payment_date",
    "schema",
    "simulate",
    "sweep",
    "synthetic",
    "templates",
]

# Where each public name lives: nothing heavy is imported before it is asked for.
_HOMES = {
    "Breakeven": "cloche.result",
    "Cancelled": "cloche.errors",
    "ClocheError": "cloche.errors",
    "Comparison": "cloche.analytics",
    "Deal": "cloche.model.deal",
    "DealBuilder": "cloche.build.builder",
    "DealDifference": "cloche.model.difference",
    "DealError": "cloche.errors",
    "DealState": "cloche.model.state",
    "GaussianCopula": "cloche.model.default_model",
    "Grid": "cloche.model.grid",
    "LoanPool": "cloche.tape",
    "PaymentDate": "cloche.result",
    "Problem": "cloche.errors",
    "RateCurve": "cloche.rates",
    "Reconciliation": "cloche.result",
    "Reinvestment": "cloche.model.scenario",
    "Result": "cloche.result",
    "RunError": "cloche.errors",
    "Scenario": "cloche.model.scenario",
    "ScenarioError": "cloche.errors",
    "Simulation": "cloche.result",
    "Sweep": "cloche.result",
    "Table": "cloche.table",
    "TapeError": "cloche.errors",
    "__version__": "cloche.version",
    "breakeven": "cloche.run_breakeven",
    "compare": "cloche.analytics",
    "diff": "cloche.model.difference",
    "grid": "cloche.model.grid",
    "project": "cloche.run",
    "read_deal": "cloche.model.deal",
    "read_model": "cloche.model.default_model",
    "reconcile": "cloche.result",
    "run_payment_date": "cloche.run",
    "schema": "cloche.model.schema",
    "simulate": "cloche.run",
    "sweep": "cloche.run_sweep",
}
_MODULES = {"synthetic": "cloche.build.synthetic", "templates": "cloche.build.templates"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = import_module(_MODULES[name])
    else:
        raise AttributeError(f"module 'cloche' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
