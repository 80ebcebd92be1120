"""What is suggested, what a person decided, and what may be drawn on."""

from copilot.models.decision import Brief, Decision, Signal
from copilot.models.draft import Draft
from copilot.models.idempotent import IdempotentAnswer
from copilot.models.knowledge import Article, PastReply, SavedReply
from copilot.models.switch import DraftingSwitch

__all__ = [
    "Article",
    "Brief",
    "Decision",
    "Draft",
    "DraftingSwitch",
    "IdempotentAnswer",
    "PastReply",
    "SavedReply",
    "Signal",
]
