"""What a million tokens costs, by model family: the one place where prices stand."""

from copilot.drafting.engine import Usage

# (input, output, cache read, cache write for five minutes) in US dollars a million tokens, which
# is the same number in millionths of a dollar a token. Anthropic's list prices as published in
# November 2026 (platform.claude.com/docs/en/about-claude/pricing); check them against your bill.
# The longest family name that fits decides; a model that is not listed counts as free.
PRICES: dict[str, tuple[float, float, float, float]] = {
    "claude-fable-5-1": (10, 50, 0.25, 12.5),
    "claude-fable-5": (10, 50, 1, 12.5),
    "claude-opus-5-5": (4, 20, 0.2, 5),
    "claude-opus-5": (5, 25, 0.5, 6.25),
    "claude-opus-4": (5, 25, 0.5, 6.25),
    "claude-sonnet-5": (2, 10, 0.2, 2.5),
    "claude-sonnet-4": (3, 15, 0.3, 3.75),
    "claude-haiku-5-5": (0.1, 0.5, 0.01, 0.125),
    "claude-haiku-4": (1, 5, 0.1, 1.25),
}
# Haiku 5.5 costs five times as much for a prompt over this length.
LONG_PROMPT = 100_000
LONG_PROMPT_TIMES = {"claude-haiku-5-5": 5}


def usage(model: str, tokens_in: int, out: int, cache_read: int, cache_write: int) -> Usage:
    """The counts with their cost."""
    cost = 0.0
    family = max((name for name in PRICES if model.startswith(name)), key=len, default="")
    if family:
        counts = (tokens_in, out, cache_read, cache_write)
        cost = sum(n * price for n, price in zip(counts, PRICES[family], strict=True))
        if tokens_in + cache_read + cache_write > LONG_PROMPT:
            cost *= LONG_PROMPT_TIMES.get(family, 1)
    return Usage(tokens_in, out, cache_read, cache_write, round(cost))
