"""The look of the console: every page and card is whole, works under the strict policy, and can be
read and worked by everybody. The pages are the gallery's; no row of a database is behind them."""

import gzip
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STATIC = Path(__file__).parents[3] / "copilot" / "static" / "copilot"
TEMPLATES = STATIC.parents[1] / "templates"
DOORS = ("login", "logout", "password/reset")


def names() -> list[str]:
    from tests.copilot.console.pages import PAGES

    return list(PAGES)


class Shape(HTMLParser):
    """What a page is made of, as far as the rules ask."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    from tests.copilot.console import gallery

    with gallery.served() as at:
        yield at


@pytest.fixture
def html(client: Any, settings: Any) -> Any:
    settings.ROOT_URLCONF = "tests.copilot.console.gallery"
    return lambda name: client.get(f"/scene/{name}/").content.decode()


@pytest.fixture(scope="module")
def shapes() -> dict[str, Shape]:
    """Of every page."""
    from django.test import Client, override_settings

    with override_settings(ROOT_URLCONF="tests.copilot.console.gallery"):
        return {name: Shape(Client().get(f"/scene/{name}/").content.decode()) for name in names()}


def test_the_stylesheet_and_the_scripts_stay_small() -> None:
    """As they are sent, compressed, well under 40 and 20 kB; and as one reads them, not much above."""
    style, scripts = (STATIC / "console.css").read_bytes(), [f.read_bytes() for f in STATIC.glob("*.js")]
    assert len(gzip.compress(style)) <= 16 * 1024 and len(style) <= 56 * 1024
    assert sum(len(gzip.compress(one)) for one in scripts) <= 10 * 1024
    assert sum(len(one) for one in scripts) <= 26 * 1024


def test_no_template_needs_what_the_policy_forbids() -> None:
    forbidden = re.compile(r'style="|<style|<script(?![^>]*src=)|hx-on|"js:|javascript:|hx-vars| on[a-z]+="')
    for file in TEMPLATES.rglob("*.html"):
        assert not forbidden.search(file.read_text()), file


def test_every_page_has_one_heading_unique_ids_and_a_label_for_each_field(
    shapes: dict[str, Shape],
) -> None:
    for name, shape in shapes.items():
        assert len(shape.all("h1")) == 1, name
        ids = [attrs["id"] for _, attrs in shape.tags if attrs.get("id")]
        assert len(ids) == len(set(ids)), (name, sorted(i for i in ids if ids.count(i) > 1))
        for label in shape.all("label"):
            assert "for" not in label or label["for"] in ids, (name, label)


def test_every_form_posts_plainly_with_its_token_and_to_the_address_of_its_swap(
    shapes: dict[str, Shape],
) -> None:
    for name, shape in shapes.items():
        forms = [form for form in shape.all("form") if form.get("method") == "post"]
        tokens = [one for one in shape.all("input") if one.get("name") == "csrfmiddlewaretoken"]
        assert len(forms) == len(tokens), name
        for form in forms:
            assert form["action"], name
            assert form.get("hx-post", form["action"]) == form["action"], (name, form)


def test_every_action_on_a_draft_says_which_version_it_means(html: Any) -> None:
    for state in ("ready", "stale", "failed", "escalated", "approved", "editing"):
        page = html(f"card-{state}")
        forms = re.findall(r'<form[^>]*action="/inbox/\d+/drafts/[^>]*>.*?</form>', page, re.S)
        assert forms, state
        assert all('name="version" value="7"' in form for form in forms), state


def test_a_state_is_told_by_a_word_and_a_glyph() -> None:
    from copilot.console.cards import HEADS
    from copilot.templatetags.rapport import icon

    assert len({(head.word, head.glyph) for head in HEADS.values()}) == len(HEADS)
    assert all(head.word and "<svg" in icon(head.glyph) for head in HEADS.values())


def test_names_and_letters_of_strangers_are_shown_as_text(client: Any, settings: Any) -> None:
    from django.template.loader import render_to_string

    from copilot.console.cards import Card, Paragraph, Person, Run, Said

    evil = "<img src=x onerror=alert(1)>"
    card = Card(
        conversation_id=1, n=1, state="stale", said=Said(Person(evil), evil), kept=evil, meta=evil,
        paragraphs=(Paragraph((Run(evil, (1,)),)),),
    )  # fmt: skip
    assert "<img" not in render_to_string("console/_card.html", {"card": card})


# --- in a browser ---------------------------------------------------------------------------------


@pytest.fixture
def watched(page: "Page") -> Iterator["Page"]:
    """A page on which no script may fail and nothing may be refused by the policy."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield page
    assert not wrong, wrong


# The other screens and sizes share their rules with these; make soak reads them all.
LIGHT_AND_WIDE = ("conversation", "card-editing", "diff", "account", "events")
DARK_AND_NARROW = ("conversation", "card-stale", "card-failed", "clash", "inbox")


def reads_all(page: "Page", address: str, theme: str, width: int, paths: list[str]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    found = []
    for path in paths:
        page.goto(f"{address}{path}?theme={theme}")
        wrong = Axe().run(page).response["violations"]
        found += [(path, one["id"], [node["target"] for node in one["nodes"]]) for one in wrong]
    assert not found


def scenes(some: Iterable[str]) -> list[str]:
    return [f"/scene/{name}/" for name in some]


def test_everybody_can_read_the_telling_pages(watched: "Page", address: str) -> None:
    doors = [f"/me/{door}/" for door in DOORS]
    reads_all(watched, address, "light", 1440, scenes(LIGHT_AND_WIDE) + doors)
    reads_all(watched, address, "dark", 390, scenes(DARK_AND_NARROW))


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_everybody_can_read_every_page(watched: "Page", address: str, theme: str, width: int) -> None:
    reads_all(watched, address, theme, width, scenes(names()) + [f"/me/{door}/" for door in DOORS])


def test_nothing_scrolls_sideways_on_the_narrowest_screen(browser: "Browser", address: str) -> None:
    """Without scripts, which would only open a stream on each of these pages."""
    page = browser.new_page(java_script_enabled=False, viewport={"width": 320, "height": 640})
    for path in scenes(names()) + [f"/me/{door}/" for door in DOORS]:
        page.goto(address + path, wait_until="domcontentloaded")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    page.close()


def test_a_draft_is_checked_edited_and_approved_with_keys_only(watched: "Page", address: str) -> None:
    watched.goto(f"{address}/scene/conversation/")
    watched.keyboard.press("]")
    assert watched.locator(".source.on").count() == 1
    watched.keyboard.press("Control+Enter")
    assert watched.locator("#draft.is-ready").count() == 1, "a tick is missing, so nothing may leave"
    watched.locator("[name=ticks]").focus()
    watched.keyboard.press("Space")
    watched.locator("body").press("e")
    watched.locator("#editor textarea:focus").wait_for()
    watched.keyboard.type("w ")  # no shortcut inside a field
    assert watched.locator("#why").is_visible()
    watched.locator("#editor [name=ticks]").check()
    watched.locator("#editor textarea").press("Control+Enter")
    watched.locator("#draft.is-approved").wait_for()


def test_a_note_is_corrected_with_keys_only(watched: "Page", address: str) -> None:
    watched.goto(f"{address}/scene/notes/")
    watched.keyboard.press("c")
    watched.locator("#note-words:focus").wait_for()
    watched.keyboard.type("r a ")  # in a field they are letters, and decide nothing
    assert "r a " in watched.locator("#note-words").input_value()
    watched.route("**/notes/*/", lambda route: route.fulfill(status=204))
    with watched.expect_request("**/notes/*/") as sent:
        watched.keyboard.press("Control+Enter")
    assert "fate=correct" in (sent.value.post_data or "")


def test_typed_text_stays_when_the_draft_moves_on(watched: "Page", address: str) -> None:
    from tests.copilot.console import gallery

    watched.goto(f"{address}/scene/card-editing/")
    field = watched.locator("#editor textarea")
    field.fill("Written by a person.")
    watched.get_by_text("Saved just now").wait_for()
    gallery.tell(
        "card", draft=1, version=40,
        html='<section id="draft" data-n="1" data-state="stale" data-said="Out of date."></section>',
    )  # fmt: skip
    watched.get_by_text("The customer wrote again. Your text is kept.").wait_for()
    assert field.input_value() == "Written by a person."


def test_a_growing_draft_shows_words_never_markup(watched: "Page", address: str) -> None:
    from tests.copilot.console import gallery

    with watched.expect_request("**/live/**"):
        watched.goto(f"{address}/scene/card-streaming/")
    watched.wait_for_timeout(300)
    gallery.tell("text", draft=1, version=8, text="Hi Dana,\n\n<b>Both</b> seats are live.")
    watched.get_by_text("<b>Both</b> seats are live.").wait_for()
    gallery.tell("text", draft=1, version=5, text="An older word.")
    gallery.tell("list", changed=3)
    watched.get_by_text("3 new conversations").wait_for()
    assert not watched.get_by_text("An older word.").count()


def test_the_palette_lists_and_runs_what_can_be_done(watched: "Page", address: str) -> None:
    watched.goto(f"{address}/scene/conversation/")
    watched.keyboard.press("Control+k")
    watched.get_by_role("combobox").fill("escal")
    watched.keyboard.press("Enter")
    watched.get_by_role("heading", name="Who should decide this?").wait_for()
    watched.keyboard.press("Escape")
    watched.locator("#dialog[open]").wait_for(state="detached")


def test_without_scripts_the_page_is_whole(browser: "Browser", address: str) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{address}/scene/conversation/")
    page.get_by_role("button", name="Edit").first.click()
    page.get_by_role("textbox", name="The reply to Dana").fill("Hello.")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Renewal date")
    page.goto(f"{address}/scene/conversation/")
    page.get_by_role("link", name="Escalate", exact=True).click()
    assert page.get_by_role("heading", name="Who should decide this?").is_visible()
    page.close()
