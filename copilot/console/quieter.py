"""Less mail in the morning, by the link that stands in each: all, promises only, none; without signing in."""

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from copilot.daily import SALT
from people.models import User

NEXT = {"all": "promises", "promises": "off"}
NOW = {
    "all": "You get a mail on working days, of all that waits for you.",
    "promises": "You get a mail only where a promise of yours is due.",
    "off": "You get no mail in the morning.",
}
LESS = {"all": "Only promises, please", "promises": "No mail, please", "off": ""}


@never_cache
@csrf_exempt  # a mail program posts it with one click (RFC 8058); the token names whose mail becomes less
@require_http_methods(["GET", "HEAD", "POST"])
def quieter(request: HttpRequest, token: str) -> HttpResponse:
    """Shows how it is; only a POST changes it, for machines open links."""
    person = _person(token)
    if request.method == "POST" and person.daily_mail in NEXT:
        person.daily_mail = NEXT[person.daily_mail]
        person.save(update_fields=["daily_mail"])
    told = {"here": request.path, "now": NOW[person.daily_mail], "less": LESS[person.daily_mail]}
    return render(request, "quieter.html", told)


def _person(token: str) -> User:
    try:
        found = User.objects.filter(pk=signing.loads(token, salt=SALT), is_active=True).first()
    except signing.BadSignature:
        found = None
    if found is None:
        raise Http404
    return found
