"""One screen about many paths, for people who decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloche.result.layout import aligned, counted, multiple, percent, with_error, years
from cloche.result.path_summary import capital_structure, heading
from cloche.table import Table

__all__ = ["simulation_summary"]


def simulation_summary(
    tables: Mapping[str, Table],
    document: Mapping[str, Any],
    manifest: Mapping[str, Any],
    conservation_error: float,
) -> str:
    """Return the summary of a simulation.

    Parameters
    ----------
    tables
        ``notes``, ``pool`` and ``equity`` of the simulation.
    document
        The deal in canonical form.
    manifest
        Paths and seed.
    conservation_error
        In units of the deal's par.
    """
    residuals = {note["name"] for note in document.get("notes", []) if note.get("residual")}
    return "\n".join(
        [
            *heading(document, manifest),
            *capital_structure(document),
            "",
            f"{counted(manifest['paths'], 'path')}, seed {manifest['seed']} {_errors(manifest['paths'])}",
            *_classes(tables["notes"], residuals),
            "",
            *_pool(tables["pool"]),
            "",
            *_equity(tables["equity"]),
            f"Cash in less cash out: at most {conservation_error:.1e} of par in any period of any path.",
        ]
    )


def _classes(notes: Table, residuals: set[str]) -> list[str]:
    lines = [
        [
            "class",
            "default probability",
            "expected loss",
            "LGD",
            "99% loss",
            "WAL",
            "short of interest",
            "defers",
        ]
    ]
    lines += [
        [
            note["note"],
            with_error(note["default_probability"], note["default_probability_se"]),
            with_error(note["expected_loss"], note["expected_loss_se"]),
            percent(note["loss_given_default"], 0),
            percent(note["loss_q99"], 1),
            years(note["wal"]),
            percent(note["interest_shortfall_probability"]),
            percent(note["deferral_probability"]),
        ]
        for note in notes.rows()
        if note["note"] not in residuals
    ]
    return aligned(lines)


def _pool(pool: Table) -> list[str]:
    lines = [["pool", "defaulted par", "sd", "median", "95%", "99%", "99.9%", "loss", "99% loss"]]
    horizons = {"1": "1 year", "3": "3 years", "5": "5 years", "10": "10 years", "life": "life"}
    lines += [
        [
            horizons[row["horizon"]],
            with_error(row["default_rate"], row["default_rate_se"]),
            *(percent(row[f"default_rate_{part}"], 1) for part in ("sd", "q50", "q95", "q99", "q999")),
            percent(row["loss_rate"]),
            percent(row["loss_rate_q99"], 1),
        ]
        for row in pool.rows()
        if row["horizon"] in horizons
    ]
    return aligned(lines)


def _equity(equity: Table) -> list[str]:
    lines = [["equity", "mean", "sd", "1%", "5%", "25%", "median", "75%", "95%", "99%"]]
    quantiles = ("q01", "q05", "q25", "q50", "q75", "q95", "q99")
    losses: list[str] = []
    for row in equity.rows():
        note = row["note"]
        lines.append(
            [
                f"{note} IRR",
                percent(row["irr"]) + _doubt(row["irr_se"], 100.0, 2),
                *(percent(row[f"irr_{part}"], 1) for part in ("sd", *quantiles)),
            ]
        )
        lines.append(
            [
                f"{note} MOIC",
                multiple(row["moic"]) + _doubt(row["moic_se"], 1.0, 3),
                *(multiple(row[f"moic_{part}"]) for part in ("sd", *quantiles)),
            ]
        )
        loss = with_error(row["probability_of_loss"], row["probability_of_loss_se"])
        losses.append(
            f"{note} returns less than its cost in {loss} of paths; "
            f"IRR of the mean cash flows {percent(row['irr_of_mean_flows'])}"
        )
    return [*aligned(lines), *losses]


def _doubt(error: float | None, scale: float, decimals: int) -> str:
    """Return a standard error behind its estimate; nothing where one path alone has none."""
    return "" if error is None else f" ±{error * scale:.{decimals}f}"


def _errors(paths: int) -> str:
    return "(± is one standard error)" if paths > 1 else "(one path has no standard errors)"
