"""`template:` in a document fills what it does not state."""

from __future__ import annotations

from typing import Any

import pytest

from cloche.build import templates
from cloche.errors import DealError
from cloche.model.deal import Deal


def document() -> dict[str, Any]:
    """Return the template's deal without the parts that `template:` stands for."""
    written = templates.us_bsl().to_dict()
    parts = ("collateral", "sequences", "waterfalls", "default_events")
    return {"template": "us_bsl_2", **{key: value for key, value in written.items() if key not in parts}}


def test_a_document_with_the_template_is_the_deal_of_the_template() -> None:
    assert Deal.from_dict(document()) == templates.us_bsl()


def test_explicit_entries_override_the_template() -> None:
    written = document()
    written["collateral"] = {"ccc": {"limit": 0.05}}
    written["waterfalls"] = {"interest": [{"pay_residual": "SUB"}]}
    deal = Deal.from_dict(written)
    assert deal.collateral.ccc is not None
    assert (deal.collateral.ccc.limit, deal.collateral.ccc.base) == (0.05, None)
    assert deal.collateral.discount == templates.us_bsl().collateral.discount
    assert len(deal.waterfalls["interest"]) == 1
    assert deal.waterfalls["principal"][:] == templates.us_bsl().waterfalls["principal"][:]


def test_problems_beside_a_template_are_those_of_the_document() -> None:
    written = document()
    written["notes"][1]["balance"] = -1
    written["fees"] = 3
    with pytest.raises(DealError) as caught:
        Deal.from_dict(written)
    assert [place for place, _ in caught.value.problems] == ["notes[1].balance", "fees"]


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(DealError) as caught:
        Deal.from_dict(
            {**document(), "template": "us_bsl_3", "waterfalls": {"interest": [], "principal": []}}
        )
    assert caught.value.problems[0] == (
        "template",
        "found 'us_bsl_3', expected 'us_bsl_2'; did you mean 'us_bsl_2'?",
    )
