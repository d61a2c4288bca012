"""A waterfall in the words of an indenture."""

from __future__ import annotations

from typing import Any

from cloche.model.deal import Deal


def test_the_interest_waterfall_reads_like_its_clauses(full_grammar: str) -> None:
    assert Deal.from_yaml(full_grammar).waterfalls["interest"].describe() == (
        """\
INTEREST PROCEEDS

On each payment date, interest proceeds are applied in the following order of priority:

(A)     to the payment of taxes (4,000 a payment date);
(B)     to the payment of admin (0.03% a year of the fee basis amount plus 220,000 a year), up to the cap of
        0.02% a year of the fee basis amount, 175,000 a year plus what the caps of the last 3 payment dates
        left unused;
(C)     to the payment of senior (0.15% a year of the fee basis amount) and platform (0.1% a year of the
        performing par up to 100,000,000 plus 0.04% a year of the rest of the performing par), pro rata based
        on amounts due;
(D)     to the payment of hedge payments under swap;
(E)     to the payment, pro rata based on amounts due, of (1) interest on the Class X Notes and the Class A
        Notes and (2) the amortization of the Class X Notes;
(F)     to the payment of interest on the Class B-1 Notes and the Class B-2 Notes, pro rata based on amounts
        due;
(G)     if any of A/B OC (123.5%) and A/B IC (120%) is not satisfied, to the payment of deferred interest on
        and principal of the notes in accordance with the note payment sequence until all are satisfied;
(H)     to the payment of interest on the Class C Notes;
(I)     if C OC (115.5%) is not satisfied, to the payment of deferred interest on and principal of the notes
        in accordance with the sequence mezzanine until it is satisfied;
(J)     to the payment of deferred interest on the Class C Notes;
(K)     to the payment of interest on the Class D Notes, then the Class E Notes;
(L)     if E OC (105%) is not satisfied, to the payment of deferred interest on and principal of the Class E
        Notes until it is satisfied;
(M)     if D OC (108.5%) is not satisfied, to the purchase of collateral until it is satisfied;
(N)     during the reinvestment period, if Reinvestment OC (105.6%) is not satisfied, to the principal
        account, the lesser of 50% of what remains and the amount needed to satisfy it;
(turbo) if E OC is satisfied and after the reinvestment period, in this order:
        (i) to the payment of deferred interest on and principal of the Class E Notes, 50% of what remains
        (ii) to the payment of sub (0.3% a year of the fee basis amount), at most 50% of what remains
        otherwise, in this order:
        (i) to the payment of sub (0.3% a year of the fee basis amount), at most 250,000;
(P)     to the payment of admin, the amount above its cap;
(Q)     to the payment of rebate, 2% of the residual;
(R)     to the SUB Notes, until the internal rate of return of 12% above which incentive is due is reached;
(S)     to the payment of incentive, 20% of the residual above an internal rate of return of 12%;
(T)     to the SUB Notes, what remains."""
    )


def test_the_principal_waterfall_reads_like_its_clauses(full_grammar: str) -> None:
    text = Deal.from_yaml(full_grammar).waterfalls["principal"].describe()
    assert (
        text.partition(":\n\n")[2]
        == """\
(A) to the payment of what interest proceeds left unpaid of fees and interest, in their order and within their
    caps, through interest on the Class B-2 Notes;
(B) if any of A/B OC (123.5%) and A/B IC (120%) is not satisfied, to the payment of deferred interest on and
    principal of the notes in accordance with the note payment sequence until all are satisfied;
(C) if Class C is the controlling class, to the payment of deferred interest on, then principal of, the Class
    C Notes and the Class D Notes, pro rata based on balances;
(D) during the reinvestment period, to the purchase of collateral with principal proceeds;
(E) to the purchase of collateral with the reinvested share of unscheduled principal payments;
(F) to the payment of principal of the notes in accordance with the note payment sequence;
(G) to the payment of principal of the Class E Notes;
(H) what remains stays on deposit."""
    )


def test_a_description_has_structure_tests_and_all_waterfalls(small_deal: dict[str, Any]) -> None:
    assert Deal.from_dict(small_deal).describe() == (
        """\
Small (USD 100,000,000 target par)
closing 2025-03-20, first payment 2025-10-20, maturity 2035-04-20
static

  A            70,000,000          sofr_3m + 130bp
  B            15,000,000          sofr_3m + 300bp       deferrable
  SUB          15,000,000          residual

  B OC                    110%  overcollateralization

INTEREST PROCEEDS

On each payment date, interest proceeds are applied in the following order of priority:

(A) to the payment of senior (0.15% a year of the fee basis amount);
(B) to the payment of interest on the Class A Notes;
(C) to the payment of interest on the Class B Notes;
(D) if B OC (110%) is not satisfied, to the payment of deferred interest on and principal of the notes in
    accordance with the note payment sequence until it is satisfied;
(E) to the SUB Notes, what remains.

PRINCIPAL PROCEEDS

On each payment date, principal proceeds are applied in the following order of priority:

(A) to the payment of principal of the notes in accordance with the note payment sequence;
(B) to the SUB Notes, what remains.
"""
    )


def test_names_are_escaped_in_html(small_deal: dict[str, Any]) -> None:
    small_deal["name"] = "<script>"
    assert "<script>" not in Deal.from_dict(small_deal)._repr_html_()
    assert repr(Deal.from_dict(small_deal)) == "<Deal '<script>': USD 100,000,000, notes A, B, SUB>"


def test_accounts_hedges_and_rights_are_told(small_deal: dict[str, Any]) -> None:
    small_deal["dates"]["non_call_end"] = "2026-04-20"
    small_deal["accounts"] = [{"name": "reserve", "initial": 50_000, "target": 75_000, "earns": "cash"}]
    leg = {"index": "sofr_3m", "spread": "-5bp"}
    small_deal["hedges"] = [
        {"name": "swap", "pay": {"fixed": 0.04}, "receive": leg, "notional": {"2025-03-20": 5e6}},
        {"name": "cap", "receive": {"index": "sofr_3m", "above": 0.06}, "notional": "A"},
    ]
    small_deal["default_events"] = {
        "causes": ["par_ratio"],
        "accelerate": "automatic",
        "liquidate": "when_covered",
    }
    new = {"name": "A-R", "balance": "outstanding", "coupon": {"index": "sofr_3m", "spread": "105bp"}}
    small_deal["events"] = [
        {"date": "2027-07-20", "refinance": {"A": {"into": [new]}}},
        {"date": "2028-07-20", "reprice": {"B": "250bp"}},
        {"when": "pool_factor < 0.2", "from": "nc_end", "call": {"price": 0.985}},
        {"date": "2029-01-22", "issue": {"notes": {"B": {"name": "B-2", "balance": 1e6}}, "equity": 2e6}},
    ]
    small_deal["rights"] = {
        "optional_redemption": True,
        "refinancing": {"after": "non_call_end"},
        "issue": True,
        "amendment": False,
    }
    small_deal["conventions"] = {"deferred_form": "capitalized", "x_in_ic": False}
    told = Deal.from_dict(small_deal).describe().split("INTEREST PROCEEDS")[0]
    assert told.splitlines()[2] == "static, non-call until 2026-04-20"
    assert (
        told.partition("overcollateralization\n")[2]
        == """
  reserve             account, 50,000 at closing, filled up to 75000, earns what principal cash earns
  swap                pays 4%, receives sofr_3m - 5bp, on 5,000,000 from 2025-03-20
  cap                 receives what sofr_3m is above 6%, on the balance of the Class A Notes

  an event of default (par ratio) accelerates the notes for good; the collateral is sold where it covers them
  rights: optional redemption, refinancing, issue
  conventions: x_in_ic false, deferred_form capitalized

"""
    )


def test_what_is_drawn_over_time_is_told(small_deal: dict[str, Any]) -> None:
    a = small_deal["notes"][0]
    a["commitment"] = {
        "amount": a["balance"] + 1e6,
        "fee": "40bp",
        "until": "2027-07-20",
        "revolving": True,
        "draws": {"2026-07-20": 250_000, "2026-01-20": 500_000},
    }
    told = Deal.from_dict(small_deal).describe()
    total = f"{a['balance'] + 1e6:,.0f}"
    line = (
        f"  A                   drawn over time up to {total}, 500,000 on 2026-01-20, 250,000 on 2026-07-20,"
        " what is repaid can be drawn again, until 2027-07-20, 0.4% a year on what is undrawn"
    )
    assert line in told.splitlines()


def test_classes_are_described_with_what_they_have_beside_a_coupon(full_grammar: str) -> None:
    deal = Deal.from_yaml(full_grammar).replace({"notes.A.coupon.cap": 0.09, "notes.A.coupon.floor": 0.005})
    text = deal.describe()
    assert "  MIX          10,000,000          combination\n" in text
    assert "  MIX                 consists of 8,000,000 of A and 2,000,000 of SUB\n" in text
    assert "  X                   repaid in 10 equal instalments, the first on payment date 2\n" in text
    assert "the index counts at least 0.5%, the index counts at most 9%" in text


def test_a_step_of_a_coupon_is_described_with_its_date_or_condition(full_grammar: str) -> None:
    steps = [
        {"from": "2030-04-20", "spread": "350bp"},
        {"when": "not passes('E OC')", "spread": "400bp"},
        {"when": "pool_factor < 0.5", "spread": "450bp", "lasting": True},
    ]
    text = Deal.from_yaml(full_grammar).replace({"notes.A.coupon.step_up": steps}).describe()
    assert "sofr_3m + 350bp from 2030-04-20 on, sofr_3m + 400bp while not passes('E OC')" in text
    assert "sofr_3m + 450bp for good once pool_factor < 0.5" in text
