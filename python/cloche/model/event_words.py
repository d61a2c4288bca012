"""Events of a deal in words: when, what, at what cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cloche.model import words
from cloche.model.difference_words import pair

__all__ = ["event_in_words", "event_name"]

_CALLED = {
    "call": "a call",
    "refinance": "a refinancing",
    "reprice": "a re-pricing",
    "issue": "an issue of notes",
    "reset": "a reset",
    "amend": "an amendment",
    "special_redemption": "a special redemption",
    "confirm_ratings": "a confirmation of the ratings",
}
_PAYERS = {"interest": "interest proceeds", "proceeds": "the proceeds of the new notes", "equity": "equity"}
_BASES = {"refinanced_balance": "the refinanced balance", "performing_par": "the performing par"}


def event_name(event: Mapping[str, Any]) -> str:
    """Return how to call an event: its label, or what it is and when.

    Examples
    --------
    >>> event_name({"date": "2027-07-20", "call": {}})
    'a call on 2027-07-20'
    """
    return str(event.get("label") or f"{_CALLED[_kind(event)]} {_moment(event)}")


def event_in_words(event: Mapping[str, Any]) -> str:
    """Return an event in canonical form as a sentence without its end.

    Examples
    --------
    >>> event_in_words({"date": "2028-07-20", "amend": {"tests.E OC.trigger": 1.045}, "cost": {"fixed": 1e5}})
    'on 2028-07-20, an amendment: tests.E OC.trigger 104.5%; it costs 100,000'
    """
    label = f"{event['label']}: " if event.get("label") else ""
    parts = [f"{label}{_moment(event)}, {_CALLED[_kind(event)]}"]
    told = "; ".join(_WRITERS[_kind(event)](event[_kind(event)]))
    if told:
        parts.append(f": {told}")
    cost = _cost(event.get("cost") or {})
    return "".join(parts) + (f"; it costs {cost}" if cost else "")


def _kind(event: Mapping[str, Any]) -> str:
    return next(kind for kind in _CALLED if event.get(kind) is not None)


def _moment(event: Mapping[str, Any]) -> str:
    if event.get("date") is not None:
        return f"on {event['date']}"
    window = [f"{key} {event[key]}" for key in ("from", "until") if event.get(key) is not None]
    return " ".join([f"when {event['when']}", *window])


def _cost(cost: Mapping[str, Any]) -> str:
    terms = []
    if cost.get("rate"):
        terms.append(f"{words.percent(cost['rate'])} of {_BASES[cost.get('of') or 'refinanced_balance']}")
    if cost.get("fixed"):
        terms.append(words.money(cost["fixed"]))
    payer = f", paid from {_PAYERS[cost['paid_from']]}" if cost.get("paid_from") else ""
    return words.joined(terms, "plus") + payer if terms else ""


def _call(call: Mapping[str, Any]) -> Iterator[str]:
    price = call.get("price")
    if price is not None:
        yield "each asset at its market price" if price == "market" else f"at {words.percent(price)}"


def _note(note: Mapping[str, Any]) -> str:
    balance = note.get("balance", 0.0)
    terms = ["what is outstanding" if balance == "outstanding" else words.money(balance)]
    if note.get("coupon"):
        coupon = note["coupon"]
        floating = f"{coupon.get('index')} + {(coupon.get('spread') or 0.0) * 10_000:.6g}bp"
        terms.append(words.percent(coupon["fixed"]) if coupon.get("fixed") is not None else floating)
    if note.get("make_whole"):
        terms.append(f"make-whole until {note['make_whole']['until']}")
    return f"{note['name']} ({', '.join(terms)})"


def _refinancing(classes: Mapping[str, Any]) -> Iterator[str]:
    for name, terms in classes.items():
        yield f"{name} into {words.joined([_note(note) for note in terms['into']])}"


def _repricing(classes: Mapping[str, Any]) -> Iterator[str]:
    for name, terms in classes.items():
        yield f"{name} to {terms['spread'] * 10_000:.6g}bp"


def _issue(issue: Mapping[str, Any]) -> Iterator[str]:
    for name, note in issue.get("notes", {}).items():
        yield f"{_note(note)} beside {name}"
    if issue.get("equity"):
        yield f"equity adds {words.money(issue['equity'])}"


def _reset(reset: Mapping[str, Any]) -> Iterator[str]:
    into = reset["into"]
    stay = reset.get("carry")
    if stay is None:
        stay = [note["name"] for note in into["notes"] if note.get("residual")]
    issued = [_note(note) for note in into["notes"] if note["name"] not in stay]
    stays = f", {words.joined(stay)} stay{'s' if len(stay) == 1 else ''}" if stay else ""
    yield f"into {into['name']}, which issues {words.joined(issued) if issued else 'nothing'}{stays}"
    if reset.get("equity_contribution"):
        yield f"equity contributes {words.money(reset['equity_contribution'])}"
    if reset.get("par_purchase"):
        yield f"{words.money(reset['par_purchase'])} buys collateral"


def _amendment(keys: Mapping[str, Any], under: tuple[str, ...] = ()) -> Iterator[str]:
    for key, value in keys.items():
        path = (*under, str(key).replace("_", " "))
        if isinstance(value, Mapping):
            yield from _amendment(value, path)
        elif value is None:
            yield f"without {' '.join(path)}"
        else:
            # A list of steps or tests is told by its document.
            listed = isinstance(value, list) and any(isinstance(item, Mapping) for item in value)
            said = "written anew" if listed else pair(str(key).rpartition(".")[2], None, value)[1]
            yield f"{' '.join(path)} {said}"


def _special_redemption(terms: Mapping[str, Any]) -> Iterator[str]:
    if terms.get("amount"):
        yield words.money(terms["amount"])
    if terms.get("share"):
        yield f"{words.percent(terms['share'])} of principal proceeds"
    if terms.get("ends_reinvestment"):
        yield "the reinvestment period ends"


_WRITERS: dict[str, Any] = {
    "call": _call,
    "refinance": _refinancing,
    "reprice": _repricing,
    "issue": _issue,
    "reset": _reset,
    "amend": _amendment,
    "special_redemption": _special_redemption,
    "confirm_ratings": lambda _: (),
}
