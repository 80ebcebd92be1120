"""The first admin of an empty install makes themselves, with a signed link that works while nobody is there."""

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from people.audit import note_deed
from people.models import User

SALT = "first-admin"
GOOD_FOR_SECONDS = 24 * 3600
LOCK = 7_270_002


def invitation() -> str:
    """The link; anybody who has it may become the first admin until somebody has."""
    token = signing.dumps("first admin", salt=SALT)
    return f"{settings.PUBLIC_URL}{reverse('first-admin')}?token={token}"


class FirstAdminForm(forms.Form):
    name = forms.CharField(label="Your name", max_length=120)
    email = forms.EmailField(label="Email")
    password = forms.CharField(label="Password", widget=forms.PasswordInput)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        told = User(name=self.cleaned_data.get("name", ""), email=self.cleaned_data.get("email", ""))
        validate_password(password, told)
        return password


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def first_admin(request: HttpRequest) -> HttpResponse:
    token = request.POST.get("token") or request.GET.get("token", "")
    if not _is_good(token) or User.objects.exists():
        raise Http404
    form = FirstAdminForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        login(request, _make(form), backend=settings.AUTHENTICATION_BACKENDS[0])
        return redirect("settings-people")
    return render(
        request, "first_admin.html", {"form": form, "token": token}, status=422 if form.errors else 200
    )


def _is_good(token: str) -> bool:
    try:
        signing.loads(token, salt=SALT, max_age=GOOD_FOR_SECONDS)
    except signing.BadSignature:
        return False
    return True


@transaction.atomic
def _make(form: FirstAdminForm) -> User:
    """One at a time: of two people with the link, the second finds somebody there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if User.objects.exists():
        raise Http404
    told = form.cleaned_data
    person = User.objects.create_user(told["email"], told["password"], name=told["name"], is_admin=True)
    note_deed(person, "became the first admin", person)
    return person
