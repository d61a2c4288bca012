"""What is wrong with a tape is said row by row, all at once."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cloche.errors import TapeError
from cloche.tape import LoanPool

AS_OF = "2025-09-30"
Columns = dict[str, list[Any]]


def problems(columns: Columns, as_of: str = AS_OF) -> dict[str, str]:
    """Return place to message of what is wrong."""
    with pytest.raises(TapeError) as error:
        LoanPool.from_columns(columns, as_of=as_of)
    return dict(error.value.problems)


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("par", 0.0, "found 0, expected par and unfunded par above 0"),
        ("par", -5.0, "found -5.0, expected money, 0 or more"),
        ("par", math.nan, "found nothing, expected money"),
        ("par", "nan", "found 'nan', expected money"),
        ("par", math.inf, "found inf, expected money, 0 or more, finite"),
        ("par", "1.234,56", "found '1.234,56', expected money"),
        ("par", "5%", "found '5%', expected money"),
        ("par", True, "found true, expected money"),
        (
            "spread",
            5.25,
            "found 5.25, expected a spread from -0.05 to 0.3; 5.25 looks like percent; write 0.0525 or 5.25%",
        ),
        ("spread", 425, "425 looks like basis points; write 0.0425 or 425bp"),
        ("spread", "4.25", "looks like percent"),
        ("spread", None, "found nothing, expected the spread of a floating loan"),
        ("spread", math.nan, "found nothing, expected the spread of a floating loan"),
        ("spread", "inf", "found 'inf', expected a spread"),
        ("spread", "S+425", "found 'S+425', expected a spread"),
        ("maturity", "2025-09-30", "found 2025-09-30, expected a date after the as-of date 2025-09-30"),
        ("maturity", None, "found nothing, expected a date"),
        ("maturity", "04/05/2029", "the order of day and month is not certain"),
        ("maturity", "2029-02-30", "found '2029-02-30', expected a date"),
        ("maturity", 47000, "found 47000, expected a date"),
        ("maturity", "0029-05-23", "expected a date from 1900 to 2200"),
        ("loan_id", "L1", "found 'L1' again, first in row 1"),
        ("loan_id", "", "found nothing, expected an identifier"),
        ("coupon_type", "zero", "found 'zero', expected 'floating' or 'fixed'"),
        ("floor", -0.5, "expected a floor from -0.05 to 0.2"),
        ("floor", 1.0, "1 looks like percent; write 0.01 or 1%"),
        ("market_price", 98.5, "98.5 looks like a price of 100; write 0.985"),
        ("market_price", "98bp", "found '98bp', expected a price"),
        ("purchase_price", 0.0, "expected a price above 0"),
        ("recovery", 1.5, "found 1.5, expected a share of par from 0 to 1"),
        ("cpr", -0.1, "expected a rate a year from 0 to 1"),
        ("pd_1y", 2.0, "expected a probability from 0 to 1"),
        (
            "day_count",
            "act/364",
            "found 'act/364', expected 'act/360', 'act/365', '30/360', '30e/360' or 'act/act'",
        ),
        ("payment_frequency_months", 5, "found 5, expected 1, 2, 3, 4, 6 or 12 months"),
        ("payment_frequency_months", "weekly", "found 'weekly', expected a number of months"),
        ("payment_frequency_months", 2.5, "expected a number of months"),
        ("next_payment", "2025-09-30", "expected a date after the as-of date"),
        ("default_date", "2025-10-01", "expected a date up to the as-of date"),
        ("rating_sp", "B2", "found 'B2', expected a rating such as B-"),
        ("rating_sp", "D", "found D of a loan without a default date"),
        ("rating_moodys", "B-", "found 'B-', expected a rating such as B2"),
        ("rating_factor", 0.0, "expected a rating factor from 1 to 10000"),
        ("cov_lite", "maybe", "found 'maybe', expected true or false"),
        ("count", 0, "expected a whole number of equal obligors, 1 or more"),
        ("pik_spread", -0.01, "found -0.01, expected a spread from 0 to 0.3"),
        ("pik_spread", 2.0, "2 looks like percent; write 0.02 or 2%"),
        ("par_unfunded", -1.0, "found -1.0, expected money, 0 or more"),
        ("unfunded_fee", 0.5, "found 0.5, expected a rate a year from 0 to 0.1"),
        ("original_par", -1.0, "found -1.0, expected money, 0 or more"),
        (
            "rate_cap",
            0.08,
            "this version does not compute this yet; columns={'rate_cap': None} leaves it out",
        ),
        ("amortization_schedule", "2027-01-15:100", "this version does not compute this yet"),
        ("is_deferring", True, "this version does not compute this yet"),
        ("is_unfunded", 1, "par_unfunded is missing"),
    ],
)
def test_a_bad_cell_is_named_with_row_column_loan_found_and_expected(
    column: str, cell: object, said: str, columns: Columns
) -> None:
    cells = list(columns.get(column, [None, None, None]))
    cells[1] = cell
    found = problems({**columns, column: cells})
    assert list(found) == [f'tape row 2, column "{column}"']
    message = next(iter(found.values()))
    assert said in message
    assert column == "loan_id" or message.startswith("loan L2: ")


def test_an_accrual_period_starts_before_its_loan_matures(columns: Columns) -> None:
    columns["maturity"] = [columns["maturity"][0], "2026-01-15", columns["maturity"][2]]
    columns["next_payment"] = [None, "2026-02-10", None]
    columns["accrual_start"] = [None, "2026-01-15", None]
    message = problems(columns)['tape row 2, column "accrual_start"']
    assert message.endswith("found 2026-01-15, expected a date before the maturity 2026-01-15")
    columns["accrual_start"] = [None, "2026-01-14", None]
    assert len(LoanPool.from_columns(columns, as_of=AS_OF)) == 3


def test_every_problem_of_a_tape_is_told_at_once_in_order(columns: Columns) -> None:
    columns["spread"] = [5.25, 425, None]
    columns["par"] = [1.0, -1.0, math.nan]
    columns["maturity"] = ["2029-03-31", "soon", "2001-01-01"]
    assert list(problems(columns)) == [
        'tape row 1, column "spread"',
        'tape row 2, column "par"',
        'tape row 2, column "spread"',
        'tape row 2, column "maturity"',
        'tape row 3, column "par"',
        'tape row 3, column "maturity"',
    ]


def test_a_problem_names_the_column_as_the_tape_does(columns: Columns) -> None:
    columns["Margin (bps)"] = [52500, 425, None]
    del columns["spread"]
    found = problems(columns)
    assert found == {
        'tape row 1, column "Margin (bps)"': "loan L1: found 52500 (bps), which is 5.25; "
        "expected a spread from -0.05 to 0.3"
    }


def test_missing_required_columns_name_what_may_have_been_meant(columns: Columns) -> None:
    columns["maturty"] = columns.pop("maturity")
    columns["spredd"] = columns.pop("spread")
    del columns["par"], columns["fixed_rate"]
    assert problems(columns) == {
        'tape column "par"': "missing",
        'tape column "maturity"': "missing; did you mean the column 'maturty'?",
        'tape column "spread"': "missing: a loan needs a spread or a fixed_rate; "
        "did you mean the column 'spredd'?",
    }


def test_an_empty_tape_is_an_error() -> None:
    assert problems({}) == {"tape": "empty: no loans"}
    assert problems({"loan_id": [], "par": []}) == {"tape": "empty: no loans"}


def test_a_wrong_as_of_date_is_an_error(columns: Columns) -> None:
    assert problems(columns, as_of="09/30/2025") == {
        "tape": "as_of: found '09/30/2025', expected a date as 2025-09-30"
    }


def test_a_fixed_loan_needs_a_rate_and_a_loan_of_no_kind_a_coupon_type(columns: Columns) -> None:
    columns["fixed_rate"] = [None, None, None]
    assert problems(columns)['tape row 3, column "fixed_rate"'].endswith("expected the rate of a fixed loan")
    columns["fixed_rate"] = [0.07, None, 0.07]
    columns["coupon_type"] = ["", "", "fixed"]
    assert "both a spread and a fixed rate" in problems(columns)['tape row 1, column "coupon_type"']


def test_currencies_are_not_added(columns: Columns) -> None:
    columns["currency"] = ["USD", "eur", "USD"]
    assert problems(columns) == {
        'tape column "currency"': "found USD in 2 rows, EUR in 1 rows; "
        "par of several currencies cannot be added: read one currency at a time"
    }


def test_a_currency_that_is_not_known_is_kept(columns: Columns) -> None:
    pool = LoanPool.from_columns({**columns, "currency": ["XYZ"] * 3}, as_of=AS_OF)
    assert set(pool.table["currency"]) == {"XYZ"}


def test_a_defaulted_loan_may_be_past_its_maturity(columns: Columns) -> None:
    columns["maturity"][0] = "2025-06-30"
    columns["default_date"] = ["2025-06-30", None, None]
    columns["rating_sp"][0] = "D"
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.performing.tolist() == [False, True, True]


def test_a_refused_column_can_be_left_out_or_hold_nothing(columns: Columns) -> None:
    columns["rate_cap"] = [0.0, None, 0.0]
    assert len(LoanPool.from_columns(columns, as_of=AS_OF)) == 3
    columns["rate_cap"] = [0.08, None, 0.0]
    assert len(LoanPool.read(columns, as_of=AS_OF, columns={"rate_cap": None})) == 3


def test_unfunded_flags_need_the_unfunded_par(columns: Columns) -> None:
    columns["is_partly_unfunded"] = [1, 0, 0]
    columns["par_unfunded"] = [500_000.0, None, None]
    assert LoanPool.from_columns(columns, as_of=AS_OF).numbers("par_unfunded")[0] == 500_000.0


def test_rows_with_the_same_problem_print_as_one_line_and_are_all_in_the_list(columns: Columns) -> None:
    many = {name: cells * 2 for name, cells in columns.items()}
    many["loan_id"] = ["L1", "L2", "L3", "L4", "L5", "L6"]
    many["rate_cap"] = [0.09, None, 0.09, 0.09, 0.09, None]
    many["par"][5] = None
    with pytest.raises(TapeError) as error:
        LoanPool.from_columns(many, as_of=AS_OF)
    assert [place for place, _ in error.value.problems] == [
        *(f'tape row {row}, column "rate_cap"' for row in (1, 3, 4, 5)), 'tape row 6, column "par"',
    ]  # fmt: skip
    headline, capped, missing = str(error.value).splitlines()
    assert headline.endswith("has 5 problems")
    assert capped.startswith('tape column "rate_cap", 4 rows such as 1, 3, 4: this version does not compute')
    assert missing == 'tape row 6, column "par": loan L6: found nothing, expected money, 0 or more'
