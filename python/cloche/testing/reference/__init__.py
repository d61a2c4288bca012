"""A slow, obvious reference of the projection, written from the rules and not from the engine.

It imports the standard library only, keeps every intermediate amount visible and serves as the oracle of the engine.
Calendars are Monday to Friday less the holidays that the caller gives.
"""

from cloche.testing.reference.payment_date import run_payment_date
from cloche.testing.reference.projection import project

__all__ = ["project", "run_payment_date"]
