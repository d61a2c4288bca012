"""Names made comparable: companies, indices, coupon types, day counts."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["COUPON_TYPES", "DAY_COUNTS", "DAY_COUNT_CODES", "index_of", "obligor_key"]

_LEGAL_FORMS = frozenset(
    (
        "llc", "inc", "incorporated", "corp", "corporation", "co", "company", "lp", "llp", "lllp", "ltd",
        "limited", "plc", "ulc", "sarl", "sa", "sas", "spa", "srl", "bv", "nv", "gmbh", "ag", "se", "ab",
        "oy", "as", "asa", "pty",
    )
)  # fmt: skip

COUPON_TYPES = {
    "floating": "floating", "float": "floating", "floater": "floating", "variable": "floating", "fl":
    "floating", "floatingrate": "floating", "fixed": "fixed", "fix": "fixed", "fixedrate": "fixed",
}  # fmt: skip
"""Spelling without blanks and punctuation to coupon type."""

DAY_COUNTS = {
    "act360": "act/360", "actual360": "act/360", "a360": "act/360", "act365": "act/365", "actual365":
    "act/365", "a365": "act/365", "act365f": "act/365", "actual365f": "act/365", "act365fixed": "act/365",
    "actual365fixed": "act/365", "30360": "30/360", "30360us": "30/360", "us30360": "30/360", "bondbasis":
    "30/360", "30e360": "30e/360", "30360e": "30e/360", "eurobondbasis": "30e/360", "actact": "act/act",
    "actualactual": "act/act",
}  # fmt: skip
"""Spelling without blanks and punctuation to day count."""

DAY_COUNT_CODES = {"act/360": 0, "act/365": 1, "30/360": 2, "30e/360": 3, "act/act": 4}

_REMEMBERED = 4096  # texts: a tape repeats few, and a market of tapes the same companies
_TERM_INDICES = (
    "sofr",
    "euribor",
    "libor",
    "cdor",
    "corra",
    "bbsy",
    "bbsw",
    "nibor",
    "stibor",
    "tibor",
    "cibor",
)
_OVERNIGHT_INDICES = ("sonia", "estr", "prime", "saron", "tona", "nowa")
_TENOR = re.compile(r"(?<![0-9])(\d{1,2})\s*(?:m|mo|mos|mth|month|months)(?![a-z])")


@lru_cache(maxsize=_REMEMBERED)
def obligor_key(name: str) -> str:
    """Return a company's name without case, accents, punctuation and legal form.

    Examples
    --------
    >>> obligor_key("ALKU Intermediate Holdings, LLC"), obligor_key("Müller & Co. KG")
    ('alku-intermediate-holdings', 'muller-and-co-kg')
    """
    text = name.casefold()
    if not text.isascii():
        text = "".join(
            letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
        )
    text = text.replace("&", " and ").replace(".", "").replace("'", "").replace("’", "")
    words = re.findall(r"\w+", text)
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return "-".join(words)


@lru_cache(maxsize=_REMEMBERED)
def index_of(text: str, months: int) -> tuple[str, bool]:
    """Return the index of a floating loan as deals name it, and whether its tenor was filled in.

    Parameters
    ----------
    text
        What the tape says: ``SOFR``, ``3M Term SOFR``, ``sofr_1m``, ``Euribor 6 months``.
    months
        Tenor where the text has none and the index is a term rate.

    Examples
    --------
    >>> index_of("1M Term SOFR", 3), index_of("SOFR", 3), index_of("Prime", 3)
    (('sofr_1m', False), ('sofr_3m', True), ('prime', False))
    """
    words = re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip()
    for family in _TERM_INDICES:
        if family in words:
            tenor = _TENOR.search(words)
            return f"{family}_{tenor[1] if tenor else months}m", tenor is None
    for family in _OVERNIGHT_INDICES:
        if family in words:
            return family, False
    return words.replace(" ", "_"), False
