"""A deal and a pool that tests of events share."""

import pytest

import cloche as cl


@pytest.fixture(scope="session")
def deal() -> cl.Deal:
    return cl.templates.us_bsl(par=500e6, closing="2025-03-20")


@pytest.fixture(scope="session")
def pool() -> cl.LoanPool:
    return cl.synthetic.loan_pool(n=80, seed=5, as_of="2025-03-20")
