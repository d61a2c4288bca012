"""The embedded example: an invented broadly syndicated deal, its tape, a base case and a default model, as files."""

from __future__ import annotations

import os
from pathlib import Path

from cloche.build.synthetic import loan_table
from cloche.build.templates import us_bsl
from cloche.errors import RunError
from cloche.model.default_model import GaussianCopula
from cloche.model.scenario import Reinvestment, Scenario
from cloche.rates import RateCurve
from cloche.table import atomic

__all__ = ["write_example"]

_CLOSING = "2025-03-20"
_PAR = 500e6
_LOANS = 200
_SEED = 7


def write_example(folder: str | os.PathLike[str], *, force: bool = False) -> list[Path]:
    """Write ``deal.yaml``, ``tape.csv``, ``scenario.yaml`` and ``model.yaml``.

    Parameters
    ----------
    folder
        Made if it is missing.
    force
        Overwrite files that are there.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    RunError
        If one of the files is there already and `force` is not set; nothing is written then.
    """
    place = Path(folder)
    deal = us_bsl(par=_PAR, closing=_CLOSING, name="Example BSL 2025-1")
    scenario = Scenario(
        cdr=0.02,
        cpr=0.20,
        recovery=0.70,
        recovery_lag_months=6,
        rates=RateCurve.flat(0.043),
        reinvestment=Reinvestment(price=0.995, spread=0.0340),
    )
    texts = {
        "deal.yaml": deal.to_yaml(),
        "scenario.yaml": scenario.to_yaml(),
        "model.yaml": GaussianCopula(inter=0.15, intra=0.25).to_yaml(),
    }
    taken = [name for name in (*texts, "tape.csv") if (place / name).exists()]
    if taken and not force:
        raise RunError(
            f"{place} already holds {', '.join(taken)}; choose another folder or overwrite with --force"
        )
    place.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        with atomic(place / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    loan_table(n=_LOANS, seed=_SEED, par=_PAR, as_of=_CLOSING).write_csv(place / "tape.csv")
    return [place / name for name in ("deal.yaml", "tape.csv", "scenario.yaml", "model.yaml")]
