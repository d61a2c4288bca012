"""JSON Schema of the step grammar as people write it, so that editors complete it."""

from __future__ import annotations

from typing import Any

__all__ = ["GROUPS_SCHEMA", "STEP_DEFINITION", "STEP_PLACEHOLDER", "STEP_SCHEMA"]

STEP_DEFINITION = "Step"
STEP_PLACEHOLDER = "<step>"

_NAME: dict[str, Any] = {"type": "string", "minLength": 1}
_GROUP: dict[str, Any] = {"type": "array", "items": _NAME, "minItems": 1}
GROUPS_SCHEMA: dict[str, Any] = {
    "anyOf": [_NAME, _GROUP, {"type": "array", "items": {"anyOf": [_NAME, _GROUP]}, "minItems": 1}],
}
_NAMES: dict[str, Any] = {"anyOf": [_NAME, _GROUP]}
_EXPRESSION: dict[str, Any] = {"type": ["string", "number"]}
_STEPS: dict[str, Any] = {"type": "array", "items": {"$ref": f"#/$defs/{STEP_DEFINITION}"}}
_SHARE: dict[str, Any] = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^\s*[-+]?[0-9._]+([eE][-+]?[0-9]+)?\s*(bps?|%)\s*$"},
    ],
}


def _mapping(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_PART: dict[str, Any] = {"enum": ["all", "current", "unpaid", "capped", "above_cap"]}
_HEDGE_PART: dict[str, Any] = {"enum": ["all", "periodic", "termination", "defaulted"]}
_BODIES: dict[str, Any] = {
    "pay_fee": {
        "anyOf": [
            GROUPS_SCHEMA,
            _mapping(["fee"], fee=_NAME, part=_PART),
            _mapping(["fees"], fees=GROUPS_SCHEMA, part=_PART),
        ]
    },
    "pay_interest": {"anyOf": [GROUPS_SCHEMA, _mapping(["notes"], notes=GROUPS_SCHEMA)]},
    "pay_deferred_interest": {"anyOf": [GROUPS_SCHEMA, _mapping(["notes"], notes=GROUPS_SCHEMA)]},
    "pay_amortization": {"anyOf": [GROUPS_SCHEMA, _mapping(["notes"], notes=GROUPS_SCHEMA)]},
    "pay_pari_passu": {"anyOf": [_STEPS, _mapping(["steps"], steps=_STEPS)]},
    "pay_principal": {
        "anyOf": [
            GROUPS_SCHEMA,
            _mapping(["notes"], notes=GROUPS_SCHEMA, with_deferred={"type": "boolean"}),
            _mapping(["sequence"], sequence=_NAME),
        ],
    },
    "pay_shortfalls": {"anyOf": [_NAME, _mapping(["through"], through=_NAME)]},
    "cure": {"anyOf": [_NAMES, _mapping(["tests"], tests=_NAMES, pay=GROUPS_SCHEMA)]},
    "divert": _mapping(
        ["test", "share", "to"], test=_NAME, share=_SHARE, to={"enum": ["principal", "notes"]}
    ),
    "reinvest": {
        "anyOf": [
            {"enum": ["all", "unscheduled"]},
            _mapping(
                [],
                of={"enum": ["all", "unscheduled"]},
                share={"anyOf": [{"const": "post_period_share"}, _SHARE]},
            ),
        ],
    },
    "incentive_fee": {"anyOf": [_NAME, _mapping(["fee"], fee=_NAME)]},
    "pay_residual": {
        "anyOf": [
            GROUPS_SCHEMA,
            _mapping(["to"], to=GROUPS_SCHEMA, until=_NAME),
            _mapping(["notes"], notes=GROUPS_SCHEMA, until=_NAME),
        ],
    },
    "retain": {"enum": ["all", None]},
    "pay_hedge": {
        "anyOf": [
            GROUPS_SCHEMA,
            _mapping(["hedge"], hedge=_NAME, part=_HEDGE_PART),
            _mapping(["hedges"], hedges=GROUPS_SCHEMA, part=_HEDGE_PART),
        ]
    },
    "transfer": _mapping(["from", "to"], **{"from": _NAME}, to=_NAME),
    "fund_reserve": {"anyOf": [_NAME, _mapping(["account"], account=_NAME, up_to=_EXPRESSION)]},
    "release_reserve": {"anyOf": [_NAME, _mapping(["account"], account=_NAME, above=_EXPRESSION)]},
    "turbo": {
        "anyOf": [
            _mapping(["note", "share"], note=_NAME, share=_SHARE),
            _mapping(["notes", "share"], notes=GROUPS_SCHEMA, share=_SHARE),
        ]
    },
    "draw": _mapping(["note", "through"], note=_NAME, through=_NAME),
}

STEP_SCHEMA: dict[str, Any] = {
    "description": "One verb beside `when`, `amount` and `label`, or a block of steps.",
    "anyOf": [
        *(
            _mapping([verb], **{verb: body}, when=_EXPRESSION, amount=_EXPRESSION, label=_NAME)
            for verb, body in _BODIES.items()
        ),
        {
            "type": "object",
            "properties": {"when": _EXPRESSION, "label": _NAME, "steps": _STEPS, "else": _STEPS},
            "required": ["steps"],
            "additionalProperties": False,
        },
    ],
}
