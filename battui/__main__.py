"""`python -m battui` is `battui`."""

import sys

from battui.cli.main import main

sys.exit(main())
