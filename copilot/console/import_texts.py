"""Import articles or saved replies from Markdown files or a zip that a person uploads."""

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse

from copilot.console.cards import Choice
from copilot.console.texts import frame, may_add, writable
from copilot.console.visit import Visit, page
from copilot.console.write_text import own_teams
from copilot.knowledge import importing
from copilot.knowledge.importing import Taken, Unreadable


@page("GET", "HEAD", "POST", allowed=may_add)
def import_texts(visit: Visit, kind: str) -> HttpResponse:
    if visit.request.method != "POST":
        return _show(visit, kind)
    told = {int(one) for one in visit.request.POST.getlist("team") if one.isdecimal() and len(one) < 9}
    teams = list(own_teams(visit).filter(pk__in=told))
    if not teams and (kind != "articles" or not visit.who.is_admin):
        return _show(visit, kind, "Say for which of your teams it is. Nothing was imported.", status=422)
    try:
        files = _files(visit.request.FILES.getlist("files"))
    except Unreadable as problem:
        return _show(visit, kind, str(problem), status=422)
    taken = importing.take_in(
        files, visit.person, teams=teams, writable=writable(visit, kind),
        replies_of=None if kind == "articles" else teams[0],
    )  # fmt: skip
    return _show(visit, kind, taken=taken)


def _files(uploads: list[UploadedFile]) -> list[tuple[str, bytes]]:
    if sum(one.size or 0 for one in uploads) > importing.LARGEST_ZIP:
        raise Unreadable("More than 20 MB is too much at once. Nothing was imported; import it in parts.")
    found: list[tuple[str, bytes]] = []
    for one in uploads:
        name = one.name or "unnamed.md"
        found += importing.unzipped(one.read()) if name.lower().endswith(".zip") else [(name, one.read())]
    return found


def _show(
    visit: Visit, kind: str, problem: str = "", taken: Taken | None = None, status: int = 200
) -> HttpResponse:
    teams = [Choice(str(one.pk), one.name) for one in own_teams(visit)]
    context = frame(visit, kind, teams=teams, problem=problem, taken=taken, may_be_for_all=visit.who.is_admin)
    return visit.show("text_import.html", context, status)
