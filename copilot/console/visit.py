"""One request to the console: who asks, what they may see, and whether a page or a part answers."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Any, Concatenate

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.contrib.messages import get_messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from copilot.console.rows import Status
from people.access import Standing, standing
from people.models import User


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, with their roles read once."""

    request: HttpRequest
    person: User
    who: Standing

    @property
    def htmx(self) -> HtmxDetails:
        return self.request.htmx  # type: ignore[attr-defined]

    @property
    def wants_part(self) -> bool:
        """htmx asks for a part; when it restores a page from history it wants the whole."""
        return bool(self.htmx) and not self.htmx.history_restore_request

    @property
    def aims_at(self) -> str:
        """The id of the element that a part is to replace."""
        return self.htmx.target or ""

    def show(self, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
        if not self.wants_part and not context.get("status"):
            context = {**context, "status": self._told()}
        return render(self.request, template, context, status=status)

    def tell(self, status: Status) -> None:
        """Said by the next whole page, with the way back."""
        self.request.session["told"] = asdict(status)

    def _told(self) -> Status | None:
        kept = self.request.session.pop("told", None)
        said = [str(message) for message in get_messages(self.request)]
        return Status(**kept) if kept else Status(said[-1]) if said else None

    def go(self, url: str) -> HttpResponse:
        """See the result there: a plain redirect, or for htmx a new page."""
        if self.wants_part:
            return HttpResponseClientRedirect(url)
        answer = HttpResponseRedirect(url)
        answer.status_code = 303
        return answer

    @property
    def reads_conversations(self) -> bool:
        return bool(self.who.inbox_teams) or self.who.is_manager or self.who.reads_all

    @property
    def reviews_notes(self) -> bool:
        """Account managers and leads decide on them; an agent proposes."""
        return self.who.is_manager or self.who.is_lead


type View[**P] = Callable[Concatenate[Visit, P], HttpResponse]


def page[**P](
    *methods: str, allowed: Callable[[Visit], bool] = lambda visit: True
) -> Callable[[View[P]], Callable[Concatenate[HttpRequest, P], HttpResponse]]:
    """A page of the console: signed in, of a role that it exists for (404 for the others)."""

    def decorate(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not isinstance(request.user, User):
                return _sign_in(request)
            visit = Visit(request, request.user, standing(request.user))
            if not allowed(visit):
                raise Http404
            if request.method not in (methods or ("GET", "HEAD")):
                return HttpResponseNotAllowed(methods or ("GET", "HEAD"))
            response = view(visit, *args, **kwargs)
            patch_vary_headers(response, ["HX-Request", "HX-Target"])
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return answer

    return decorate


def _sign_in(request: HttpRequest) -> HttpResponse:
    """Where htmx asks for a part, the whole page must go to the sign-in, not the part."""
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
    return redirect_to_login(request.get_full_path())


def reads(visit: Visit) -> bool:
    """Pages with customers on them."""
    return visit.reads_conversations


def reviews_notes(visit: Visit) -> bool:
    return visit.reviews_notes


def is_admin(visit: Visit) -> bool:
    return visit.who.is_admin


def is_lead(visit: Visit) -> bool:
    return visit.who.is_lead


def is_lead_or_admin(visit: Visit) -> bool:
    return visit.who.is_lead or visit.who.is_admin
