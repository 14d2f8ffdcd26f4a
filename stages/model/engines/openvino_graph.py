"""A BERT encoder as a graph of OpenVINO: tokens of one text in, its unit vector out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stages.model.engines.openvino_import import openvino

if TYPE_CHECKING:
    import numpy as np
    from openvino import Model, Node

    from stages.model.engines.bert import Bert

_SMALLEST_NORM = 1e-12


def graph(bert: Bert) -> Model:
    """Return the graph: `(1, n) int64` to `(1, dim) float32`, for any n that the model takes.

    The weights of products are whole numbers of 8 bits with a scale for each output: that is how
    OpenVINO knows that it may multiply in 8 bits where the processor can.
    """
    ops = openvino().opset13
    ids = ops.parameter([1, -1], openvino().Type.i64, name="ids")
    build = _Builder(bert)
    tokens = build.embedded(ids)
    for number in range(bert.layers):
        tokens = build.layer(f"encoder.layer.{number}", tokens)
    mean = ops.reduce_mean(tokens, build.whole([1]), keep_dims=False)
    unit = ops.normalize_l2(mean, build.whole([1]), _SMALLEST_NORM, "max")
    return openvino().Model([unit], [ids], "bert")


@dataclass(frozen=True)
class _Builder:
    bert: Bert

    def whole(self, values: list[int]) -> Node:
        import numpy as np

        return openvino().opset13.constant(np.array(values, np.int64))

    def constant(self, values: np.ndarray) -> Node:
        import numpy as np

        return openvino().opset13.constant(np.ascontiguousarray(values, np.float32))

    def embedded(self, ids: Node) -> Node:
        ops, tensors = openvino().opset13, self.bert.tensors
        of_first_sentence = tensors["embeddings.token_type_embeddings.weight"][0]
        places = tensors["embeddings.position_embeddings.weight"] + of_first_sentence
        words = self.constant(tensors["embeddings.word_embeddings.weight"])
        first = self.whole([0])
        n = ops.gather(ops.shape_of(ids, "i64"), self.whole([1]), first)
        positions = ops.slice(self.constant(places), first, n, self.whole([1]), first)
        return self.norm("embeddings.LayerNorm", ops.add(ops.gather(words, ids, first), positions))

    def layer(self, name: str, tokens: Node) -> Node:
        """Return the next layer's `(1, n, dim)` of this one's."""
        ops = openvino().opset13
        mixed = self.dense(f"{name}.attention.output.dense", self.attention(name, tokens))
        tokens = self.norm(f"{name}.attention.output.LayerNorm", ops.add(tokens, mixed))
        wide = ops.gelu(self.dense(f"{name}.intermediate.dense", tokens), "ERF")
        narrow = self.dense(f"{name}.output.dense", wide)
        return self.norm(f"{name}.output.LayerNorm", ops.add(tokens, narrow))

    def attention(self, name: str, tokens: Node) -> Node:
        """Return what each token attends to, in the form that OpenVINO makes one kernel of."""
        import numpy as np

        ops, heads = openvino().opset13, self.bert.heads
        dim = self.bert.tensors[f"{name}.attention.self.query.bias"].size

        def split(part: str) -> Node:
            of_part = self.dense(f"{name}.attention.self.{part}", tokens)
            by_head = ops.reshape(of_part, self.whole([0, 0, heads, dim // heads]), True)
            return ops.transpose(by_head, self.whole([0, 2, 1, 3]))

        scores = ops.matmul(split("query"), split("key"), False, True)
        scale = self.constant(np.array((dim / heads) ** -0.5))
        shares = ops.softmax(ops.multiply(scores, scale), -1)
        mixed = ops.transpose(
            ops.matmul(shares, split("value"), False, False), self.whole([0, 2, 1, 3])
        )
        return ops.reshape(mixed, self.whole([0, 0, dim]), True)

    def dense(self, name: str, rows: Node) -> Node:
        """Return a product and a sum."""
        import numpy as np

        ops = openvino().opset13
        weight = self.bert.tensors[f"{name}.weight"]
        # A row of zeros has any scale.
        scale = np.maximum(np.abs(weight).max(axis=1, keepdims=True) / 127, 1e-30)
        bits = ops.constant(np.rint(weight / scale).astype(np.int8))
        product = ops.multiply(ops.convert(bits, openvino().Type.f32), self.constant(scale))
        bias = self.constant(self.bert.tensors[f"{name}.bias"])
        return ops.add(ops.matmul(rows, product, False, True), bias)

    def norm(self, name: str, rows: Node) -> Node:
        ops, tensors = openvino().opset13, self.bert.tensors
        level = ops.mvn(rows, self.whole([-1]), True, self.bert.epsilon, "inside_sqrt")
        scaled = ops.multiply(level, self.constant(tensors[f"{name}.weight"]))
        return ops.add(scaled, self.constant(tensors[f"{name}.bias"]))
