"""A published deal with triggers and both orders of payment runs from its numbers to every class's cash."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cloche as cl

# The report's own ratios at closing, in percent, recomputed from its balances to four decimals.
CLOSING_OC = {"A/B OC": 131.5789, "C OC": 121.9512, "D OC": 112.9944, "E OC": 108.6957}


@pytest.fixture(scope="module")
def deal(presale: ModuleType, report: Mapping[str, Any]) -> cl.Deal:
    made: cl.Deal = presale.presale_deal(report)
    return made


@pytest.fixture(scope="module")
def pool(deal: cl.Deal) -> cl.LoanPool:
    return cl.synthetic.loan_pool(n=200, seed=7, par=deal.target_par, as_of=deal.dates.closing)


@pytest.fixture(scope="module")
def run(presale: ModuleType, deal: cl.Deal, pool: cl.LoanPool) -> cl.Result:
    return cl.project(deal, pool, presale.base_case())


def opening_state(deal: cl.Deal) -> cl.DealState:
    """Return the first payment date with 550m of par and nothing collected yet."""
    first = next(iter(deal.schedule().rows()))
    return cl.DealState.from_dict(
        {
            "cloche_state": 1,
            "payment_date": first["payment_date"].isoformat(),
            "previous_payment_date": deal.dates.closing,
            "determination_date": first["determination_date"].isoformat(),
            "index_fixings": {"sofr_3m": 0.043},
            "collected": {"interest": 0.0, "principal": 0.0},
            "fee_basis": deal.target_par,
            "notes": {note.name: {"balance": note.balance} for note in deal.notes},
            "collateral": {"performing_par": deal.target_par},
        }
    )


def test_the_tests_at_closing_have_the_published_ratios(deal: cl.Deal) -> None:
    tests = cl.run_payment_date(deal, opening_state(deal)).tests
    found = {row["test"]: row["ratio"] * 100 for row in tests.rows() if row["kind"] == "oc"}
    assert found == pytest.approx(CLOSING_OC, abs=5e-5)


def test_the_triggers_are_the_published_ones(deal: cl.Deal, report: Mapping[str, Any]) -> None:
    published = {
        f"{test['test']} {kind.upper()}": test[f"{kind}_trigger_pct"] / 100
        for test in report["coverage_tests"]
        for kind in ("oc", "ic")
        if test[f"{kind}_trigger_pct"] is not None
    }
    assert {test.name: test.trigger for test in deal.tests} == pytest.approx(published, rel=1e-12)


def test_the_steps_are_the_printed_ones_in_their_order(deal: cl.Deal) -> None:
    document = deal.to_dict()["waterfalls"]
    labels = [step["label"] for step in document["interest"]]
    assert list(dict.fromkeys(labels)) == [str(number) for number in range(1, 24)]
    assert [step["label"] for step in document["principal"]] == [f"P{number}" for number in range(15)]


def test_every_gap_of_the_source_has_a_written_assumption(
    presale: ModuleType, report: Mapping[str, Any], root: Path
) -> None:
    assert set(report["missing"]) == set(presale.ASSUMED)
    page = (root / "docs" / "assumptions_real_deals.md").read_text(encoding="utf-8")
    assert presale.ASSUMED_ON in page
    dates = [value for key, value in presale.ASSUMED.items() if key.endswith(("date", "end", "legal_final"))]
    assert [date for date in dates if date not in page] == []


def test_a_source_with_another_gap_is_refused(presale: ModuleType, report: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match="ramp_up"):
        presale.presale_deal({**report, "missing": [*report["missing"], "ramp_up"]})


def test_a_report_that_is_not_there_is_one_line(
    presale: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    for name, said in (("none.json", "no such file or directory"), ("other.json", "no presale report")):
        monkeypatch.setattr("sys.argv", ["presale_550m.py", str(tmp_path / name)])
        with pytest.raises(SystemExit) as stopped:
            presale.main()
        assert stopped.value.code == 2
        usage, error = capsys.readouterr().err.splitlines()
        assert usage.startswith("usage: ")
        assert error.startswith(f"presale_550m.py: error: {tmp_path / name}: {said}")


def test_the_projection_pays_every_class_and_conserves_cash(run: cl.Result) -> None:
    assert run.conservation_error < 1e-9
    rated = [row for row in run.notes.rows() if row["rating"]]
    assert len(rated) == 8
    assert [row["note"] for row in rated if row["principal_loss"] or row["interest_shortfall"]] == []
    lives = [row["wal"] for row in rated]
    assert lives == sorted(lives)


def test_ten_thousand_paths_conserve_cash_and_hurt_the_junior_classes_more(
    presale: ModuleType, deal: cl.Deal, pool: cl.LoanPool
) -> None:
    model = cl.GaussianCopula(inter=0.15, intra=0.25)
    risk = cl.simulate(deal, pool, model, scenario=presale.base_case(), paths=10_000, seed=7)
    assert risk.paths_done == 10_000
    assert risk.conservation_error < 1e-9
    losses = risk.notes["expected_loss"].tolist()
    assert losses == sorted(losses)
    assert losses[-1] > 0
