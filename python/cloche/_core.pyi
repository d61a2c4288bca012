"""The compiled engine: documents in as canonical JSON, columns out as NumPy arrays."""

import datetime as dt
from collections.abc import Callable
from typing import Any, final

__all__ = [
    "Deal",
    "Pool",
    "Simulation",
    "Sweep",
    "add_business_days",
    "adjust",
    "bootstrap_discount",
    "check_deal",
    "conventions",
    "curve_fixing",
    "day_count_fraction",
    "instruction_sets",
    "present_value",
    "project",
    "run_payment_date",
    "schedule",
    "schedule_dates",
    "simulate",
    "state_at",
    "sweep",
    "sweep_fields",
]

@final
class Deal:
    def __new__(cls, document: str) -> Deal: ...

@final
class Pool:
    def __new__(cls, columns: dict[str, Any], as_of: int) -> Pool: ...
    def __len__(self) -> int: ...

@final
class Simulation:
    @property
    def paths_done(self) -> int: ...
    @property
    def interrupted(self) -> bool: ...
    def tables(self) -> dict[str, Any]: ...
    def paths(self) -> dict[str, Any]: ...
    def replay(self, path: int) -> dict[str, Any]: ...
    def state_at(self, path: int, on: str) -> str: ...

@final
class Sweep:
    @property
    def points_done(self) -> int: ...
    @property
    def interrupted(self) -> bool: ...
    @property
    def conservation_error(self) -> float: ...
    def note_column(self, name: str) -> Any: ...
    def note_rows(self) -> int: ...
    def points(self) -> dict[str, Any]: ...

def add_business_days(value: dt.date, n: int, calendars: list[str]) -> dt.date: ...
def adjust(value: dt.date, calendars: list[str], roll: str) -> dt.date: ...
def bootstrap_discount(base: str, quotes: list[tuple[str, str, float]]) -> dict[str, float]: ...
def check_deal(document: str) -> list[tuple[str, str]]: ...
def conventions(document: str) -> list[tuple[str, str]]: ...
def curve_fixing(curve: str, on: dt.date, index: str = "sofr_3m") -> float: ...
def day_count_fraction(name: str, start: dt.date, end: dt.date) -> float: ...
def instruction_sets() -> list[str]: ...
def present_value(days: list[int], amounts: list[float], annual_yield: float) -> float: ...
def project(deal: Deal, pool: Pool, scenario: str, state: str | None, tape_hash: str) -> dict[str, Any]: ...
def run_payment_date(deal: Deal, state: str) -> dict[str, Any]: ...
def schedule(document: str) -> dict[str, Any]: ...
def schedule_dates(
    first: dt.date, last: dt.date, months: int, calendars: list[str], roll: str, end_of_month: bool
) -> list[dt.date]: ...
def simulate(
    deal: Deal,
    pool: Pool,
    model: str,
    scenario: str,
    state: str | None,
    tape_hash: str,
    *,
    paths: int,
    seed: int,
    threads: int,
    keep_flows: bool = False,
    keep_paths: bool = False,
    portable: bool = False,
    on_progress: Callable[[int, int], object] | None = None,
) -> Simulation: ...
def state_at(deal: Deal, pool: Pool, scenario: str, state: str | None, tape_hash: str, on: str) -> str: ...
def sweep(
    deals: list[Deal],
    pool: Pool,
    scenarios: list[str],
    axes: list[tuple[str, list[str]]],
    state: str | None,
    tape_hash: str,
    *,
    threads: int,
    portable: bool = False,
    on_progress: Callable[[int, int], object] | None = None,
) -> Sweep: ...
def sweep_fields() -> list[str]: ...
