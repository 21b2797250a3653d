"""``python -m cardocr_nb.cli``."""

import sys

from cardocr_nb.cli.main import main

sys.exit(main())
