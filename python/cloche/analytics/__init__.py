"""What is computed from results: two runs beside one another."""

from cloche.analytics.comparison import Comparison, compare

__all__ = ["Comparison", "compare"]
