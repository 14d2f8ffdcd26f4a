"""`python -m benchmarks.drift`: see `benchmarks.drift.rates`."""

from benchmarks.drift.rates import main

if __name__ == "__main__":
    main()
