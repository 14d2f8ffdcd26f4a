"""`python -m benchmarks.drift`: see `benchmarks.drift.rates`."""

from benchmarks.drift.rates import main
from stages.machine.pinning import pin_environment

if __name__ == "__main__":
    pin_environment("benchmarks.drift")
    main()
