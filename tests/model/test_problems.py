"""Every problem of a deal is reported at once, with its place, what was found and what was expected."""

from __future__ import annotations

from typing import Any

import pytest

from cloche.errors import DealError
from cloche.model import engine
from cloche.model.deal import Deal, read_deal


def refusal(document: dict[str, Any]) -> DealError:
    with pytest.raises(DealError) as caught:
        Deal.from_dict(document)
    return caught.value


def test_the_small_deal_has_no_problem(small_deal: dict[str, Any]) -> None:
    assert Deal.from_dict(small_deal).name == "Small"


def test_all_problems_are_listed_at_once_in_these_words(small_deal: dict[str, Any]) -> None:
    small_deal["target_part"] = small_deal.pop("target_par")
    small_deal["dates"]["roll"] = "folowing"
    small_deal["dates"]["closing"] = "20-03-2025"
    small_deal["notes"][0]["coupon"]["spread"] = 5.3
    small_deal["notes"][1]["balance"] = -15e6
    small_deal["notes"][1]["deferable"] = True
    small_deal["notes"][2]["name"] = 7
    small_deal["fees"][0]["rate"] = "15"
    small_deal["tests"][0]["trigger"] = 110
    small_deal["waterfalls"]["interest"][1] = {"pay_intrest": "A"}
    small_deal["waterfalls"]["interest"][3] = {"cure": ["B OC", 3], "when": True, "lable": "G"}
    small_deal["conventions"] = {"ic_cure": "proform", "x_in_oc": "no", "ic_cured": 1}
    assert str(refusal(small_deal)) == (
        "the deal 'Small' has 17 problems\n"
        "target_part: unknown key; did you mean 'target_par'?\n"
        "target_par: missing: this key is required\n"
        "dates.closing: found '20-03-2025', expected a date such as 2025-03-20\n"
        "dates.roll: found 'folowing', expected 'following', 'modified_following', 'preceding' or 'none'; "
        "did you mean 'following'?\n"
        "notes[0].coupon.spread: found 5.3, expected a spread from -0.05 to 0.5; 5.3 looks like percent; "
        "write 0.053 or 5.3%\n"
        "notes[1].deferable: unknown key; did you mean 'deferrable'?\n"
        "notes[1].balance: found -15000000.0, expected money, 0 or more\n"
        "notes[2].name: found 7, expected text; put it in quotes\n"
        "fees[0].rate: found '15', expected a rate a year from 0 to 0.5; write it without quotes\n"
        "tests[0].trigger: found 110, expected a ratio above 0, at most 10; 110 looks like percent; "
        "write 1.1 or 110%\n"
        "waterfalls.interest[1]: found the verb 'pay_intrest'; did you mean 'pay_interest'?\n"
        "waterfalls.interest[3].lable: unknown key; did you mean 'label'?\n"
        "waterfalls.interest[3].when: found true, expected text; put it in quotes\n"
        "waterfalls.interest[3].cure.tests[1]: found 3, expected text; put it in quotes\n"
        "conventions.ic_cured: unknown key; did you mean 'ic_cure'?\n"
        "conventions.x_in_oc: found 'no', expected true or false\n"
        "conventions.ic_cure: found 'proform', expected 'proforma' or 'all_remaining'; "
        "did you mean 'proforma'?"
    )


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        ({"coupon": {"spread": 0.01}}, "notes[0].coupon.index", "missing: a spread needs an index"),
        ({"coupon": {"index": "sofr_3m"}}, "notes[0].coupon.spread", "missing: an index needs a spread"),
        ({"coupon": {}}, "notes[0].coupon", "found no rate, expected index and spread, or fixed"),
        (
            {"coupon": {"fixed": 0.05, "index": "sofr_3m", "spread": 0.01}},
            "notes[0].coupon.fixed",
            "found a fixed rate beside index or spread, expected one of them",
        ),
        ({"interest_rank": 2}, "notes[0].interest_rank", "found 2 beside rank 1, expected one of them"),
        ({"balance": float("nan")}, "notes[0].balance", "found nan, expected money, 0 or more, finite"),
        ({"balance": float("inf")}, "notes[0].balance", "found inf, expected money, 0 or more, finite"),
        ({"balance": None}, "notes[0].balance", "missing: this key is required"),
        ({"balance": True}, "notes[0].balance", "found true, expected money, 0 or more"),
        ({"balance": "5%"}, "notes[0].balance", "found '5%', expected money, 0 or more; it has no such unit"),
        (
            {"issue_price": 98.5},
            "notes[0].issue_price",
            (
                "found 98.5, expected a price above 0, at most 2 (1 is par); "
                "98.5 looks like a price of 100; write 0.985"
            ),
        ),
        (
            {"coupon": {"index": "sofr_3m", "spread": 130}},
            "notes[0].coupon.spread",
            (
                "found 130, expected a spread from -0.05 to 0.5; "
                "130 looks like basis points; write 0.013 or 130bp"
            ),
        ),
        (
            {"coupon": {"index": "sofr_3m", "spread": "012"}},
            "notes[0].coupon.spread",
            (
                "found '012', expected a spread from -0.05 to 0.5; "
                "a number has no leading zero (octal numbers are not read)"
            ),
        ),
        ({"rank": 1.5}, "notes[0].rank", "found 1.5, expected a whole number, 0 or more"),
        ({"deferrable": "NO"}, "notes[0].deferrable", "found 'NO', expected true or false"),
        (
            {"name": "A\n"},
            "notes[0].name",
            "found 'A\\n', expected text without line breaks, control characters or unusual blanks",
        ),
    ],
)
def test_a_wrong_note_is_refused_at_its_place(
    small_deal: dict[str, Any], change: dict[str, Any], place: str, message: str
) -> None:
    small_deal["notes"][0].update(change)
    assert refusal(small_deal).problems == [(place, message)]


@pytest.mark.parametrize(
    ("step", "place", "message"),
    [
        ("pay_fee", "", "found the verb 'pay_fee' alone, expected `pay_fee: …`"),
        (5, "", "found 5, expected a step such as `pay_fee: taxes`"),
        ({}, "", "found no verb, expected one such as pay_interest, or `steps` for a block"),
        (
            {"pay_fee": "senior", "pay_interest": "A"},
            "",
            "found 2 verbs, pay_fee and pay_interest; expected one verb a step",
        ),
        ({"pay_interest": []}, ".pay_interest.notes", "found an empty list, expected at least one item"),
        (
            {"pay_interest": 3},
            ".pay_interest.notes",
            "found 3, expected a name, a list of names or a list of lists",
        ),
        (
            {"divert": "B OC"},
            "",
            "found 'B OC' for divert, expected a mapping with test, share and to",
        ),
        (
            {"divert": {"test": "B OC", "share": 1.5, "to": "principal"}},
            ".divert.share",
            "found 1.5, expected a share from 0 to 1",
        ),
        (
            {"reinvest": {"share": "later"}},
            ".reinvest.share",
            "found 'later', expected a share from 0 to 1",
        ),
        ({"retain": "some"}, "", "found 'some' for retain, expected `retain: all`"),
        (
            {"pay_fee": {"fee": "senior", "part": "cap"}},
            ".pay_fee.part",
            (
                "found 'cap', expected 'all', 'current', 'unpaid', 'capped' or 'above_cap'; "
                "did you mean 'capped'?"
            ),
        ),
        (
            {"when": "x", "steps": [{"pay_intrest": "A"}]},
            ".steps[0]",
            "found the verb 'pay_intrest'; did you mean 'pay_interest'?",
        ),
        (
            {"pay_pari_passu": [{"pay_interest": "A", "amount": []}]},
            ".pay_pari_passu.steps[0].amount",
            "found a list, expected text",
        ),
    ],
)
def test_a_wrong_step_is_refused_at_its_place(
    small_deal: dict[str, Any], step: object, place: str, message: str
) -> None:
    small_deal["waterfalls"]["interest"][0] = step
    assert refusal(small_deal).problems == [(f"waterfalls.interest[0]{place}", message)]


@pytest.mark.parametrize(
    ("part", "entry", "place", "message"),
    [
        (
            "fees",
            {"name": "f"},
            "fees[0]",
            "found no amount, expected amount_per_period, rate, fixed_per_year, tiers or hurdles",
        ),
        (
            "fees",
            {"name": "f", "rate": 0.01, "unpaid_interest": {"index": "sofr_3m", "fixed": 0.01}},
            "fees[0].unpaid_interest",
            "found neither or both of a floating and a fixed rate, expected index and spread, or fixed",
        ),
        (
            "fees",
            {"name": "f", "rate": 0.01, "unpaid_interest": "no"},
            "fees[0].unpaid_interest",
            "found 'no', expected 'none' or a mapping with index and spread, or fixed",
        ),
        (
            "tests",
            {"name": "t", "kind": "oc", "trigger": 1.1},
            "tests[0]",
            "found neither or both of through and notes, expected one of them",
        ),
        (
            "tests",
            {"name": "t", "kind": "occ", "through": "A", "trigger": 1.1},
            "tests[0].kind",
            "found 'occ', expected 'oc', 'ic', 'eod_par_ratio' or 'target_par'; did you mean 'oc'?",
        ),
        (
            "accounts",
            {"earns": "cash"},
            "accounts[0].name",
            "missing: this key is required",
        ),
        (
            "accounts",
            {"name": "reserve", "earns": "interest"},
            "accounts[0].earns",
            "found 'interest', expected 'nothing' or 'cash'",
        ),
        (
            "hedges",
            {"name": "swap", "notional": 1e6},
            "hedges[0]",
            "found neither pay nor receive, expected at least one of them",
        ),
        (
            "hedges",
            {"name": "swap", "pay": {"fixed": 0.04, "index": "sofr_3m"}, "notional": 1e6},
            "hedges[0].pay",
            "found another mixture, expected fixed, index and spread, index and above, or index and below",
        ),
        (
            "hedges",
            {"name": "swap", "receive": {"fixed": 0.04}, "notional": [1]},
            "hedges[0].notional",
            "found a list, expected money, money by date, or the name of a note",
        ),
    ],
)
def test_a_wrong_entry_is_refused_at_its_place(
    small_deal: dict[str, Any], part: str, entry: dict[str, Any], place: str, message: str
) -> None:
    small_deal[part] = [entry]
    assert refusal(small_deal).problems == [(place, message)]


def test_a_determination_rule_is_one_of_three(small_deal: dict[str, Any]) -> None:
    small_deal["dates"]["determination"] = {"day": 10, "month_end": True}
    assert refusal(small_deal).problems == [
        ("dates.determination", "found 2 rules, expected one of business_days_before, month_end, day")
    ]
    small_deal["dates"]["determination"] = "month_end"
    assert Deal.from_dict(small_deal).to_canonical()["dates"]["determination"] == {"month_end": True}
    small_deal["dates"]["determination_lag_bd"] = 8
    assert refusal(small_deal).problems[0].place == "dates.determination_lag_bd"


def test_a_convention_that_another_key_says_points_to_it(small_deal: dict[str, Any]) -> None:
    small_deal["conventions"] = {"ccc_base": "target_par", "csa_in_floor": True}
    assert refusal(small_deal).problems == [
        (
            "conventions.ccc_base",
            "found 'target_par'; this is said by collateral.ccc.base, leave the convention out",
        ),
        (
            "conventions.csa_in_floor",
            "found true; this is said by the tape's column `csa_in_floor`, leave the convention out",
        ),
    ]


def test_empty_parts_are_absent_parts(small_deal: dict[str, Any]) -> None:
    for part in ("fees", "tests", "collateral", "events", "closing"):
        small_deal[part] = None
    small_deal["waterfalls"]["interest"] = [{"pay_residual": "SUB"}]
    assert Deal.from_dict(small_deal).fees.names == []


def test_problems_of_meaning_are_listed_with_those_of_shape(
    small_deal: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def meaning(document: str) -> list[tuple[str, str]]:
        seen.append(document)
        return [
            ("notes[0].balance", "the stand-in is not reported"),
            ("waterfalls.interest[3].cure", "unknown test"),
        ]

    monkeypatch.setattr(engine, "problems_of_meaning", meaning)
    small_deal["notes"][0]["balance"] = -1
    small_deal["notes"][0]["coupon"]["spread"] = 5.3
    small_deal["surplus"] = 1
    assert [place for place, _ in refusal(small_deal).problems] == [
        "surplus",
        "notes[0].balance",
        "notes[0].coupon.spread",
        "waterfalls.interest[3].cure",
    ]
    assert len(seen) == 1


def test_problems_hidden_behind_others_are_found_in_the_same_pass(small_deal: dict[str, Any]) -> None:
    del small_deal["cloche"]
    small_deal["notes"][0] |= {"balance": -1, "interest_rank": 2}
    assert [place for place, _ in refusal(small_deal).problems] == [
        "cloche",
        "notes[0].balance",
        "notes[0].interest_rank",
    ]


def test_a_yaml_document_names_the_lines(small_deal: dict[str, Any]) -> None:
    text = Deal.from_dict(small_deal).to_yaml()
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "name: B," in row)
    wrong = text.replace("spread: 0.03}", "spread: 3.0}")
    with pytest.raises(DealError) as caught:
        Deal.from_yaml(wrong)
    (problem,) = caught.value.problems
    assert problem.place == "notes[1].coupon.spread"
    assert problem.message.endswith(f"(line {line})")


def test_a_missing_file_and_a_list_are_deal_errors(tmp_path_factory: pytest.TempPathFactory) -> None:
    missing = tmp_path_factory.mktemp("none") / "deal.yaml"
    with pytest.raises(DealError, match="no such file"):
        read_deal(missing)
    with pytest.raises(DealError, match="found a list, expected a mapping"):
        Deal.from_yaml("[1, 2]\n")
