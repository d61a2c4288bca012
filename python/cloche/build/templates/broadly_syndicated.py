"""The US broadly syndicated CLO of the years 2024-25, and every term that the other families set otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from cloche.build.builder import DealBuilder
from cloche.build.templates.arguments import Arguments
from cloche.build.templates.capital_structure import capital_structure
from cloche.build.templates.payment_dates import later, payment_date_from, weekday
from cloche.model.deal import Deal
from cloche.model.standard_waterfall import Variants
from cloche.model.template import standard_parts, us_bsl_2_parts
from cloche.model.units import DAY_OF_MONTH, MONTHS, POSITIVE_MONEY, Quantity

__all__ = ["us_bsl"]

_MONTHS_A_YEAR = 12
_YEARS = Quantity("a number of years from 0 to 100", 0.0, 100.0, "plain")


def us_bsl(
    *,
    par: float = 500e6,
    closing: dt.date | str = "2025-03-20",
    name: str = "US BSL",
    currency: str = "USD",
    sizes: Mapping[str, float] | None = None,
    spreads: Mapping[str, float | str | None] | None = None,
    fixed: Mapping[str, float | str | None] | None = None,
    pari_passu: Sequence[Sequence[str]] = (),
    ratings: Mapping[str, str | None] | None = None,
    agency: str = "sp",
    deferrable: Sequence[str] = ("C", "D", "E", "F"),
    index: str = "sofr_3m",
    index_floor: float = 0.0,
    oc_triggers: Mapping[str, float | str | None] | None = None,
    ic_triggers: Mapping[str, float | str | None] | None = None,
    coverage_name: str = "OC",
    last_cure_pays: Literal["sequence", "class"] = "sequence",
    diversion_trigger: float | None = 1.06,
    diversion_share: float = 0.5,
    diversion_to: Literal["principal", "notes"] = "principal",
    par_ratio_trigger: float | None = 1.025,
    accelerate: Literal["automatic", "never"] = "never",
    taxes: float = 5_000.0,
    admin_rate: float = 0.0003,
    admin_fixed_per_year: float = 250_000.0,
    admin_cap_rate: float = 0.0002,
    admin_cap_fixed_per_year: float = 200_000.0,
    senior_fee: float = 0.0015,
    sub_fee: float = 0.0030,
    sub_fee_before_last_test: bool = False,
    incentive_irr: float = 0.12,
    incentive_share: float = 0.20,
    turbo_share: float | None = None,
    interest_smoothing: bool = False,
    frequency_switch: bool = False,
    class_x: float | None = None,
    class_x_spread: float = 0.0100,
    class_x_payments: int = 8,
    reinvestment_years: float = 5.0,
    non_call_years: float = 2.0,
    maturity_years: float = 13.0,
    static: bool = False,
    first_payment: dt.date | str | None = None,
    payment_frequency_months: int = 3,
    payment_day: int = 20,
    determination_lag_bd: int = 8,
    calendars: Sequence[str] = ("us_government_securities", "london"),
    roll: str = "following",
    upfront_cost_rate: float = 0.0090,
    interest_reserve_rate: float = 0.0010,
    ccc_limit: float = 0.075,
    discount_below: float = 0.80,
    discount_weak_below: float = 0.85,
    discount_restore: float = 0.90,
    long_dated_value: float = 0.70,
    concentration: Sequence[Mapping[str, object]] = (),
    rights: Mapping[str, object] | None = None,
    conventions: Mapping[str, object] | None = None,
) -> Deal:
    """Return a US broadly syndicated CLO of the years 2024-25.

    Parameters
    ----------
    par
        Target par, in money.
    closing
        Closing date.
    name, currency
        Name of the deal, ISO code of its currency.
    sizes
        Share of par by class, senior first: all classes of the deal, in place of the template's. A class without a
        spread or fixed rate is residual. Classes rank one after another: ``A-1`` before ``A-2``. Of the template's own
        terms by class stay those of classes that are here.
    spreads, fixed
        Spread over `index`, or fixed rate (30/360), by class. As with all terms by class, what is given changes the
        template's own for that class alone, and None takes it away.
    pari_passu
        Groups of classes that rank equally, such as ``[("B-1", "B-2")]``.
    ratings, agency
        Rating by class, and who gave it: ``sp``, ``moodys``, ``fitch``.
    deferrable
        Classes that may defer interest.
    index, index_floor
        Index of the coupons, and its floor.
    oc_triggers, ic_triggers
        Triggers by test, a ratio; ``A/B`` is the test through class B. ``{"E": 1.05}`` changes that test and leaves the
        others, ``{"E": None}`` takes it away.
    coverage_name
        What overcollateralization is called in the names of tests: ``OC``, ``Par Value``.
    last_cure_pays
        What interest pays when the most junior coverage test fails: the note payment ``sequence``, or its own
        ``class``.
    diversion_trigger, diversion_share, diversion_to
        Trigger of the interest diversion test on the most junior rated class (None: no such test), the largest share
        of the remaining interest it takes, and whether that goes to the ``principal`` account or pays ``notes``.
    par_ratio_trigger
        Trigger of the par ratio of the events of default, through the most senior class; None: no such test.
    accelerate
        Whether an event of default accelerates the notes.
    taxes
        Money a payment date.
    admin_rate, admin_fixed_per_year, admin_cap_rate, admin_cap_fixed_per_year
        Administrative expenses and their senior cap: rate a year on the fee basis amount, and money a year.
    senior_fee, sub_fee
        Management fees, rate a year on the fee basis amount.
    sub_fee_before_last_test
        Whether the subordinated fee stands before the most junior coverage test instead of after the diversion.
    incentive_irr, incentive_share
        Hurdle and share of the incentive fee.
    turbo_share
        Share of what is left after all fees that repays the most junior rated class after the reinvestment period;
        None: none.
    interest_smoothing
        Whether half of what loans pay that pay every six months is held back to the next payment date, in an account.
        Quarterly deals have it; a single payment date from a state cannot tell whose interest was collected.
    frequency_switch
        Whether the deal pays every six months once loans that pay less often than quarterly are more than 20 % of
        performing par and the most senior interest coverage ratio is below 120 %, from the second payment date on, when
        that is tested first. Floating coupons then have the six-month index, and no interest is held back any more. It
        is an amendment under a condition, among the events of the document; a scenario needs curves of both tenors.
    class_x, class_x_spread, class_x_payments
        Balance of a class X (None: none), its spread, the number of its instalments.
    reinvestment_years, non_call_years, maturity_years
        Years from closing; each ends on the first payment date from there on. No reinvestment years: a static
        deal.
    static
        Short for ``reinvestment_years=0``.
    first_payment
        Absent: the first payment date six months or more after closing.
    payment_frequency_months, payment_day
        Payment dates fall on this day, from January on in steps of the frequency.
    determination_lag_bd, calendars, roll
        Rules of dates.
    upfront_cost_rate, interest_reserve_rate
        Costs of issuance, and money on deposit for the first payment date, over par.
    ccc_limit, discount_below, discount_weak_below, discount_restore, long_dated_value
        How collateral counts.
    concentration
        Limits on the collateral, which stand in the document: ``{"kind": "second_lien", "max": 0.10}``.
    rights
        What the documents allow, such as ``auction_call``.
    conventions
        Conventions that differ from the defaults.

    Raises
    ------
    DealError
        With every problem of the arguments, by their names, and of the document that these numbers make.

    Examples
    --------
    >>> deal = us_bsl(par=400e6, closing="2025-06-18", class_x=2e6, senior_fee=0.0012)
    >>> deal.notes.names, deal.notes["A"].coupon.spread
    (['X', 'A', 'B', 'C', 'D', 'E', 'SUB'], 0.013)
    """
    given = Arguments(getattr(us_bsl, "__kwdefaults__", None) or {})
    par = given.number("par", par, POSITIVE_MONEY)
    notes = capital_structure(
        given,
        sizes=sizes,
        spreads=spreads,
        fixed=fixed,
        pari_passu=pari_passu,
        ratings=ratings,
        deferrable=deferrable,
        oc_triggers=oc_triggers,
        ic_triggers=ic_triggers,
    )
    if not notes.rated:
        raise given.error(name)
    day = given.day("closing", closing, "dates.closing")
    payment_frequency_months = given.whole("payment_frequency_months", payment_frequency_months, MONTHS)
    payment_day = given.whole("payment_day", payment_day, DAY_OF_MONTH)
    reinvestment_years = given.number("reinvestment_years", reinvestment_years, _YEARS)
    non_call_years = given.number("non_call_years", non_call_years, _YEARS)
    maturity_years = given.number("maturity_years", maturity_years, _YEARS)
    upfront_cost_rate = given.share("upfront_cost_rate", upfront_cost_rate)
    interest_reserve_rate = given.share("interest_reserve_rate", interest_reserve_rate)
    variants = Variants(
        diversion_share=given.share("diversion_share", diversion_share),
        diversion_to=given.choice("diversion_to", diversion_to, ("principal", "notes")),
        junior_fees_before_last_test=given.flag("sub_fee_before_last_test", sub_fee_before_last_test),
        last_cure_pays=given.choice("last_cure_pays", last_cure_pays, ("sequence", "class")),
        turbo_share=None if turbo_share is None else given.share("turbo_share", turbo_share),
    )
    index, agency = given.text("index", index), given.text("agency", agency)
    coverage_name = given.text("coverage_name", coverage_name)
    limits = given.mappings("concentration", concentration)
    rights, conventions = given.mapping("rights", rights), given.mapping("conventions", conventions)
    interest_smoothing = given.flag("interest_smoothing", interest_smoothing)
    frequency_switch = given.flag("frequency_switch", frequency_switch)
    reinvests = not given.flag("static", static) and reinvestment_years > 0

    def payment_date(years: float) -> dt.date:
        return payment_date_from(
            later(day, round(years * _MONTHS_A_YEAR)), payment_frequency_months, payment_day
        )

    builder = DealBuilder(
        name,
        target_par=par,
        closing=day,
        first_payment=payment_date(0.5) if first_payment is None else first_payment,
        stated_maturity=payment_date(maturity_years),
        payment_frequency_months=payment_frequency_months,
        effective=weekday(later(day, 4)) if reinvests else None,
        non_call_end=payment_date(non_call_years),
        reinvestment_end=payment_date(reinvestment_years) if reinvests else None,
        determination_lag_bd=determination_lag_bd,
        calendars=given.texts("calendars", calendars),
        roll=roll,
        currency=currency,
    )
    builder = builder.closing(
        upfront_costs=round(upfront_cost_rate * par, 2),
        interest_reserve=round(interest_reserve_rate * par, 2),
        ramp_up_cash=0.0,
        par_purchased=par,
    )
    if class_x is not None:
        builder = builder.note(
            "X",
            class_x,
            interest_rank=1,
            index=index,
            spread=class_x_spread,
            coupon={"floor": index_floor},
            amortization={"payments": class_x_payments},
            rating={agency: "AAA"},
        )
    builder = notes.issued(builder, par=par, index=index, index_floor=index_floor, agency=agency)
    builder = (
        builder.fee("taxes", amount_per_period=taxes)
        .fee(
            "admin",
            rate=admin_rate,
            fixed_per_year=admin_fixed_per_year,
            base="fee_basis",
            cap={"rate": admin_cap_rate, "fixed_per_year": admin_cap_fixed_per_year, "day_count": "act/360"},
        )
        .fee("senior", rate=senior_fee, base="fee_basis", base_date="period_start", day_count="act/360")
        .fee("sub", rate=sub_fee, base="fee_basis", base_date="period_start", day_count="act/360")
        .fee("incentive", hurdles=[{"irr": incentive_irr, "share": incentive_share}])
    )
    builder = notes.tested(builder, coverage_name=coverage_name)
    if reinvests:
        if diversion_trigger is not None:
            builder = builder.oc_test(
                f"Reinvestment {coverage_name}", through=notes.rated[-1], trigger=diversion_trigger
            )
        builder = builder.reinvestment(during=["coverage"], max_maturity="stated_maturity")
    if par_ratio_trigger is not None:
        builder = builder.test("EoD", kind="eod_par_ratio", through=notes.rated[0], trigger=par_ratio_trigger)
    rules = us_bsl_2_parts(
        ccc_limit=ccc_limit,
        discount_below=discount_below,
        discount_weak_below=discount_weak_below,
        discount_restore=discount_restore,
        long_dated_value=long_dated_value,
    )
    builder = builder.collateral(**rules["collateral"]).default_events(
        **{**rules["default_events"], "accelerate": accelerate}
    )
    if limits:
        builder = builder.collateral(concentration=limits)
    if rights:
        # A switch is contracted, and so is the right to it.
        builder = builder.rights(**({"amendment": True, **rights} if frequency_switch else rights))
    if conventions:
        builder = builder.conventions(**conventions)
    document = builder.to_dict()
    parts = _smoothing() if interest_smoothing else {}
    waterfalls = standard_parts(document, variants=variants) | parts.pop("waterfalls", {})
    switch = _frequency_switch(document, index, smooths=interest_smoothing)
    parts |= {"events": [switch]} if frequency_switch else {}
    return given.deal({**document, **parts, "waterfalls": waterfalls})


def _smoothing() -> dict[str, Any]:
    """Return the account that holds interest back for a payment date, and what moves in and out of it."""
    back = {"transfer": {"from": "smoothing", "to": "interest"}, "label": "i"}
    held = {"transfer": {"from": "interest", "to": "smoothing"}, "amount": "0.5 * interest_by_frequency(6)"}
    return {
        "accounts": [{"name": "smoothing", "earns": "cash"}],
        "waterfalls": {"receipts": [back, {**held, "label": "ii"}]},
    }


def _frequency_switch(document: Mapping[str, Any], index: str, *, smooths: bool) -> dict[str, Any]:
    """Return the amendment to semi-annual payments; what is held back is paid on the first of them."""
    senior = next((test["name"] for test in document["tests"] if test["kind"] == "ic"), "A/B IC")
    amend: dict[str, Any] = {
        "dates": {"payment_frequency_months": 6},
        "notes": {
            note["name"]: {"coupon": {"index": index.replace("_3m", "_6m")}}
            for note in document["notes"]
            if (note.get("coupon") or {}).get("index") == index
        },
    }
    if smooths:
        amend["waterfalls"] = {"receipts": _smoothing()["waterfalls"]["receipts"][:1]}
    return {
        "label": "frequency switch",
        "from": _second_payment(document["dates"]),
        "when": f"semiannual_share > 20% and ratio('{senior}') < 1.20",
        "amend": amend,
    }


def _second_payment(dates: Mapping[str, Any]) -> str:
    """Return the second payment date; what is no date stays for the document to refuse."""
    first = dates["first_payment"]
    try:
        day = first if isinstance(first, dt.date) else dt.date.fromisoformat(first)
    except (TypeError, ValueError):
        return str(first)
    return later(day, dates["payment_frequency_months"]).isoformat()
