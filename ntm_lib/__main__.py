"""`python -m ntm_lib` is the `ntm` command."""

import sys

from ntm_lib.cli import main

if __name__ == "__main__":
    sys.exit(main())
