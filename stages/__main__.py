"""`python -m stages VERB`: the pinned environment first, then the command line.

The command line is in `stages.cli`; `stages/cli/table.py` lists its verbs.
"""

from __future__ import annotations

import sys

from stages.machine.pinning import pin_environment


def main() -> int:
    """Run one verb and return the exit status."""
    from stages.cli.entry import main

    return main()


if __name__ == "__main__":
    pin_environment("stages")
    sys.exit(main())
