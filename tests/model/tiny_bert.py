"""A BERT model of a few words in a folder, with random weights: what an engine does, in no time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from stages import config
from stages.machine.files import sha256

DIM, HEADS, WIDE, LAYERS, LONGEST = 32, 4, 64, 2, 64
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LETTERS = tuple("!,.0123456789abcdefghijklmnopqrstuvwxyz")
WORDS = ("the", "of", "mail", "money", "now", "meeting", "kernel", "patch", "win", "cheap")
VOCABULARY = (*MARKS, *LETTERS, *WORDS, *(f"##{letter}" for letter in LETTERS[3:]))
# What an engine must read alike, whatever the company.
TEXTS = (
    "Meeting of the kernel",
    "WIN MONEY NOW! " * 60,
    "",
    "Grüße, 你好",
    "[SEP] the mail",
    "cheap",
)


def tiny_bert(folder: Path) -> config.Encoder:
    """Write the model to `folder`, which is made; return its description."""
    (folder / "1_Pooling").mkdir(parents=True)
    shape = {
        "model_type": "bert",
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(shape))
    (folder / "1_Pooling/config.json").write_text('{"pooling_mode_mean_tokens": true}')
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": LONGEST}))
    _tokenizer().save(str(folder / "tokenizer.json"))
    save_file(_tensors(), folder / "model.safetensors")
    return config.Encoder(
        name="tiny",
        package="tiny",
        folder=None,
        hub=None,
        revision=None,
        sha256=sha256(folder / "model.safetensors"),
        dim=DIM,
        max_chars=1_000,
        max_tokens=None,
        engine="static",
    )


def _tokenizer() -> Tokenizer:
    vocabulary = {word: number for number, word in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=MARKS[1]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    marks = [(mark, vocabulary[mark]) for mark in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, marks)
    tokenizer.add_special_tokens(list(MARKS))
    return tokenizer


def _tensors() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(1)

    def dense(name: str, out: int, inner: int) -> dict[str, np.ndarray]:
        weight = draw.normal(scale=inner**-0.5, size=(out, inner)).astype(np.float32)
        bias = draw.normal(scale=0.1, size=out).astype(np.float32)
        return {f"{name}.weight": weight, f"{name}.bias": bias}

    def norm(name: str) -> dict[str, np.ndarray]:
        return {
            f"{name}.weight": draw.normal(1, 0.1, DIM).astype(np.float32),
            f"{name}.bias": draw.normal(0, 0.1, DIM).astype(np.float32),
        }

    tensors = norm("embeddings.LayerNorm")
    sizes = {"word": len(VOCABULARY), "position": LONGEST, "token_type": 2}
    for name, size in sizes.items():
        drawn = draw.normal(scale=0.3, size=(size, DIM)).astype(np.float32)
        tensors[f"embeddings.{name}_embeddings.weight"] = drawn
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            tensors |= dense(f"{layer}.attention.{part}", DIM, DIM)
        tensors |= dense(f"{layer}.intermediate.dense", WIDE, DIM)
        tensors |= dense(f"{layer}.output.dense", DIM, WIDE)
        tensors |= norm(f"{layer}.attention.output.LayerNorm") | norm(f"{layer}.output.LayerNorm")
    return tensors
