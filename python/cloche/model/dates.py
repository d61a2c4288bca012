"""The dates of a deal: closing, payment dates, determination dates, periods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator

from cloche.model.document import Document, problem
from cloche.model.text import Flag, IsoDate
from cloche.model.units import Balance, Count, DayOfMonth, Months

__all__ = ["Closing", "Dates", "Determination"]

_DEFAULT_LAG = 8


class Determination(Document):
    """When a determination date falls; exactly one of the three rules.

    Parameters
    ----------
    business_days_before
        So many business days before the adjusted payment date.
    month_end
        The last calendar day of the month before the payment date.
    day
        A day of the month of the payment date or, when later than it, of the month before.
    """

    business_days_before: Count | None = None
    month_end: Flag | None = None
    day: DayOfMonth | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        rules = [name for name in type(self).model_fields if getattr(self, name) not in (None, False)]
        if self.business_days_before == 0:
            rules = [*{*rules, "business_days_before"}]
        if len(rules) != 1:
            message = f"found {len(rules)} rules, expected one of business_days_before, month_end, day"
            raise ValidationError.from_exception_data("Determination", [problem((), message)])
        return self


def _determination(value: object) -> object:
    return {"month_end": True} if value == "month_end" else value


_DETERMINATION_SCHEMA = {
    "anyOf": [
        {"const": "month_end"},
        {
            "type": "object",
            "properties": {
                "business_days_before": {"type": "integer", "minimum": 0},
                "month_end": {"const": True},
                "day": {"type": "integer", "minimum": 1, "maximum": 31},
            },
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        },
    ]
}


class Dates(Document):
    """Dates and rules of dates.

    Parameters
    ----------
    closing
        Notes are issued; interest accrues from here.
    effective
        End of the ramp-up.
    first_payment
        First payment date before adjustment; it anchors the schedule.
    payment_frequency_months
        Months between payment dates.
    non_call_end
        First date on which the deal may be called or refinanced.
    reinvestment_end
        Last date of the reinvestment period; absent in a static deal.
    stated_maturity
        Last payment date.
    determination
        When a determination date falls; `determination_lag_bd` is short for ``business_days_before``.
    calendars
        ``us_government_securities, new_york, london, target``; a business day is one in all of them. Empty:
        Monday to Friday.
    roll
        What happens to a payment date that is no business day.
    end_of_month
        Whether month ends stay month ends when `first_payment` is the last day of a short month.
    add_holidays, remove_holidays
        Dates that the calendars miss, or hold in error.
    """

    closing: IsoDate
    effective: IsoDate | None = None
    first_payment: IsoDate
    payment_frequency_months: Months
    non_call_end: IsoDate | None = None
    reinvestment_end: IsoDate | None = None
    stated_maturity: IsoDate
    determination_lag_bd: Annotated[Count | None, Field(exclude=True)] = None
    determination: Annotated[
        Determination,
        BeforeValidator(_determination),
        WithJsonSchema(_DETERMINATION_SCHEMA, mode="validation"),
    ] = Determination(business_days_before=_DEFAULT_LAG)
    calendars: tuple[Literal["us_government_securities", "new_york", "london", "target"], ...] = ()
    roll: Literal["following", "modified_following", "preceding", "none"] = "following"
    end_of_month: Flag = False
    add_holidays: tuple[IsoDate, ...] = ()
    remove_holidays: tuple[IsoDate, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _lag(cls, data: Any) -> Any:
        if (
            isinstance(data, Mapping)
            and data.get("determination_lag_bd") is not None
            and "determination" in data
        ):
            message = "found both determination_lag_bd and determination, expected one of them"
            raise ValidationError.from_exception_data("Dates", [problem(("determination_lag_bd",), message)])
        return data

    @model_validator(mode="after")
    def _fold_lag(self) -> Self:
        if self.determination_lag_bd is not None:
            self.__dict__["determination"] = Determination(business_days_before=self.determination_lag_bd)
            self.__dict__["determination_lag_bd"] = None
        return self

    @model_validator(mode="after")
    def _within_the_life(self) -> Self:
        """Refuse a reinvestment period that ends after the notes; ISO texts compare as dates do."""
        end, first, last = self.reinvestment_end, self.closing, self.stated_maturity
        if end is not None and first < last and not first <= end <= last:
            message = f"found {end}, expected a date from closing ({first}) to the stated maturity ({last})"
            found = problem(("reinvestment_end",), message, end, stand_in=last)
            raise ValidationError.from_exception_data("Dates", [found])
        return self


class Closing(Document):
    """The closing balance sheet, in money.

    Parameters
    ----------
    upfront_costs
        Costs of issuance; a check only, they move no cash after closing.
    interest_reserve
        Interest proceeds of the first collection period.
    ramp_up_cash
        Opening balance of the principal account.
    par_purchased
        Par of the closing pool; absent: the tape's.
    """

    upfront_costs: Balance = 0.0
    interest_reserve: Balance = 0.0
    ramp_up_cash: Balance = 0.0
    par_purchased: Balance | None = None
