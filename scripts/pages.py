"""Write the pages of the Python interface to the given folder."""

import sys
from pathlib import Path

from pdoc import pdoc, render

import cloche

# Public names are resolved when first asked for, and pages are made of what is there.
for name in cloche.__all__:
    getattr(cloche, name)
render.configure(docformat="numpy")
pdoc("cloche", output_directory=Path(sys.argv[1]))
