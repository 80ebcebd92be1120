"""What arrived, made fit to read."""

import time

import pytest

from interactions.wording import language_of, safe_html, split_quoted, text_of


@pytest.mark.parametrize(
    "dirty",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<iframe src=//x>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<p onclick=alert(1)>x</p>",
        "<style>p{background:url(//x)}</style>",
        "<form action=//x><input>",
        "<base href=//x>",
        "<object data=//x>",
        "<meta http-equiv=refresh content='0;url=//x'>",
        "<p style='background:url(//x)'>x</p>",
        "<link href=//x>",
        "<math><mi xlink:href='javascript:alert(1)'>x",
        "<noscript><p title='</noscript><img src=x onerror=x>'>",
        "<a href='\tjava\nscript:alert(1)'>x</a>",
        "<b><script>",
        "<!--<img src=x>--><!doctype x>",
        "<p id=draft class=x>",
    ],
)
def test_nothing_that_runs_or_loads_survives(dirty: str) -> None:
    clean = safe_html(dirty).lower()
    for bad in ("<script", "onerror", "onload", "onclick", "javascript:", "data:", "<style", "style=", "<img",
                "<iframe", "<form", "<base", "<object", "<meta", "<link", "<svg", "id=", "class="):  # fmt: skip
        assert bad not in clean


def test_what_a_person_writes_survives() -> None:
    link = '<a href="https://x.example/" rel="noopener noreferrer nofollow">this</a>'
    kept = f"<p>Hello <b>there</b>, see {link}</p>"
    assert safe_html(kept) == kept


def test_the_words_of_html_keep_their_lines() -> None:
    dirty = "<style>p{}</style><p>Hello&nbsp;Ann &amp; Bo,</p><ul><li>one</li><li>two</li></ul>5 &lt; 6"
    assert text_of(dirty).split("\n") == ["Hello\xa0Ann & Bo,", "one", "two", "5 < 6"]


@pytest.mark.parametrize(
    "wild",
    [
        "<br" * 160_000, "<div>" * 100_000, "<b><i>" * 80_000, "<table>" * 70_000, "<" * 500_000,
        ">\n" * 200_000, "on " * 160_000, ("on " + "x" * 100 + "\n") * 4_500, "<br " + " " * 490_000,
    ],
)  # fmt: skip
def test_the_wildest_mail_takes_no_more_than_a_moment(wild: str) -> None:
    started = time.monotonic()
    safe_html(wild)
    split_quoted(text_of(wild))
    split_quoted(wild)
    assert time.monotonic() - started < 5


FOLDED = [
    ("Thanks!\n\nOn Mon, 3 Nov 2026 at 10:00, Support wrote:\n> older\n> words", "Thanks!"),
    (
        "Thanks!\n\nOn Mon, Nov 3, 2026 at 10:00 AM Tern <support@tern.example>\nwrote:\n\n> older",
        "Thanks!",
    ),
    ("Danke!\n\nAm 3. November 2026 um 10:00 schrieb Support <s@tern.example>:\n> älter", "Danke!"),
    ("Merci !\n\nLe lun. 3 nov. 2026 à 10:00, Support a écrit :\n> ancien", "Merci !"),
    ("Thanks!\n-----Original Message-----\nFrom: Support\n\nolder words", "Thanks!"),
    ("Thanks!\n> older\n>\n> words\n", "Thanks!"),
]


@pytest.mark.parametrize(("text", "new"), FOLDED)
def test_older_mail_is_folded_away(text: str, new: str) -> None:
    found, quoted = split_quoted(text)
    assert found == new
    assert quoted and quoted in text


WHOLE = [
    "Hi,\n> Can you send it?\nYes, attached.\n> And the rest?\nNo.",
    "On Monday I wrote:\nnothing at all",
    "> you said this\nand I disagree",
    "> only a quotation",
    "5 > 4\nis true",
    "On Mon, 3 Nov 2026, Support wrote:\n> Which colour?\nBlue.",
    "",
]


@pytest.mark.parametrize("text", WHOLE)
def test_answers_between_quoted_lines_stay(text: str) -> None:
    assert split_quoted(text) == (text, "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Could you please tell us when the order is on the way? Thanks for the help.", "en"),
        ("Guten Tag, wir haben die Rechnung nicht bekommen, können Sie bitte helfen?", "de"),
        ("Bonjour, nous avons une question pour vous sur la facture, merci.", "fr"),
        ("Hej, vi har inte fått vår faktura, kan du hjälpa oss med det?", "sv"),
        ("ok", "xx"), ("", "xx"), ("👍", "xx"), ("مرحبا أين طلبي", "xx"),
    ],
)  # fmt: skip
def test_the_language_is_told_by_its_commonest_words(text: str, code: str) -> None:
    assert language_of(text, "xx") == code
