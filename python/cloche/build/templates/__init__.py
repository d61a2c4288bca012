"""Ready deals: documents with the numbers of a family of CLOs, every one of them a keyword.

`us_bsl` names every term. The other families say which of them they set otherwise, and take the rest as keywords, too.
"""

from cloche.build.templates.broadly_syndicated import us_bsl
from cloche.build.templates.euro import eur_clo
from cloche.build.templates.generations import clo_1_0, clo_2_0
from cloche.build.templates.middle_market import us_middle_market
from cloche.build.templates.static import static_clo

__all__ = ["clo_1_0", "clo_2_0", "eur_clo", "static_clo", "us_bsl", "us_middle_market"]
