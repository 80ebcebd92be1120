"""Why there is no draft, in plain sentences: what happened, what is kept, what to do next."""

from django.utils import timezone

from copilot.models import Draft

KEPT = "Nothing was sent and the conversation is complete."
WRITE = "Write the reply yourself"
AGAIN = f"{WRITE}, or redraft in a moment."
RAISE = f"{WRITE}; a lead can raise the limit under Copilot, Cost, and then the draft can be tried again."
ADMIN = "Write the reply yourself, and ask an admin to look at the model's settings."

SENTENCES: dict[str, str] = {
    # what the model said
    "refusal": f"The model declined to write this reply. {KEPT} {WRITE}, or hand it on.",
    "cut_off": f"The draft grew too long and was cut off before its end. {KEPT} "
    f"{WRITE}, or redraft and ask for a shorter one.",
    "window_exceeded": "This conversation and its history are longer than the model can read. "
    f"{KEPT} {WRITE}.",
    "asked_for_tool": "The model asked for a tool that it was not offered and wrote no reply. "
    f"{KEPT} {AGAIN}",
    "paused": f"The model paused and did not finish its reply. {KEPT} {AGAIN}",
    "broken_answer": f"The model's answer could not be read as a reply. {KEPT} {AGAIN}",
    "empty": f"The model came back without a word. {KEPT} {AGAIN}",
    "instructions": "The model repeated its own instructions instead of answering, as a letter may have "
    f"asked it to. {KEPT} {WRITE}, or redraft.",
    # the way there and back
    "rate_limited": "The model is taking no more requests from this install for a while. "
    f"{KEPT} {AGAIN}",
    "overloaded": f"The model is overloaded at the moment. {KEPT} {AGAIN}",
    "timeout": f"The model took too long to answer. {KEPT} {AGAIN}",
    "unreachable": f"The model could not be reached. {KEPT} {AGAIN}",
    "broken_off": "The connection to the model broke while it was writing. "
    f"{KEPT} {AGAIN}",
    "server_error": f"The model's server had an error of its own. {KEPT} {AGAIN}",
    # what an admin has to mend
    "payment": f"The model's provider asks for payment before it writes more. {KEPT} {ADMIN}",
    "key_refused": f"The model's provider did not accept this install's key. {KEPT} {ADMIN}",
    "model_unknown": "The model's provider does not know the model that is set here. "
    f"{KEPT} {ADMIN}",
    "not_accepted": "The model's provider did not accept the form of the request. "
    f"{KEPT} {ADMIN}",
    "too_large": "This conversation and its history are more than the model's provider accepts. "
    f"{KEPT} {WRITE}.",
    "budget": f"The budget for drafts is used up. {KEPT} {WRITE}.",
    "budget_day": f"The team's budget for drafts is used up for today. {KEPT} {RAISE}",
    "budget_month": f"The team's budget for drafts is used up for this month. {KEPT} {RAISE}",
    "budget_sender": f"As many drafts as the team allows were written for this sender lately. {KEPT} {RAISE}",
    "nothing_else": f"There is no such other wording to offer here. {KEPT} {WRITE}.",
    # what people decided
    "stopped_by_person": f"Drafting was stopped. {KEPT} {WRITE}, or redraft.",
    "people_only": f"This customer is answered by people only. {KEPT} {WRITE}.",
    "drafting_off": f"Drafting is switched off here. {KEPT} {WRITE}.",
    # ourselves
    "crashed": f"Drafting broke down on our side and was given up. {KEPT} {AGAIN}",
}  # fmt: skip


def told(draft: Draft) -> str:
    """The sentence for a failed draft, with the time from which it can be tried again where one is known."""
    words = sentence(draft.failure)
    if not draft.failure.startswith("budget_"):
        return words
    until = timezone.localtime(draft.due_at)
    return f"{words} Drafting opens again at {until:%H:%M} on {until.day} {until:%B} ({until.tzname()})."


def sentence(code: str) -> str:
    """The sentence for a code; one that nobody has written about yet is our own break-down."""
    return SENTENCES.get(code, SENTENCES["crashed"])
