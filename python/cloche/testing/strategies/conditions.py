"""Strategies of conditions of purchases: collateral quality, concentration, the limit of CCC loans."""

from typing import Any

from hypothesis import strategies as st

from cloche.testing.strategies.draws import Document, basis_points, given, percent

CONDITIONS = ("coverage", "ccc", "wal", "quality", "concentration", "maintain_or_improve")
"""What purchases can be asked for."""


@st.composite
def add_conditions(draw: st.DrawFn, deal: Document) -> Document:
    """A deal whose purchases have conditions, and what they are measured by.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    deal
        Canonical deal document; it is changed.
    """
    since = draw(st.sampled_from([None, "closing", "effective", "2024-06-17", "2026-01-31"]))
    limits: list[dict[str, Any]] = [
        {"kind": "warf", "max": draw(st.integers(20, 50)) * 100.0 + 0.37},
        {"kind": "was", "min": draw(basis_points(200, 600)) + 0.0000123},
        {"kind": "wal", "max": draw(st.integers(4, 36)) / 4 + 0.0123, "from": since},
        {"kind": "warr", "min": draw(percent(5, 90)) + 0.00123},
        {"kind": "diversity", "min": 60.0},
        {"kind": "wac", "min": 0.07},
    ]
    shares = [{"kind": "ccc", "max": draw(percent(1, 40)) + 0.00123}, {"kind": "fixed_rate", "max": 0.05}]
    chosen = draw(st.lists(st.sampled_from(limits), min_size=1, unique_by=lambda limit: limit["kind"]))
    deal["collateral"]["quality"] = [given(limit) for limit in chosen]
    deal["collateral"]["concentration"] = draw(st.sampled_from([shares, shares[:1], shares[1:]]))
    asked = [name for name in CONDITIONS if name != "wal" or any(limit["kind"] == "wal" for limit in chosen)]
    if deal["collateral"].get("ccc") is None:
        asked.remove("ccc")
    some = st.lists(st.sampled_from(asked), max_size=3, unique=True)
    deal["reinvestment"] = {
        **(deal.get("reinvestment") or {}),
        "during": draw(some),
        "after": {"proceeds": ["unscheduled"], "conditions": draw(some)},
    }
    return deal
