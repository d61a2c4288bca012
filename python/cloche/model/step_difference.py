"""Two waterfalls beside one another: steps inserted, removed, moved, changed, relabelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from cloche.model.deal_document import DealDocument
from cloche.model.describe import labels_of, sentence
from cloche.model.document import canonical_json
from cloche.model.steps import Block, Step

__all__ = ["Change", "step_changes"]

# A step stays the same step while it pays the same to the same; these may change.
_NOT_CORE = ("when", "amount", "label", "share")


@dataclass(frozen=True)
class Change:
    """One difference: where, of which item, what of it, and how it reads before and after."""

    part: str
    item: str | None
    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class _Clause:
    """A step in its place: steps of blocks stand for themselves, with the condition of the block."""

    label: str
    text: str
    core: str
    body: str
    verb: str


def step_changes(old: DealDocument, new: DealDocument, fall: str) -> Iterator[Change]:
    """Yield what differs between a waterfall of two deals, in the order of the second.

    Parameters
    ----------
    old, new
        The deals.
    fall
        Name of the waterfall.
    """
    part = f"{fall} waterfall"
    before, after = (list(_clauses(document, fall)) for document in (old, new))
    same, gone, come = _matched(before, after)
    moved = _moved(before, after, gone, come)
    for i in sorted(set(gone) - set(moved.values())):
        yield Change(part, before[i].label, "removed", before[i].text, None)
    for j, clause in enumerate(after):
        if j in same:
            i = same[j]
            if before[i].body != clause.body:
                yield Change(part, clause.label, "changed", before[i].text, clause.text)
            elif before[i].label != clause.label:
                yield Change(part, clause.label, "relabelled", before[i].label, clause.label)
        elif j in moved:
            i = moved[j]
            places = _place(before, i), _place(after, j)
            if places[0] == places[1]:
                places = _place(before, i, in_full=True), _place(after, j, in_full=True)
            yield Change(part, clause.label, f"moved ({clause.text})", *places)
            if before[i].body != clause.body:
                yield Change(part, clause.label, "changed", before[i].text, clause.text)
        else:
            yield Change(part, clause.label, f"inserted {_place(after, j)}", None, clause.text)


def _clauses(document: DealDocument, fall: str) -> Iterator[_Clause]:
    steps: Sequence[Step] = getattr(document.waterfalls, fall)
    for label, step in zip(labels_of(steps), steps, strict=True):
        yield from _flat(document, label, step, "")


def _flat(document: DealDocument, label: str, step: Step, under: str) -> Iterator[_Clause]:
    if isinstance(step, Block):
        for prefix, steps in (("if", step.steps), ("unless", step.otherwise)):
            for number, inner in enumerate(steps, 1):
                place = f"{label}({number})" if prefix == "if" else f"{label}(else {number})"
                yield from _flat(document, place, inner, f"{under}{prefix} {step.when}, ")
        return
    whole: Mapping[str, Any] = step.model_dump(mode="json", by_alias=True, exclude_none=True)
    yield _Clause(
        label=label,
        text=under + sentence(document, step),
        core=canonical_json(_without(whole)),
        body=under + canonical_json(_without(whole, ("label",))),
        verb=step.verb,
    )


def _without(value: Any, keys: Sequence[str] = _NOT_CORE) -> Any:
    if isinstance(value, Mapping):
        return {key: _without(inner, keys) for key, inner in value.items() if key not in keys}
    return [_without(inner, keys) for inner in value] if isinstance(value, list) else value


def _matched(
    before: Sequence[_Clause], after: Sequence[_Clause]
) -> tuple[dict[int, int], list[int], list[int]]:
    """Return steps that keep their order (new position to old), and the positions of those that have no such match.

    Where steps between two that match were replaced, those of one verb are the same step, changed.
    """
    same: dict[int, int] = {}
    gone: list[int] = []
    come: list[int] = []
    cores = [clause.core for clause in before], [clause.core for clause in after]
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, *cores, autojunk=False).get_opcodes():
        if tag == "equal":
            same |= dict(zip(range(j1, j2), range(i1, i2), strict=True))
            continue
        # A step that stands elsewhere in the other waterfall was moved, not changed.
        olds = [i for i in range(i1, i2) if before[i].core not in cores[1]]
        for j in range(j1, j2):
            twin = next((i for i in olds if before[i].verb == after[j].verb), None)
            if twin is None or after[j].core in cores[0]:
                come.append(j)
            else:
                same[j] = twin
                olds = [i for i in olds if i > twin]
        gone += [i for i in range(i1, i2) if i not in same.values()]
    return same, gone, come


def _moved(
    before: Sequence[_Clause], after: Sequence[_Clause], gone: Sequence[int], come: Sequence[int]
) -> dict[int, int]:
    """Return steps that stand elsewhere: new position to old."""
    left = list(gone)
    moved: dict[int, int] = {}
    for j in come:
        i = next((i for i in left if before[i].core == after[j].core), None)
        if i is not None:
            moved[j] = i
            left.remove(i)
    return moved


def _place(clauses: Sequence[_Clause], position: int, *, in_full: bool = False) -> str:
    if position == 0:
        return "first"
    last = clauses[position - 1]
    return f"after {last.label}" + (f" ({last.text})" if in_full else "")
