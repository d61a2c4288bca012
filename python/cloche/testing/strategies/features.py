"""Strategies of single features of a deal, each drawn only where it is asked for."""

from collections.abc import Collection
from typing import Any

from hypothesis import strategies as st

from cloche.testing.strategies.draws import Document, percent

CONVENTIONS: dict[str, list[Any]] = {
    "ic_cure": ["all_remaining"],
    "interest_from_principal": ["tests_hold"],
    "same_date_deferrals_in_oc": [True],
    "eod_numerator": ["adjusted"],
    "interest_on_unpaid": ["simple"],
    "ccc_last_asset": ["whole"],
    "overlap_mode": ["per_portion"],
    "ccc_agency_rule": ["each", "sum"],
    "x_in_sequence": [True],
    "principal_available_in_rp": ["undesignated"],
}
"""Conventions that are drawn only by name, with the values beside the default."""

FEATURES = ("rounding", "hurdles", "carry_over", *CONVENTIONS)
"""Rounded tests, several hurdles of an incentive fee, unused room of a cap, and conventions by name."""


def asked(*, features: Collection[str] | bool) -> frozenset[str]:
    """Features that a keyword asks for: all, none or those named.

    Examples
    --------
    >>> sorted(asked(features=["hurdles"])), sorted(asked(features=False))
    (['hurdles'], [])
    """
    if isinstance(features, bool):
        return frozenset(FEATURES) if features else frozenset()
    unknown = set(features) - set(FEATURES)
    if unknown:
        raise ValueError(f"features: found {sorted(unknown)}; expected some of {', '.join(FEATURES)}")
    return frozenset(features)


@st.composite
def add_features(draw: st.DrawFn, deal: Document, features: Collection[str]) -> Document:
    """A deal with some of the features.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    deal
        Canonical deal document; it is changed.
    features
        Names out of `FEATURES`.
    """
    for name, values in CONVENTIONS.items():
        if name in features and draw(st.booleans()):
            deal["conventions"][name] = draw(st.sampled_from(values))
    if "eod_numerator" in features:
        senior = deal["notes"][-2]["name"]
        trigger = draw(st.integers(90, 140)) / 100
        deal["tests"].append({"name": "Par", "kind": "eod_par_ratio", "through": senior, "trigger": trigger})
    if "rounding" in features:
        for test in deal["tests"]:
            if draw(st.booleans()):
                test["round"] = draw(st.sampled_from([0.001, 0.0001, 0.01]))
    for fee in deal["fees"]:
        if "carry_over" in features and fee.get("cap") and draw(st.booleans()):
            fee["cap"]["carry_over"] = draw(st.integers(1, 4))
        if "hurdles" in features and fee.get("hurdles"):
            rates = [None, -0.05, 0.0, 0.03, 0.08, 0.2, 0.5]
            chosen = draw(st.lists(st.sampled_from(range(len(rates))), min_size=1, max_size=3, unique=True))
            shares = [draw(percent(5, 60)) for _ in chosen]
            fee["hurdles"] = [
                {"share": share} if rates[number] is None else {"irr": rates[number], "share": share}
                for number, share in zip(sorted(chosen), shares, strict=True)
            ]
    return deal
