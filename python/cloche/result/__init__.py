"""Results: tables with stable columns, a screenful in words, and the manifest of the run."""

from cloche.result.breakeven import Breakeven
from cloche.result.reconciliation import Reconciliation, reconcile
from cloche.result.result import PaymentDate, Result
from cloche.result.schemas import PATH_TABLES, SIMULATION_TABLES
from cloche.result.simulation import Keep, Simulation
from cloche.result.sweep import Sweep

__all__ = [
    "PATH_TABLES",
    "SIMULATION_TABLES",
    "Breakeven",
    "Keep",
    "PaymentDate",
    "Reconciliation",
    "Result",
    "Simulation",
    "Sweep",
    "reconcile",
]
