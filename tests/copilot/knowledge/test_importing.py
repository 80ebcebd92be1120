"""Markdown files become articles; a hostile zip becomes a sentence."""

import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from copilot.knowledge import importing, texts
from copilot.knowledge.importing import Unreadable
from copilot.models import Article, SavedReply
from tests.cast import Cast
from tests.copilot.knowledge.test_pages import browser

pytestmark = pytest.mark.django_db


def packed(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return made.getvalue()


def test_a_folder_is_imported_and_imported_again(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "money").mkdir()
    header = "---\nowner: petra@tern.example\nreview_by: 2027-03-31\nlanguage: de\n---\n"
    (tmp_path / "money/refunds.md").write_text(f"{header}# Erstattung\n\nIn 10 Tagen.")
    (tmp_path / "door-readers.md").write_text("Red light: no power.")
    (tmp_path / "old.md").write_bytes("Größe".encode("latin-1"))
    texts.new_article(None, "Door readers", "Call us.", [cast.sales])

    call_command("import_articles", tmp_path, "--team", "Support")
    assert "1 new, 1 updated, 1 refused" in capsys.readouterr().out
    refunds = Article.objects.get(path="money/refunds.md")
    assert (refunds.title, refunds.body, refunds.language) == ("Erstattung", "In 10 Tagen.", "de")
    assert refunds.owner == cast.petra and str(refunds.review_by) == "2027-03-31"
    assert list(refunds.teams.all()) == [cast.support]
    (tmp_path / "money/refunds.md").write_text("# Erstattung\n\nIn 14 Tagen.")
    call_command("import_articles", tmp_path, "--team", "Support")
    assert "1 updated, 1 unchanged, 1 refused" in capsys.readouterr().out
    assert Article.objects.count() == 2 and refunds.versions.count() == 2
    call_command("import_articles", tmp_path, "--team", "support", "--saved-replies")
    assert SavedReply.objects.filter(team=cast.support).count() == 2
    with pytest.raises(CommandError, match="belong to one team"):
        call_command("import_articles", tmp_path, "--saved-replies")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (packed({"../outside.md": b"x"}), "a file outside itself"),
        (packed({"/etc/motd.md": b"x"}), "a file outside itself"),
        (packed({"a\\..\\b.md": b"x", "C:b.md": b"x"}), "a file outside itself"),
        (packed({f"{n}.md": b"" for n in range(1001)}, zipfile.ZIP_STORED), "There are 1001 files in it"),
        (packed({f"{n}.md": b"a" * 390_000 for n in range(60)}), "More than 20 MB of text"),
        (b"PK\x03\x04 and nothing more", "cannot be read"),
        (packed({"a.md": b"a" * 5000})[:-30], "cannot be read"),
        (b"0" * 20_000_001, "More than 20 MB"),
    ],
    ids=["parent", "root", "drive", "many", "bomb", "broken", "cut", "large"],
)
def test_a_hostile_zip_is_refused_whole(raw: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        importing.unzipped(raw)


def test_a_lead_uploads_a_zip_and_reads_what_became_of_it(cast: Cast) -> None:
    theirs = texts.new_article(None, "Prices", "12 EUR", [cast.sales], path="prices.md")
    raw = packed({
        "refunds.md": b"# Refunds\n\nTen days.", "prices.md": b"# Prices\n\n1 EUR", "huge.md": b"a" * 400_001,
        "bad.md": b"\xff\xfe", "__MACOSX/x.md": b"x", "logo.png": b"x", "empty.md": b"# Only a title",
    })  # fmt: skip
    petra = browser(cast.petra)
    sent = {"files": SimpleUploadedFile("kb.zip", raw), "team": cast.support.pk}
    page = petra.post("/articles/import/", sent).content.decode()
    assert "1 new, 4 refused" in page
    for said in ("Others look after the text", "larger than 400 kB", "not UTF-8", "It has no text"):
        assert said in page
    theirs.refresh_from_db()
    assert theirs.body == "12 EUR" and list(Article.objects.get(title="Refunds").teams.all()) == [cast.support]
    sent = {"files": SimpleUploadedFile("kb.zip", b"no zip"), "team": cast.support.pk}
    answer = petra.post("/articles/import/", sent)
    assert answer.status_code == 422 and "Nothing was imported" in answer.content.decode()
