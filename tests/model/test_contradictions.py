"""What a document says of dates, ratings, limits and purchases is checked where it stands, all of it at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import cloche as cl
from cloche.build import templates

Document = dict[str, Any]
RIGHTS = {"optional_redemption": {"after": "non_call_end"}, "clean_up": True}
CALL = {"date": "2031-04-20", "call": {"price": 0.99}}
NOT_YET = "is known, but this version does not compute it yet"


def refused(edit: Callable[[Document], object]) -> dict[str, str]:
    """Return what is wrong with a sound deal after an edit, by place."""
    document = templates.us_bsl().to_dict()
    edit(document)
    with pytest.raises(cl.DealError) as caught:
        cl.Deal.from_dict(document)
    return dict(caught.value.problems)


def accepted(edit: Callable[[Document], object]) -> cl.Deal:
    document = templates.us_bsl().to_dict()
    edit(document)
    return cl.Deal.from_dict(document)


def with_limits(key: str, *limits: Document) -> Callable[[Document], object]:
    return lambda d: d["collateral"].update({key: list(limits)})


def after(**rules: Any) -> Callable[[Document], object]:
    return lambda d: d["reinvestment"].update(after=rules)


class TestReinvestmentPeriod:
    @pytest.mark.parametrize("end", ["2045-04-20", "2024-04-20"])
    def test_it_ends_within_the_life_of_the_notes(self, end: str) -> None:
        assert refused(lambda d: d["dates"].update(reinvestment_end=end)) == {
            "dates.reinvestment_end": (
                f"found {end}, expected a date from closing (2025-03-20) to the stated maturity (2038-04-20)"
            )
        }

    def test_other_problems_are_found_beside_it(self) -> None:
        found = refused(
            lambda d: (d["dates"].update(reinvestment_end="2045-04-20"), d.update(currency="usd"))
        )
        assert found.keys() == {"dates.reinvestment_end", "currency"}

    def test_it_may_end_with_the_notes(self) -> None:
        deal = accepted(lambda d: d["dates"].update(reinvestment_end=d["dates"]["stated_maturity"]))
        assert deal.dates.reinvestment_end == deal.dates.stated_maturity

    def test_purchases_mature_by_the_stated_maturity_or_nothing_is_said(self) -> None:
        assert refused(lambda d: d["reinvestment"].update(max_maturity="foo")) == {
            "reinvestment.max_maturity": "found 'foo', expected 'stated_maturity'"
        }


class TestPurchasesAfterThePeriod:
    def test_words_that_are_not_known(self) -> None:
        found = refused(after(proceeds=["unscheduled", "scheduled"], conditions=["coverige"], foo=["bar"]))
        assert found == {
            "reinvestment.after.foo": "unknown key; known: conditions, proceeds",
            "reinvestment.after.proceeds[1]": "found 'scheduled', expected 'unscheduled' or 'credit_risk'"
            "; did you mean 'unscheduled'?",
            "reinvestment.after.conditions[0]": (
                "found 'coverige', a condition that is not known; did you mean 'coverage'?"
            ),
        }

    def test_conditions_in_the_period_are_known_too(self) -> None:
        assert refused(lambda d: d["reinvestment"].update(during=["coverage", "walls"])) == {
            "reinvestment.during[1]": "found 'walls', a condition that is not known; did you mean 'wal'?"
        }

    @pytest.mark.parametrize("proceeds", [[], ["credit_risk"]])
    def test_proceeds_without_unscheduled_principal(self, proceeds: list[str]) -> None:
        found = refused(after(proceeds=proceeds))
        assert found.keys() == {"reinvestment.after.proceeds"}
        assert NOT_YET in found["reinvestment.after.proceeds"]

    def test_what_is_computed_is_accepted_and_written_back(self) -> None:
        rules = {"proceeds": ["unscheduled", "credit_risk"], "conditions": ["coverage"]}
        deal = accepted(after(**rules))
        assert deal.to_dict()["reinvestment"]["after"] == rules
        assert deal.warnings == []
        assert cl.Deal.from_yaml(deal.to_yaml()) == deal


class TestAuctionCall:
    @pytest.mark.parametrize(
        ("months", "place", "said"),
        [
            ([4, 13], "[1]", "found 13, expected a month from 1 to 12"),
            ([4.5], "[0]", "found 4.5, expected a month from 1 to 12"),
            (["April"], "[0]", "found 'April', expected a month from 1 to 12"),
            ([], "", "found an empty list, expected a list of months from 1 to 12, such as [4, 10]"),
            (4, "", "found 4, expected a list of months from 1 to 12, such as [4, 10]"),
        ],
    )
    def test_months_are_months(self, months: object, place: str, said: str) -> None:
        rights = {"auction_call": {"from": "2033-04-20", "months": months}}
        assert refused(lambda d: d.update(rights=rights)) == {f"rights.auction_call.months{place}": said}


class TestRatings:
    @pytest.mark.parametrize(
        ("rating", "place", "said"),
        [
            ({"xx": "AAA"}, "xx", "unknown agency; known: sp, moodys, fitch, dbrs, kbra"),
            ({"sp": "AAAA"}, "sp", "found 'AAAA', expected a rating such as BBB-, or NR"),
            ({"moodys": "BBB"}, "moodys", "found 'BBB', expected a rating such as Baa3, or NR"),
            ({"fitch": "Aa1"}, "fitch", "found 'Aa1', expected a rating such as BBB-, or NR"),
        ],
    )
    def test_agencies_and_letters_are_known(self, rating: Document, place: str, said: str) -> None:
        assert refused(lambda d: d["notes"][0].update(rating=rating)) == {f"notes[0].rating.{place}": said}

    def test_usual_spellings_stay_as_they_are_written(self) -> None:
        rating = {"sp": "AAA (sf)", "moodys": "Aaa(sf)", "fitch": "NR", "dbrs": "AA (high)", "kbra": "AA-"}
        assert accepted(lambda d: d["notes"][0].update(rating=rating)).notes["A"].rating == rating

    def test_a_successor_is_rated_by_the_same_letters(self) -> None:
        note = {"name": "A-R", "balance": "outstanding", "rating": {"sp": "AAAA"}}
        event = {"date": "2027-04-20", "refinance": {"A": {"into": [note]}}}
        assert refused(lambda d: d.update(events=[event])).keys() == {
            "events[0].refinance.A.into[0].rating.sp"
        }


class TestLimits:
    @pytest.mark.parametrize(
        ("limit", "expected"),
        [
            (
                {"kind": "nonsense", "max": "abc", "zzz": 1},
                {
                    "zzz": "unknown key; known: from, kind, max, min",
                    "kind": "found 'nonsense', a kind that is not known; "
                    "known: warf, diversity, was, wac, wal, warr",
                },
            ),
            ({"max": 3000}, {"kind": "missing: this key is required"}),
            (
                {"kind": "warf", "max": "abc"},
                {"max": "found 'abc', expected a rating factor from 1 to 10000"},
            ),
            (
                {"kind": "was", "min": 3.45},
                {
                    "min": "found 3.45, expected a spread from -0.05 to 0.5; "
                    "3.45 looks like percent; write 0.0345 or 3.45%"
                },
            ),
            (
                {"kind": "warr", "min": 43},
                {"min": "found 43, expected a share from 0 to 1; 43 looks like percent; write 0.43 or 43%"},
            ),
            (
                {"kind": "diversity", "max": 60},
                {
                    "max": "unknown key; known: kind, min",
                    "min": "missing: a limit of the kind diversity needs it",
                },
            ),
            (
                {"kind": "wal", "max": 9, "from": "later"},
                {"from": "found 'later', expected closing, effective or a date such as 2025-03-20"},
            ),
        ],
    )
    def test_quality_tests(self, limit: Document, expected: dict[str, str]) -> None:
        found = refused(with_limits("quality", {"kind": "warf", "max": 3000}, limit))
        assert found == {f"collateral.quality[1].{key}": said for key, said in expected.items()}

    @pytest.mark.parametrize(
        ("limit", "expected"),
        [
            (
                {"kynd": "obligor"},
                {"kynd": "unknown key; did you mean 'kind'?", "kind": "missing: this key is required"},
            ),
            (
                {"kind": "obligor", "max": 2.5},
                {
                    "max": "found 2.5, expected a share from 0 to 1; 2.5 looks like percent; write 0.025 or 2.5%"
                },
            ),
            (
                {"kind": "industry", "max": 0.12, "largest": [0.15, 12]},
                {
                    "largest[1]": "found 12, expected a share from 0 to 1; "
                    "12 looks like percent; write 0.12 or 12%"
                },
            ),
            (
                {"kind": "industry", "max": 0.12, "largest": 0.15},
                {"largest": "found 0.15, expected a list of shares, that of the largest first"},
            ),
            (
                {"kind": "second_lein", "max": 0.1},
                {"kind": "found 'second_lein', a kind that is not known; did you mean 'second_lien'?"},
            ),
            (
                {"kind": "ccc", "max": 0.1, "largest": [0.1]},
                {"largest": "unknown key; known: kind, max"},
            ),
        ],
    )
    def test_concentration_limits(self, limit: Document, expected: dict[str, str]) -> None:
        found = refused(with_limits("concentration", limit))
        assert found == {f"collateral.concentration[0].{key}": said for key, said in expected.items()}

    def test_units_are_read_and_kept_as_decimals(self) -> None:
        limits = ({"kind": "was", "min": "345bp"}, {"kind": "wal", "max": 9.0, "from": "closing"})
        assert accepted(with_limits("quality", *limits)).collateral.quality == (
            {"kind": "was", "min": 0.0345},
            {"kind": "wal", "max": 9, "from": "closing"},
        )


class TestWordsOfOtherLibraries:
    def test_a_cause_is_refused_at_its_own_place(self) -> None:
        assert refused(lambda d: d.update(default_events={"causes": ["par_ratios", {"if": 1}]})) == {
            "default_events.causes[0]": (
                "found 'par_ratios', expected 'senior_interest', 'par_ratio' or 'maturity', "
                "or a condition {when: …}; did you mean 'par_ratio'?"
            ),
            "default_events.causes[1].if": "unknown key; known: when",
            "default_events.causes[1].when": "missing: this key is required",
        }

    def test_a_currency_is_three_capital_letters(self) -> None:
        assert refused(lambda d: d.update(currency="usd")) == {
            "currency": "found 'usd', expected an ISO code of three capital letters, such as USD"
        }

    def test_a_name_is_no_essay(self) -> None:
        assert refused(lambda d: d.update(name="a" * 2000)) == {
            "name": "found text of 2000 characters, expected at most 1000"
        }

    def test_the_schema_still_says_how_a_currency_is_written(self) -> None:
        assert cl.Deal.json_schema()["properties"]["currency"]["pattern"] == "^[A-Z]{3}$"

    def test_the_schema_says_that_a_cap_is_one_of_the_index(self) -> None:
        assert "of the whole rate" not in json.dumps(cl.Deal.json_schema()).replace(
            "not of the whole rate", ""
        )


class TestViews:
    def test_events_and_rights_of_a_deal(self) -> None:
        deal = accepted(lambda d: d.update(rights=RIGHTS, events=[CALL]))
        assert dict(deal.rights) == RIGHTS
        assert [event.date for event in deal.events] == ["2031-04-20"]
        assert deal.events[0].call is not None
        assert deal.events[0].call.price == 0.99
        plain = templates.us_bsl()
        assert (len(plain.rights), len(plain.events)) == (0, 0)

    def test_events_of_a_scenario_are_as_written(self) -> None:
        scenario = cl.Scenario(rates=0.04, events=[CALL])
        assert scenario.events == (CALL,)
        assert scenario.replace(events=scenario.events) == scenario
        assert cl.Scenario(rates=0.04).events == ()
