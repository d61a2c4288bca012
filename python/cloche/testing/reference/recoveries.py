"""Defaulted par on its way to cash."""

from dataclasses import dataclass
from datetime import date

from cloche.testing.reference.dates import Period


@dataclass
class Recovery:
    """Defaulted par that waits for its recovery; prices and rates as shares of par.

    It is received on `due`: par of the tape with the collections up to that day, par that defaults in the run on the
    first schedule date from it on, of which the day of a redemption between payment dates is none. Where the pool moves
    by months it is received in the step with the number `due_step`.
    """

    par: float
    rate: float
    market_price: float
    since: date
    due: date
    of_tape: bool = False
    due_step: int | None = None

    def received(self, period: Period) -> bool:
        """Whether it is collected by the end of a period."""
        if self.of_tape:
            return period.last or self.due <= period.collection_end
        if self.due_step is not None:
            return period.last or self.due_step <= period.pool_step - period.is_part
        return not period.is_part and (period.last or self.due <= period.unadjusted_end)
