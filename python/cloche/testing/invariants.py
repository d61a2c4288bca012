"""Facts that hold for every result, checked on its tables.

Tables are lists of dicts with the column names of the results. Each function asserts and returns nothing; amounts
are in currency units, tolerances in shares of `par` where a par is given.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

POTS = {"acceleration", "redemption"}
"""Waterfalls that apply all proceeds of a date."""

Row = Mapping[str, Any]
Document = Mapping[str, Any]


def cash_conserved(
    ledger: Sequence[Row], collateral: Sequence[Row], *, par: float, tolerance: float = 1e-9
) -> None:
    """Every date: proceeds = what was paid to anyone + what stays on deposit + what was spent on collateral.

    For deals without accounts of their own.

    Parameters
    ----------
    ledger
        Table `ledger`; transfers are outside the sum of payments, and so is what successors of a refinanced class or
        equity pay, which is no proceeds of the collateral.
    collateral
        Table `collateral`.
    par
        Par of the deal.
    tolerance
        Largest error, as a share of `par`.
    """
    proceeds = {row["date"]: row["interest_collected"] + row["principal_cash"] for row in collateral}
    paid: dict[Any, float] = defaultdict(float)
    kept: dict[Any, float] = defaultdict(float)
    left: dict[tuple[Any, str], float] = {}
    for row in ledger:
        if row["waterfall"] == "refinancing":
            continue
        if row["waterfall"] == "month_ends":  # spent before the date, so not in its principal cash
            proceeds[row["date"]] += row["paid"]
        if row["source"] != "draw":
            left[row["date"], row["waterfall"]] = row["available_after"]
        if row["source"] not in {"transfer", "draw"}:
            paid[row["date"]] += row["paid"]
        elif _stays_on_deposit(row):
            kept[row["date"]] += row["paid"]
    for (day, _), amount in left.items():
        kept[day] += amount
    for day, available in proceeds.items():
        error = abs(available - paid[day] - kept[day])
        assert error <= tolerance * par, f"{day}: {error} of cash is not accounted for"


def _stays_on_deposit(row: Row) -> bool:
    """Whether a transfer is for no later step of its date: a purchase, cash that is held, the diversion of a pot."""
    if row["step"] in {"reinvest", "retain"}:
        return True
    return row["waterfall"] in {"cure": {"interest", *POTS}, "divert": POTS}.get(row["step"], ())


def ledger_is_continuous(ledger: Sequence[Row], *, par: float, tolerance: float = 1e-9) -> None:
    """Inside a waterfall each row starts with what the row before left, less what it paid.

    Interest diverted to principal joins the principal waterfall once, at its first purchase or principal step, which
    has no row where nothing is outstanding any more: then a later step shows it. Principal that is designated for
    purchases is not there before that step. What successors of a refinanced class or equity pay is no waterfall; steps
    of the receipts and draws have sources of their own.
    """
    diverted: dict[Any, float] = defaultdict(float)
    for row in ledger:
        if row["waterfall"] == "interest" and (row["source"], row["payee"]) == (
            "transfer",
            "principal account",
        ):
            diverted[row["date"]] += row["paid"]
    shown: dict[Any, float] = defaultdict(float)
    for first, second in pairwise(ledger):
        if first["waterfall"] == "principal":
            shown[first["date"]] += first["available_before"]
        for row in (first, second):
            assert row["paid"] >= 0, row
            assert row["paid"] <= row["due"] + tolerance * par, row
            error = abs(row["available_before"] - row["paid"] - row["available_after"])
            if row["step"] in {"transfer", "release_reserve"}:  # an account may have paid
                error = min(error, abs(row["available_before"] + row["paid"] - row["available_after"]))
            assert error <= tolerance * par, row
        if (first["date"], first["waterfall"]) != (second["date"], second["waterfall"]):
            continue
        if first["waterfall"] in {"refinancing", "receipts", "month_ends"} or "draw" in {
            first["source"],
            second["source"],
        }:
            continue
        gain = second["available_before"] - first["available_after"]
        if first["waterfall"] == "principal" and gain > tolerance * par:
            if shown[second["date"]] > 0.0 and second["step"] not in {"reinvest", "pay_principal"}:
                gain -= diverted.pop(second["date"], 0.0)
                assert gain <= tolerance * par, (first, second)
        else:
            assert abs(gain) <= tolerance * par, (first, second)


def balances_continue(
    cashflows: Sequence[Row], deal: Document, *, par: float, tolerance: float = 1e-9
) -> None:
    """Each note: end = begin + issued − principal, the next begin = end, and nothing is negative.

    A residual note may contribute the cost of a refinancing, and principal is net of draws. Deferred interest has a
    balance of its own, or joins that of the note where the deal capitalizes it.
    """
    capitalizes = deal.get("conventions", {}).get("deferred_form") == "capitalized"
    may_be_negative = {
        note["name"]: {"interest_paid"} if note.get("residual") else {"principal_paid"}
        for note in deal["notes"]
        if note.get("residual") or note.get("commitment") or note.get("combination_of")
    }
    columns = {"interest_paid", "deferred_paid", "principal_paid", "deferred_balance"}
    for name, rows in _by_note(cashflows).items():
        for row in rows:
            assert row["begin_balance"] >= 0, row
            assert row["end_balance"] >= -tolerance * par, row
            added = row.get("issued", 0.0) + (row["deferred_interest"] if capitalizes else 0.0)
            error = abs(row["begin_balance"] + added - row["principal_paid"] - row["end_balance"])
            assert error <= tolerance * par, row
            for column in columns - may_be_negative.get(name, set()):
                assert row[column] >= -tolerance * par, (column, row)
        for before, after in pairwise(rows):
            assert abs(before["end_balance"] - after["begin_balance"]) <= tolerance * par, after
            change = (0.0 if capitalizes else after["deferred_interest"]) - after["deferred_paid"]
            error = abs(before["deferred_balance"] + change - after["deferred_balance"])
            assert error <= tolerance * par, after


def interest_is_paid_deferred_or_overdue(
    cashflows: Sequence[Row], deal: Document, *, par: float, tolerance: float = 1e-9
) -> None:
    """Interest due and overdue before = interest paid + newly deferred + overdue after; only deferrable defers."""
    terms = {note["name"]: note for note in deal["notes"]}
    for name, rows in _by_note(cashflows).items():
        if terms[name].get("residual") or terms[name].get("combination_of"):
            continue
        overdue = 0.0
        for row in rows:
            left = row["deferred_interest"] + row["interest_shortfall"]
            error = abs(overdue + row["interest_due"] - row["interest_paid"] - left)
            assert error <= tolerance * par, row
            if not terms[name].get("deferrable"):
                assert row["deferred_interest"] == 0, row
            overdue = row["interest_shortfall"]


def pari_passu_proportional(cashflows: Sequence[Row], deal: Document, *, tolerance: float = 1e-9) -> None:
    """Notes of one rank get principal in proportion to their balances and interest in proportion to what is due."""
    ranks: dict[int, list[str]] = defaultdict(list)
    for note in deal["notes"]:
        if note.get("principal_rank") is not None and not note.get("residual"):
            ranks[note["principal_rank"]].append(note["name"])
    rows = {(row["date"], row["note"]): row for row in cashflows}
    overdue: dict[str, float] = defaultdict(float)
    for day in sorted({row["date"] for row in cashflows}):
        for names in ranks.values():
            here = [rows[day, name] for name in names]
            _same_ratio([(row["principal_paid"], row["begin_balance"]) for row in here], tolerance)
            _same_ratio(
                [(row["interest_paid"], row["interest_due"] + overdue[row["note"]]) for row in here],
                tolerance,
            )
            for row in here:
                overdue[row["note"]] = row["interest_shortfall"]


def _same_ratio(pairs: Iterable[tuple[float, float]], tolerance: float) -> None:
    ratios = [paid / due for paid, due in pairs if due > 1e-3]
    assert not ratios or max(ratios) - min(ratios) <= tolerance, ratios


def no_principal_out_of_order(
    cashflows: Sequence[Row], deal: Document, *, par: float, tolerance: float = 1e-9
) -> None:
    """A class gets principal only on dates on which every more senior class ends with nothing outstanding.

    For deals whose principal follows the ranks; a class X, which has no principal rank, is outside.
    """
    ranks = {
        note["name"]: note["principal_rank"]
        for note in deal["notes"]
        if note.get("principal_rank") is not None and not note.get("residual")
    }
    days: dict[Any, list[Row]] = defaultdict(list)
    for row in cashflows:
        if row["note"] in ranks:
            days[row["date"]].append(row)
    for rows in days.values():
        for junior in rows:
            if junior["principal_paid"] <= tolerance * par:
                continue
            for senior in rows:
                if ranks[senior["note"]] < ranks[junior["note"]]:
                    left = senior["begin_balance"] - senior["principal_paid"]
                    assert left <= tolerance * par, (senior, junior)


def losses_from_the_bottom(
    cashflows: Sequence[Row], deal: Document, *, par: float, tolerance: float = 1e-9
) -> None:
    """Where a class ends with a loss, every class below it loses all that it had when the last date opened.

    For deals whose principal follows the ranks; a class X, which has no principal rank, is outside.
    """
    capitalizes = deal.get("conventions", {}).get("deferred_form") == "capitalized"
    final = {name: rows[-1] for name, rows in _by_note(cashflows).items()}
    ranked = [
        (note["principal_rank"], note["name"])
        for note in deal["notes"]
        if note.get("principal_rank") is not None and not note.get("residual")
    ]
    for rank, name in ranked:
        if final[name]["final_loss"] <= tolerance * par:
            continue
        for other_rank, other in ranked:
            if other_rank > rank:
                row = final[other]
                owed = row["begin_balance"] + (row["deferred_interest"] if capitalizes else 0.0)
                assert abs(row["final_loss"] - owed) <= tolerance * par, (name, row)


def one_pot_pays_class_after_class(
    cashflows: Sequence[Row], deal: Document, *, par: float, tolerance: float = 1e-9
) -> None:
    """On accelerated and redemption dates a class gets nothing before every more senior class is paid to zero.

    For deals that do not write an order of their own for the pot. What successors of a refinanced class pay on the
    date is left out with the class.
    """
    ranks = {
        note["name"]: note["principal_rank"]
        for note in deal["notes"]
        if note.get("principal_rank") is not None and not note.get("residual")
    }
    days: dict[Any, list[Row]] = defaultdict(list)
    for row in cashflows:
        if row["status"] != "normal" and row["note"] in ranks:
            days[row["date"]].append(row)
    replaced = {note["replaces"] for note in deal["notes"] if note.get("replaces")}
    for rows in days.values():
        for junior in rows:
            got = junior["interest_paid"] + junior["deferred_paid"] + junior["principal_paid"]
            if got <= tolerance * par or junior["note"] in replaced:
                continue
            for senior in rows:
                if ranks[senior["note"]] < ranks[junior["note"]] and not senior.get("issued"):
                    left = senior["end_balance"] + senior["deferred_balance"] + senior["interest_shortfall"]
                    assert left <= tolerance * par, (senior, junior)


def all_paid_in_full(
    cashflows: Sequence[Row], deal: Document, *, par: float, tolerance: float = 1e-9
) -> None:
    """Every rated class is repaid, and no interest was ever deferred or overdue."""
    residual = {note["name"] for note in deal["notes"] if note.get("residual")}
    for name, rows in _by_note(cashflows).items():
        if name in residual:
            continue
        assert rows[-1]["end_balance"] <= tolerance * par, rows[-1]
        for row in rows:
            assert row["deferred_balance"] <= tolerance * par, row
            assert row["interest_shortfall"] <= tolerance * par, row


def pool_conserved(
    collateral: Sequence[Row], *, opening_par: float, par: float, tolerance: float = 1e-9
) -> None:
    """Performing par + defaults + instalments + prepayments + sales − purchases = opening par, on every date.

    `sold_par` is used where the table has it; without it the dates with sale proceeds are not checked.
    """
    gone = bought = 0.0
    for row in collateral:
        gone += row["new_defaults"] + row["scheduled_principal"] + row["prepaid_principal"]
        gone += row.get("sold_par") or 0.0
        if row["sale_proceeds"] and "sold_par" not in row:
            return
        error = abs(row["performing_par"] + gone - bought - opening_par)
        assert error <= tolerance * par, f"{row['date']}: {error} of par is not accounted for"
        bought += row["new_purchases_par"]


def funded_cures_restore_the_ratio(
    ledger: Sequence[Row], tests: Sequence[Row], *, tolerance: float = 1e-9
) -> None:
    """On a date on which every cure was paid in full, each OC test that a cure names holds after its last cure.

    Needs the column `ratio_after_cure`. For deals whose denominators hold no note outside the note payment sequence.
    """
    payment_dates = sorted({row["date"] for row in ledger})
    determination_dates = sorted({row["date"] for row in tests})
    paid_on = dict(zip(determination_dates, payment_dates, strict=bool(tests)))
    short = {
        row["date"]
        for row in ledger
        if row["step"] == "cure" and row["paid"] < row["due"] - max(1e-6, 1e-12 * row["due"])
    }
    for row in tests:
        served = row["kind"] == "oc" and row["passes"] is not None and row["ratio_after_cure"] is not None
        if served and paid_on[row["date"]] not in short:
            assert row["ratio_after_cure"] >= row["trigger"] * (1 - tolerance), row


def scaled(first: Sequence[Row], second: Sequence[Row], factor: float, columns: Iterable[str]) -> None:
    """The money columns of the second table are `factor` times those of the first.

    Parameters
    ----------
    first, second
        The same table of two runs.
    factor
        Ratio of all money of the second run's documents to the first's.
    columns
        Money columns.
    """
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        for column in columns:
            assert math.isclose(one[column] * factor, other[column], rel_tol=1e-9, abs_tol=1e-6 * factor), (
                column,
                one,
                other,
            )


def _by_note(cashflows: Sequence[Row]) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in cashflows:
        rows[row["note"]].append(row)
    return rows
