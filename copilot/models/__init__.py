"""What is suggested, what a person decided, and what may be drawn on."""

from copilot.models.alternative import Alternative
from copilot.models.case import CaseSummary
from copilot.models.daily import DailyMail
from copilot.models.decision import Brief, Decision, Signal
from copilot.models.draft import Draft
from copilot.models.embedding import Embedding
from copilot.models.idempotent import IdempotentAnswer
from copilot.models.knowledge import Article, PastReply, SavedReply
from copilot.models.lesson import (
    Lesson,
    LessonEvidence,
    LessonMove,
    LessonRule,
    LessonTrial,
    LessonUse,
    NoTeacher,
)
from copilot.models.limits import DraftingLimits, Spending
from copilot.models.offer import Offer
from copilot.models.proposal import ArticleProposal, ProposalEvidence, TextVersion
from copilot.models.question import Question
from copilot.models.reading import Reading
from copilot.models.rehearsal import DraftingRequest, Rehearsal, RehearsedReply
from copilot.models.release import ReleaseRule
from copilot.models.strategy import Strategy, StrategyDecision, StrategyRound
from copilot.models.switch import DraftingSwitch
from copilot.models.topic import Topic, TopicLabel, TopicRecord
from copilot.models.wording import HouseSense, RoughText, UnwantedWording

__all__ = [
    "Alternative",
    "Article",
    "ArticleProposal",
    "Brief",
    "CaseSummary",
    "DailyMail",
    "Decision",
    "Draft",
    "DraftingLimits",
    "DraftingRequest",
    "DraftingSwitch",
    "Embedding",
    "HouseSense",
    "IdempotentAnswer",
    "Lesson",
    "LessonEvidence",
    "LessonMove",
    "LessonRule",
    "LessonTrial",
    "LessonUse",
    "NoTeacher",
    "Offer",
    "PastReply",
    "ProposalEvidence",
    "Question",
    "Reading",
    "Rehearsal",
    "RehearsedReply",
    "ReleaseRule",
    "RoughText",
    "SavedReply",
    "Signal",
    "Spending",
    "Strategy",
    "StrategyDecision",
    "StrategyRound",
    "TextVersion",
    "Topic",
    "TopicLabel",
    "TopicRecord",
    "UnwantedWording",
]
