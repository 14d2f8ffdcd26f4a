"""The environment that the bytes of our outputs depend on, pinned before anything else is imported.

Nothing here may import numpy, or anything that does: OpenBLAS reads its variables when it loads.
"""

from __future__ import annotations

import os
import sys

from stages.machine.streams import hold_standard_streams

# One thread per operation: sums in another order differ in the last bits.
PINNED_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_CORETYPE": "Haswell",
    # numpy has other logarithms and exponentials for AVX-512, which differ in the last bit.
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def pin_environment(module: str) -> None:
    """Restart `python -m module` under `PINNED_ENVIRONMENT` unless it already runs under it.

    A restart, because Python reads its hash seed only when it starts.
    """
    hold_standard_streams()
    if any(os.environ.get(name) != value for name, value in PINNED_ENVIRONMENT.items()):
        os.environ.update(PINNED_ENVIRONMENT)
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])  # noqa: S606
