"""Tables: Arrow inside, NumPy columns, one call to pandas or polars, files that are whole or not there."""

from cloche.table.column import NO_DATE, Column, Kind, column_of, days_of, encode
from cloche.table.files import atomic, needs_extra
from cloche.table.table import Table

__all__ = ["NO_DATE", "Column", "Kind", "Table", "atomic", "column_of", "days_of", "encode", "needs_extra"]
