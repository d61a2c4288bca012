"""The short grammar of steps, and the tagged form that the models hold.

People write ``{pay_interest: [B-1, B-2], when: …}``; the models and the engine hold ``{"verb":
"pay_interest", "notes": [["B-1", "B-2"]], "when": …}``. A list is one pro rata group, a list of lists is
groups one after another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from cloche.model.wording import did_you_mean, found

__all__ = ["VERBS", "short_groups", "short_step", "tagged_step"]

_BESIDE = ("when", "amount", "label")
_NOTE_VERBS = ("pay_interest", "pay_deferred_interest", "pay_amortization")
VERBS = (
    "pay_fee",
    *_NOTE_VERBS,
    "pay_pari_passu",
    "pay_principal",
    "pay_shortfalls",
    "cure",
    "divert",
    "reinvest",
    "incentive_fee",
    "pay_residual",
    "pay_hedge",
    "transfer",
    "fund_reserve",
    "release_reserve",
    "turbo",
    "draw",
    "retain",
)
_DEFAULT_SEQUENCE = "note_payment_sequence"


def tagged_step(step: object) -> object:
    """Return a step in tagged form; the models then read names and lists as groups.

    Parameters
    ----------
    step
        A step as people write it, or already tagged.

    Raises
    ------
    pydantic_core.PydanticCustomError
        If it is not one verb beside `when`, `amount` and `label`, nor a block.

    Examples
    --------
    >>> tagged_step({"pay_fee": "taxes"})
    {'verb': 'pay_fee', 'fees': 'taxes'}
    """
    if not isinstance(step, Mapping):
        if isinstance(step, str) and step in VERBS:
            raise _refusal(f"found the verb {step!r} alone, expected `{step}: …`")
        if hasattr(step, "verb"):
            return step
        raise _refusal(f"found {found(step)}, expected a step such as `pay_fee: taxes`")
    if "verb" in step:
        return _checked_tag(step)
    verbs = [key for key in step if key in VERBS]
    beside = {key: value for key, value in step.items() if key not in VERBS}
    if len(verbs) > 1:
        raise _refusal(f"found {len(verbs)} verbs, {' and '.join(verbs)}; expected one verb a step")
    if not verbs:
        return _block(beside)
    verb = verbs[0]
    return {"verb": verb, **_body(verb, step[verb]), **beside}


def _checked_tag(step: Mapping[str, Any]) -> Mapping[str, Any]:
    if step["verb"] not in (*VERBS, "block"):
        raise _refusal(f"found the verb {found(step['verb'])}{did_you_mean(step['verb'], VERBS)}")
    return step


def _block(step: dict[str, Any]) -> dict[str, Any]:
    if "steps" in step:
        return {"verb": "block", **step}
    strange = [key for key in step if key not in (*_BESIDE, "else")]
    if not strange:
        raise _refusal("found no verb, expected one such as pay_interest, or `steps` for a block")
    raise _refusal(f"found the verb {strange[0]!r}{did_you_mean(strange[0], VERBS)}")


def _body(verb: str, body: object) -> dict[str, Any]:
    """Return the fields of a verb from its short form or its mapping."""
    if not isinstance(body, Mapping):
        return _short_body(verb, body)
    fields = dict(body)
    if verb == "pay_fee" and "fee" in fields and "fees" not in fields:
        fields["fees"] = fields.pop("fee")
    if verb == "pay_hedge" and "hedge" in fields and "hedges" not in fields:
        fields["hedges"] = fields.pop("hedge")
    if verb == "turbo" and "note" in fields and "notes" not in fields:
        fields["notes"] = fields.pop("note")
    if verb == "pay_residual" and "to" in fields and "notes" not in fields:
        fields["notes"] = fields.pop("to")
    if verb == "cure" and "pay" in fields:
        fields.update(_cure_target(fields.pop("pay")))
    if verb == "reinvest":
        fields = {"of": "all", "share": 1.0, **fields}
    return fields


_SHORT_FIELD = {
    "pay_fee": "fees",
    "pay_interest": "notes",
    "pay_deferred_interest": "notes",
    "pay_amortization": "notes",
    "pay_pari_passu": "steps",
    "pay_shortfalls": "through",
    "cure": "tests",
    "incentive_fee": "fee",
    "pay_residual": "notes",
    "pay_hedge": "hedges",
    "fund_reserve": "account",
    "release_reserve": "account",
}
_MAPPINGS = {
    "divert": "a mapping with test, share and to",
    "transfer": "a mapping with from and to",
    "turbo": "a mapping with note and share",
    "draw": "a mapping with note and through",
    "retain": "`retain: all`",
}


def _short_body(verb: str, body: object) -> dict[str, Any]:
    """Return the fields of a verb whose value is a name or a list."""
    if verb in _SHORT_FIELD:
        return {_SHORT_FIELD[verb]: body}
    if verb == "pay_principal":
        return {"sequence" if isinstance(body, str) else "notes": body}
    if verb == "reinvest":
        return {"of": body, "share": 1.0}
    if verb == "retain" and body in (None, "all"):
        return {}
    raise _refusal(f"found {found(body)} for {verb}, expected {_MAPPINGS[verb]}")


def _cure_target(pay: object) -> dict[str, Any]:
    if pay == _DEFAULT_SEQUENCE:
        return {}
    return {"pay": pay} if isinstance(pay, str) or pay is None else {"pay_notes": pay}


def _refusal(message: str) -> PydanticCustomError:
    """Refuse a step; one that does nothing to the others stands in while the rest is examined."""
    return PydanticCustomError("step", "{message}", {"message": message, "stand_in": {"retain": "all"}})


def short_groups(groups: list[list[str]]) -> object:
    """Return groups as people write them: a name, a list, or a list of lists.

    Examples
    --------
    >>> short_groups([["A"]]), short_groups([["B-1", "B-2"]]), short_groups([["A"], ["B"]])
    ('A', ['B-1', 'B-2'], [['A'], ['B']])
    """
    if len(groups) != 1:
        return groups
    return groups[0][0] if len(groups[0]) == 1 else groups[0]


def short_step(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tagged step as people write it.

    Examples
    --------
    >>> short_step({"verb": "pay_fee", "fees": [["admin"]], "part": "capped", "label": "B"})
    {'pay_fee': {'fee': 'admin', 'part': 'capped'}, 'label': 'B'}
    """
    verb = step["verb"]
    beside = {key: step[key] for key in _BESIDE if key in step}
    fields = {key: value for key, value in step.items() if key not in (*_BESIDE, "verb")}
    if verb == "block":
        block = {**beside, "steps": [short_step(item) for item in fields["steps"]]}
        if fields.get("else"):
            block["else"] = [short_step(item) for item in fields["else"]]
        return block
    return {verb: _written_body(verb, fields), **beside}


def _written_body(verb: str, fields: dict[str, Any]) -> object:  # noqa: PLR0911, PLR0912 - one return a verb
    if verb == "pay_fee":
        groups = short_groups(fields["fees"])
        if fields.get("part", "all") == "all":
            return groups
        return {"fee" if isinstance(groups, str) else "fees": groups, "part": fields["part"]}
    if verb == "pay_hedge":
        groups = short_groups(fields["hedges"])
        if fields.get("part", "all") == "all":
            return groups
        return {"hedge" if isinstance(groups, str) else "hedges": groups, "part": fields["part"]}
    if verb in ("fund_reserve", "release_reserve"):
        return fields if len(fields) > 1 else fields["account"]
    if verb == "turbo":
        groups = short_groups(fields["notes"])
        return {"note" if isinstance(groups, str) else "notes": groups, "share": fields["share"]}
    if verb in _NOTE_VERBS:
        return short_groups(fields["notes"])
    if verb == "pay_pari_passu":
        return [short_step(item) for item in fields["steps"]]
    if verb == "pay_residual":
        notes = short_groups(fields["notes"])
        return {"to": notes, "until": fields["until"]} if "until" in fields else notes
    if verb == "pay_principal":
        if "sequence" in fields:
            return fields["sequence"]
        groups = fields["notes"]
        written: object = groups[0] if len(groups) == 1 else groups
        return {"notes": written, "with_deferred": True} if fields.get("with_deferred") else written
    if verb == "cure":
        if "pay_notes" in fields:
            groups = fields["pay_notes"]
            return {"tests": fields["tests"], "pay": groups[0] if len(groups) == 1 else groups}
        return dict(fields) if "pay" in fields else fields["tests"]
    if verb == "reinvest":
        return fields["of"] if fields["share"] == 1.0 else {"share": fields["share"], "of": fields["of"]}
    if verb == "retain":
        return "all"
    if verb == "incentive_fee":
        return fields["fee"]
    return fields
