"""Curves of index rates: from arrays, tables, quotes, or flat."""

from cloche.model.rate_curve import RateCurve

__all__ = ["RateCurve"]
