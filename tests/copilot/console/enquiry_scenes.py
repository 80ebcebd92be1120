"""A question about a customer and its answer, invented."""

from copilot.console import cards
from copilot.console.enquiry import EnquiryPage
from tests.copilot.console.drafts import Scene
from tests.copilot.console.scenes import shell


def enquiry() -> Scene:
    quotes = ("Term ends 14 March 2027, notice by 12 February.", "We would rather renew before the summer.")
    titles = ("Contract F-031, CRM", "Dana Ruiz, email")
    sources = zip(titles, quotes, strict=True)
    told = EnquiryPage(
        "Halden Freight", "/accounts/1/enquiry/", "/accounts/1/", "When does their contract end?", True,
        "It ends on 14 March 2027; notice is due by 12 February.",
        tuple(cards.Source(n, *one, "3 days ago", "/accounts/1/") for n, one in enumerate(sources, 1)),
    )  # fmt: skip
    return "enquiry.html", {"enquiry": told, "shell": shell("accounts")}
