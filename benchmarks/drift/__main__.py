"""`python -m benchmarks.drift`: see `benchmarks.drift.rates`."""

import sys

from benchmarks.drift.rates import main
from stages.machine.edge import guarded
from stages.machine.pinning import pin_environment

if __name__ == "__main__":
    pin_environment("benchmarks.drift")
    sys.exit(guarded("benchmarks.drift", main))
