"""Hypothesis strategies of deals, tapes, scenarios and states, as canonical documents.

Everything is drawn from whole numbers (percent, basis points, days), so that failing cases shrink to round figures.
Lives are one to five years and pools have few loans: thousands of cases run in minutes. Deals and tapes are drawn
around the same par, so that any tape of `tapes()` suits any deal of `deals()`.
"""

from cloche.testing.strategies.cases import Case, cases, sound_cases
from cloche.testing.strategies.deals import deals
from cloche.testing.strategies.draws import CLOSING, PAR
from cloche.testing.strategies.events import KINDS as EVENTS
from cloche.testing.strategies.features import FEATURES
from cloche.testing.strategies.scenarios import scenarios
from cloche.testing.strategies.states import payment_states
from cloche.testing.strategies.tapes import tape_columns, tapes
from cloche.testing.strategies.transitions import KINDS as TRANSITIONS

__all__ = [
    "CLOSING",
    "EVENTS",
    "FEATURES",
    "PAR",
    "TRANSITIONS",
    "Case",
    "cases",
    "deals",
    "payment_states",
    "scenarios",
    "sound_cases",
    "tape_columns",
    "tapes",
]
