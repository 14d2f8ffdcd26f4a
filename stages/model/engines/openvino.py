"""BERT on OpenVINO with 8-bit weights: close to the model, and fast where the processor helps.

Products are of 8 bits on processors with VNNI or AMX, the rest is bfloat16 where they have it.
Others multiply in float32, and gain little over PyTorch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stages.model.engines import bert, openvino_graph, openvino_import, side_by_side
from stages.model.engines.openvino_import import openvino

if TYPE_CHECKING:
    import numpy as np
    from openvino import InferRequest
    from tokenizers import Tokenizer

    from stages import config

# Activations that share a scale.
_GROUP = 64
# Kernels that are kept, of one length of text each; by default 5,000, each of which takes memory.
_KERNELS = 64


class OpenVino:
    """BERT encoders, run by OpenVINO; see `Engine`."""

    WEIGHTS = bert.WEIGHTS
    LIBRARIES: tuple[str, ...] = ("numpy", "openvino", "safetensors", "tokenizers")
    VARIABLES: tuple[str, ...] = ("DNNL_", "ONEDNN_", "OV_")
    CODE: tuple[Path, ...] = (
        Path(__file__),
        Path(bert.__file__),
        Path(openvino_graph.__file__),
        Path(openvino_import.__file__),
        Path(side_by_side.__file__),
    )
    PORTABLE = False

    def load(
        self, folder: Path, encoder: config.Encoder, *, workers: int | None = None
    ) -> side_by_side.SideBySide:
        """See `Engine`; the workers share the weights."""
        import joblib

        workers = workers or joblib.cpu_count()
        model = bert.read_bert(folder, encoder)
        core = openvino().Core()
        can = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        options = {
            # Each text on one thread: its bytes depend on no other.
            "NUM_STREAMS": workers,
            "INFERENCE_NUM_THREADS": workers,
            # Other processes may run on the same cores.
            "ENABLE_CPU_PINNING": False,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": _GROUP,
            "INFERENCE_PRECISION_HINT": "bf16" if "BF16" in can else "f32",
            "CPU_RUNTIME_CACHE_CAPACITY": _KERNELS,
        }
        compiled = core.compile_model(openvino_graph.graph(model), "CPU", options)
        embed = [_Worker(model.tokenizer, compiled.create_infer_request()) for _ in range(workers)]
        return side_by_side.SideBySide(embed, encoder.max_chars)


class _Worker:
    """Turns one text into its vector, on the thread that calls it."""

    def __init__(self, tokenizer: Tokenizer, request: InferRequest) -> None:
        self._tokenizer, self._request = tokenizer, request

    def __call__(self, text: str) -> np.ndarray:
        import numpy as np

        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        # A copy: the request writes its next answer to the same place.
        vector: np.ndarray = self._request.infer({0: ids})[0][0].copy()
        return vector
