"""What a reset's document puts into its accounts, by hand.

On the tiny deal A is 60 and due 0.9 a quarter, the loan of 100 pays 2.0, equity gets 1.1. The reset of
15 July 2025 issues 70, due 0.875 a quarter, and redeems 60.
"""

from datetime import date
from typing import Any

import pytest

import cloche as cl
from engine import crossing
from engine.test_resets import RESET_DATE, deal_with, equity, projected
from reference.test_reset_rules import LOAN, reset, second
from reference.tiny import Document, deal_of, run

approx = pytest.approx
RESERVE: Document = {"name": "reserve", "earns": "nothing", "proceeds": "interest"}
RESET = date(2025, 7, 15)


class TestAccounts:
    """A reserve that the second document funds with 1.5 and releases on its second payment date."""

    def into(self, initial: float = 1.5, **more: Any) -> Document:
        release = {"verb": "release_reserve", "account": "reserve", "when": "date >= '2026-01-15'"}
        falls = {**second()["waterfalls"]}
        falls["interest"] = [release, *falls["interest"]]
        return second(accounts=[{**RESERVE, "initial": initial}], **more)

    def test_a_deposit_is_taken_from_what_the_new_classes_bring(self) -> None:
        plain, result = projected(reset()), projected(reset(into=self.into()))
        assert equity(result)[1] == approx(equity(plain)[1] - 1.5)
        assert equity(result)[2:-1] == approx(equity(plain)[2:-1])
        # On the last date it is interest proceeds again.
        assert equity(result)[-1] == approx(equity(plain)[-1] + 1.5)
        rows = crossing.rows(result["accounts"])
        held = {row["date"]: row["end_balance"] for row in rows}
        assert set(held.values()) == {1.5, 0.0}
        assert result["conservation_error"] < 1e-12
        (deposit,) = [row for row in result["ledger"] if row["payee"] == "reserve"]
        assert (deposit["date"], deposit["paid"], deposit["waterfall"]) == (RESET, 1.5, "refinancing")

    def test_equity_pays_in_what_new_classes_do_not_bring(self) -> None:
        into = self.into(initial=20.0)
        assert equity(projected(reset(into=into)))[1] == approx(1.1 + 10.0 - 20.0)

    def test_an_account_that_goes_on_keeps_its_balance_beside_the_deposit(self) -> None:
        result = projected(reset(into=self.into()), accounts=[{**RESERVE, "initial": 3.0}])
        rows = {row["date"]: row for row in crossing.rows(result["accounts"])}
        assert [rows[RESET][name] for name in ("begin_balance", "paid_in", "paid_out", "end_balance")] == [
            3.0,
            1.5,
            0.0,
            4.5,
        ]

    def test_the_reference_agrees(self) -> None:
        event = reset(into=self.into(), cost={"fixed": 0.5, "paid_from": "proceeds"})
        accounts = [{**RESERVE, "initial": 3.0}]
        theirs = run(LOAN, deal=deal_of(accounts=accounts, events=[event]))
        ours = projected(event, accounts=accounts)
        assert equity(ours) == approx([paid for _, paid in theirs["equity"][1:]])
        assert theirs["conservation_error"] < 1e-12

    def test_an_amendment_brings_no_cash(self) -> None:
        account = {"name": "reserve", "initial": 5.0}
        with pytest.raises(cl.DealError) as refused:
            deal_with({"date": RESET_DATE, "amend": {"accounts": [account]}})
        (problem,) = refused.value.problems
        assert problem.place == "events[0].amend.accounts[0].initial"
        assert "expected 0: an amendment brings no cash into an account" in problem.message
