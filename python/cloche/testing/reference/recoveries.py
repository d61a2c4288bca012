"""Defaulted par on its way to cash."""

from dataclasses import dataclass
from datetime import date

from cloche.testing.reference.dates import Period


@dataclass
class Recovery:
    """Defaulted par that waits for its recovery; prices and rates as shares of par.

    It is received on `due`: par of the tape with the collections up to that day, par that defaults in the run on the
    first schedule date from it on, where the pool moves by months the first month end. The day of a redemption between
    payment dates is none.
    """

    par: float
    rate: float
    market_price: float
    since: date
    due: date
    of_tape: bool = False

    def received(self, period: Period) -> bool:
        """Whether it is collected by the end of a period."""
        if self.of_tape:
            return period.last or self.due <= period.collection_end
        return not period.is_part and (period.last or self.due <= period.unadjusted_end)
