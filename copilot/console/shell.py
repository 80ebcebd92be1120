"""The frame of every page: the places a person can go to, with how many conversations wait there."""

from urllib.parse import urlencode

from django.urls import reverse

from copilot.console import lists
from copilot.console.fill_rows import colleague
from copilot.console.rows import Place, Shell
from copilot.console.visit import Visit


def shell(visit: Visit, section: str, view: str = "") -> Shell:
    places: list[Place] = []
    if visit.reads_conversations:
        numbers = lists.counts(visit.who)
        places.append(_inbox(visit, section, view, numbers))
        places.append(_place(section, "accounts", "Accounts", "accounts", key="a"))
        if visit.reviews_notes:
            places.append(_place(section, "notes", "Notes", "note", key="n"))
        places.append(_place(section, "search", "Search", "text-search", single="/"))
    if visit.who.teams or visit.who.is_admin:
        articles = reverse("texts", args=["articles"])
        places.append(Place("articles", "Articles", articles, "articles", "t", current=section == "articles"))
        places.append(_place(section, "learning", "Learning", "learning", key="l"))
        here = section == "copilot"
        places.append(Place("copilot", "Copilot", reverse("copilot"), "pencil", "c", current=here))
    return Shell(
        person=colleague(visit.person, visit.person),
        places=tuple(places),
        role=visit.who.role_name(),
        theme=visit.person.theme,
        single_keys=visit.person.single_keys,
    )


def _place(section: str, name: str, label: str, icon: str, *, key: str = "", single: str = "") -> Place:
    return Place(name, label, reverse(name), icon, key, current=section == name, single=single)


def _inbox(visit: Visit, section: str, view: str, numbers: dict[str, int]) -> Place:
    parts = tuple(
        Place("inbox", label_of(visit, one), inbox_url(one), count=shown(numbers[one]), current=one == view)
        for one in lists.VIEWS
    )
    waiting = shown(numbers[lists.default_view(visit.who)])
    here = section == "inbox"
    return Place("inbox", "Inbox", reverse("inbox"), "inbox", "i", waiting, here, parts)


def inbox_url(view: str, **more: str) -> str:
    return f"{reverse('inbox')}?{urlencode({'view': view, **more})}"


def shown(count: int) -> int | None:
    """A number that a person reads; beyond it the count stops, so it is not shown."""
    return count if count < lists.COUNT_TO else None


def label_of(visit: Visit, view: str) -> str:
    if view == "team" and not visit.who.inbox_teams and visit.who.is_manager:
        return "My accounts"
    return lists.LABELS[view]


def tabs(visit: Visit, current: str) -> tuple[Place, ...]:
    """The pages of the settings that this person can open."""
    who = visit.who
    names = [("settings-me", "You")]
    if who.teams or who.is_admin:
        names.append(("settings-team", "Drafting"))
    if who.is_admin:
        names += [("settings-people", "People"), ("settings-connections", "Connections")]
        names += [("settings-erasures", "Erasures")]
    if who.is_admin or who.is_lead:
        names += [("events", "What came in"), ("deliveries", "What went out")]
    return tuple(Place(name, label, reverse(name), current=name == current) for name, label in names)


def copilot_tabs(visit: Visit, current: str) -> tuple[Place, ...]:
    """The pages about the copilot itself."""
    names = [("copilot", "What it can do"), ("topics", "Topics")]
    if visit.who.is_lead or visit.who.is_admin:
        names.append(("costs", "Cost"))
    return tuple(Place(name, label, reverse(name), current=name == current) for name, label in names)
