"""The programs that cloche is timed against do the standard work, and do the same work."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import numba_baseline
import numpy_baseline
from standard_deal import CASH, LOSS, PV, PV_EQUITY, StandardDeal, document, normals, standard_deal

OUTSIDE = Path(__file__).resolve().parent.parent.parent / "shared" / "bench"


@pytest.fixture(scope="module")
def deal() -> StandardDeal:
    return standard_deal()


@pytest.mark.parametrize("program", [numba_baseline.TUNED, numba_baseline.PLAIN], ids=["tuned", "plain"])
def test_numpy_and_numba_agree_on_the_same_draws(deal: StandardDeal, program: Any) -> None:
    z = normals(deal, 11, 0, 2_000)
    difference = np.abs(numpy_baseline.run_normals(deal, z) - numba_baseline.run_normals(deal, z, program))
    assert difference.max() <= 1e-12


def test_cash_in_is_cash_out_in_every_path(deal: StandardDeal) -> None:
    assert np.abs(numpy_baseline.run(deal, 2_000, seed=3)[:, CASH]).max() <= 1e-14


def test_threads_change_no_bit(deal: StandardDeal) -> None:
    one = numba_baseline.run(deal, 3_500, seed=5, threads=1)
    assert np.array_equal(one, numba_baseline.run(deal, 3_500, seed=5, threads=2))


def test_about_23_companies_default_in_a_path(deal: StandardDeal) -> None:
    expected = -np.expm1(-deal.hazard * deal.maturity / 4.0)
    assert 20.0 < expected.sum() < 26.0


def test_the_document_has_30_interest_and_15_principal_steps() -> None:
    waterfalls = document()["waterfalls"]
    assert (len(waterfalls["interest"]), len(waterfalls["principal"])) == (30, 15)


def outside_deal(deal: StandardDeal, raw: dict[str, Any]) -> StandardDeal:
    """Return the outside deal in this project's form, without fees, diversion and incentive."""
    none = np.zeros(len(deal.fee_rate))
    return deal._replace(
        periods=raw["T"],
        reinvestment_periods=raw["rp"],
        lag=raw["lag"],
        correlation=raw["rho"],
        index_rate=raw["base"],
        prepaid=raw["smm"],
        total=raw["total"],
        par=raw["par"],
        spread=raw["spread"],
        maturity=raw["mat"],
        hazard=raw["haz"],
        recovery=raw["rec"],
        fraction=raw["yf"],
        years=np.cumsum(raw["yf"]) * 360.0 / 365.0,
        discount=raw["df"],
        balance=raw["bal0"][:5],
        coupon=raw["base"] + raw["tspr"],
        equity=float(raw["bal0"][5]),
        oc_trigger=raw["oc"],
        ic_trigger=np.append(raw["ic"], 1e-9),
        diversion_share=0.0,
        incentive_share=0.0,
        fee_rate=none,
        fee_fixed=none,
        fee_amount=none,
        new_spread=raw["new_spread"],
        new_recovery=raw["new_rec"],
        new_term=raw["new_mat"],
        new_instalment=0.0,
        new_threshold=raw["cnew"],
    )


def test_an_outside_program_pays_the_same_where_no_rule_differs(
    deal: StandardDeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its rules for failing tests do not act, an independent program gives the same present values.

    Fees and triggers are set aside on both sides; the programs then differ only once a class loses money.
    """
    if not OUTSIDE.is_dir():
        pytest.skip("the outside program lies in a folder `shared` beside the checkout, which is not here")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(OUTSIDE))
    program = importlib.import_module("clo_numpy")
    raw: dict[str, Any] = json.loads((OUTSIDE / "deal.json").read_text(encoding="utf-8"))
    raw = {key: np.array(value) if isinstance(value, list) else value for key, value in raw.items()}
    raw |= {"oc": np.full(4, 1.0 + 1e-9), "ic": np.full(3, 1e-9), "sen_fee": 0.0, "sub_fee": 0.0}
    ours = outside_deal(deal, raw)
    z = normals(ours, 5, 0, 4_000)
    theirs: NDArray[np.float64] = program.run_chunk(raw, z)
    out = numpy_baseline.run_normals(ours, z)
    without_loss = (theirs[:, 6:11] < 1e-9).all(axis=1)
    assert without_loss.mean() > 0.4
    assert np.abs(out[without_loss, LOSS]).max() <= 1e-9
    present = np.column_stack([out[:, PV], out[:, PV_EQUITY]])
    assert np.abs(present - theirs[:, :6] / raw["bal0"])[without_loss].max() <= 1e-12
