"""``python -m cardocr_nb``, the same as the command ``cardocr``."""

import sys

from cardocr_nb._cli import main

sys.exit(main())
