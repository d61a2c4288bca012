"""What trustee reports, filings and other systems call the columns of a tape.

Case, blanks and punctuation do not matter. The order counts where a tape has several columns of one kind.
"""

from __future__ import annotations

__all__ = ["ALIASES"]

ALIASES = {
    "loan_id": """
        row id, id, loan identifier, loan number, asset id, asset identifier, asset number, position id,
        facility id, tranche id, instrument id, security id, security identifier, identifier, loanx id,
        lxid, lin, cusip, isin, figi
    """,
    "obligor_id": "issuer id, borrower id, company id, obligor number, entity id, issuer number, lei",
    "obligor_name": """
        obligor, issuer, issuer name, borrower, borrower name, company, company name, portfolio company,
        name of issuer, entity name, credit name, issuer description, name
    """,
    "parent_id": """
        parent, parent company, parent name, ultimate parent, affiliate group, obligor group, family
    """,
    "par": """
        par amount, par balance, par value, par funded, funded par, funded amount, funded balance,
        principal, principal amount, principal balance, outstanding principal, outstanding principal
        balance, principal funded, principal outstanding, current balance, current principal balance,
        current par, outstanding balance, outstanding amount, outstanding par, face, face amount, face
        value, current face, notional, notional amount, principal local, par local, balance, drawn, drawn
        amount, drawn balance
    """,
    "par_unfunded": """
        unfunded, unfunded par, unfunded amount, unfunded balance, unfunded commitment, undrawn, undrawn
        amount, undrawn balance, undrawn commitment, unfunded principal
    """,
    "original_par": """
        original balance, original principal, original principal balance, original amount, original face,
        original loan amount, initial principal, initial balance, par original
    """,
    "coupon_type": """
        rate type, interest type, interest rate type, fixed floating, fixed or floating, fixed float,
        floating or fixed, float fixed, floating fixed, type of rate, fix float
    """,
    "index": """
        reference rate, base rate, base rate type, base index, benchmark, benchmark rate, index name, rate
        index, index type, floating index, floating rate index, interest rate index, reference index,
        underlying index
    """,
    "spread": """
        margin, contractual spread, contractual margin, interest spread, loan spread, cash spread, index
        spread, floating spread, current spread, spread to index, spread over index, spread above index,
        reference rate spread, gross margin, spread margin, index margin, interest margin
    """,
    "fixed_rate": "fixed coupon, fixed interest rate, coupon fixed, fixed coupon rate, fixed rate coupon",
    "floor": """
        index floor, libor floor, sofr floor, euribor floor, benchmark floor, base rate floor, rate floor,
        floor rate, interest rate floor, reference rate floor, floor level
    """,
    "csa": "credit spread adjustment, spread adjustment, sofr adjustment, csa adjustment",
    "csa_in_floor": "csa inside floor, floor includes csa",
    "rate_cap": "cap, interest rate cap, cap rate, index cap",
    "pik_spread": "pik, pik rate, pik margin, pik interest, pik coupon, pik interest rate",
    "unfunded_fee": "commitment fee, undrawn fee, unused fee, unfunded rate",
    "payment_frequency_months": """
        payment frequency, pay frequency, payment period, interest frequency, frequency, interest payment
        frequency, coupon frequency, pay freq, payment freq, frequency months
    """,
    "next_payment": """
        next payment date, next pay date, next interest payment date, next interest date, next coupon date,
        next coupon payment date, interest payment date
    """,
    "accrual_start": """
        accrual start date, accrual begin date, accrual begin, interest accrual start date, last payment
        date, last pay date, previous payment date, prior payment date, last coupon date
    """,
    "current_rate": """
        all in rate, all in coupon, current all in rate, current interest rate, current coupon, interest
        rate, coupon rate, coupon, all in interest rate, all in cash rate, contract rate, cash coupon, total
        coupon, gross coupon
    """,
    "next_reset": "next reset date, reset date, next repricing date, rate reset date",
    "reset_frequency_months": "reset frequency, reset freq, index reset frequency, interest reset frequency",
    "day_count": "daycount, day count convention, day count basis, accrual basis, day count method",
    "maturity": """
        maturity date, final maturity, final maturity date, legal maturity, legal maturity date, stated
        maturity, stated maturity date, loan maturity, loan maturity date, contractual maturity, due date,
        expiry date
    """,
    "amortization_rate": """
        amortization, amort rate, annual amortization, amort, amortisation, amortisation rate
    """,
    "amortization_schedule": "amort schedule, amortisation schedule, principal schedule",
    "cashflow_schedule": "cash flow schedule, cash flows, cashflows",
    "call_protection": "call schedule, prepayment penalty, soft call, call premium",
    "lien": """
        lien type, lien position, lien level, lien priority, security lien, seniority, ranking, rank,
        security level, priority
    """,
    "facility": """
        facility type, loan type, asset type, instrument type, tranche type, security type, investment type,
        type of loan, loan description, tranche, asset class
    """,
    "cov_lite": "covenant lite, is cov lite, cov lite flag, covlite loan, cov lite loan",
    "currency": """
        ccy, currency code, local currency, currency type, asset currency, denomination, native currency
    """,
    "country": """
        domicile, country of domicile, country of risk, issuer country, obligor country, country code,
        jurisdiction, country name, issuer domicile, country of organization
    """,
    "industry": """
        moodys industry, moodys industry classification, moodys 35 industry, moodys 33 industry, industry
        name, industry moodys, sp industry, s&p industry, s&p industry classification, industry sp, gics
        industry, fitch industry, industry classification, industry group, sector
    """,
    "rating_sp": """
        s&p issuer credit rating, s&p issuer rating, s&p corporate rating, s&p company rating, s&p rating, s
        and p rating, sp rating, standard and poors rating, standard & poors rating, s&p, sp, sp issuer
        rating, s&p facility rating, s&p loan rating, s&p security rating, rating s&p
    """,
    "rating_moodys": """
        moodys default probability rating, moodys dp rating, moodys pd rating, moodys dpr, moodys cfr,
        corporate family rating, moodys corporate family rating, cfr, moodys issuer rating, moodys rating,
        moody rating, moodys, moodys facility rating, moodys loan rating, moodys security rating
    """,
    "rating_fitch": "fitch idr, fitch issuer rating, fitch issuer default rating, fitch rating, fitch",
    "watch": "watchlist, rating watch, credit watch, moodys watch, on watch",
    "outlook": "rating outlook, credit outlook",
    "rating_factor": "moodys rating factor, warf factor, mrf, moodys factor",
    "pd_1y": """
        pd, pd 1 year, pd 1yr, one year pd, 1 year pd, 1y pd, default probability, probability of default,
        annual pd, one year default probability
    """,
    "hazard": "hazard rate, default intensity, intensity",
    "recovery": """
        recovery rate, expected recovery, recovery assumption, assumed recovery, expected recovery rate,
        moodys recovery rate, recovery value
    """,
    "recovery_lag_months": "recovery lag, months to recovery, time to recovery months, recovery delay months",
    "cpr": "prepayment rate, conditional prepayment rate, prepay rate",
    "market_price": """
        price, mark, mark price, mark derived, market quote, quote, bid, bid price, mid, mid price, market
        bid, market bid price, current price, current market price, loan price, valuation price, fair value
        price, mtm price, market price bid
    """,
    "purchase_price": """
        cost price, acquisition price, buy price, book price, original purchase price, average cost price,
        average price, trade price, price paid
    """,
    "purchase_date": """
        trade date, acquisition date, settlement date, settle date, date acquired, purchased on
    """,
    "default_date": "date of default, defaulted on, date defaulted",
    "is_deferring": "deferring, deferring obligation, pik deferring, deferring security",
    "is_current_pay": "current pay, current pay obligation",
    "is_dip": "dip, dip loan, dip obligation, dip collateral obligation",
    "is_participation": "participation, participation interest, participation flag",
    "facility_size": """
        tranche size, issue size, loan size, loan size total, total facility, total issuance, facility
        amount, global amount, total loan size
    """,
    "rating": "credit rating, issuer rating, company rating",
    "cost": "cost basis, purchase cost, acquisition cost, total cost, book cost",
    "market_value": "fair value, fmv, fair market value, current value",
    "is_defaulted": "defaulted, default flag, in default, default status, defaulted obligation",
    "count": "number of loans, loan count, number of obligors",
    "is_unfunded": "unfunded flag, fully unfunded",
    "is_partly_unfunded": "partly unfunded, partially unfunded",
    "is_pik": "pik flag, pik loan, pays pik",
}
