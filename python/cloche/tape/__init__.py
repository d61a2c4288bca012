"""Tapes: any table of loans becomes a checked pool, or an error that names every bad row."""

from cloche.tape.pool import LoanPool

__all__ = ["LoanPool"]
