"""A person's own settings, and the keys of their own programs."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.forms.utils import flatatt
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from copilot.console.shell import shell, tabs
from copilot.console.visit import Visit, page
from copilot.learning import unlearning
from people.audit import note_deed
from people.models import ApiKey, Scope, User
from people.zone import known_zones

LEAST_UNDO, MOST_UNDO = 5, 30
DAILY_MAIL = [("all", "All that waits for me"), ("promises", "Promises only"), ("off", "No mail")]
THEMES = [("system", "As the system"), ("light", "Light"), ("dark", "Dark")]


class LongSelect(forms.Select):
    """Django makes each option from a template of its own: a tenth of a second for all time zones."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        options = ((one, mark_safe(" selected") if one == value else "", label) for one, label in self.choices)
        inner = format_html_join("\n", '<option value="{}"{}>{}</option>', options)
        every = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        return format_html("<select{}>{}</select>", flatatt(every), inner)


class MeForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label="Time zone", widget=LongSelect, help_text="Times on every page are shown in it."
    )
    theme = forms.ChoiceField(label="Theme", choices=THEMES)
    undo_seconds = forms.IntegerField(
        label="Seconds to undo a send", min_value=LEAST_UNDO, max_value=MOST_UNDO, required=False,
        help_text=f"{LEAST_UNDO} to {MOST_UNDO}. Empty: as set for the whole install.",
    )  # fmt: skip
    single_keys = forms.BooleanField(
        label="Single-letter keys", required=False, help_text="Such as e to edit and j to move on."
    )
    only_finished_drafts = forms.BooleanField(
        label="Show drafts only when finished", required=False, help_text="Without the text growing."
    )

    daily_mail = forms.ChoiceField(
        label="Mail in the morning", choices=DAILY_MAIL, initial="all", required=False,
        help_text="On working days, of what waits for you; none where nothing does.",
    )  # fmt: skip

    class Meta:
        model = User
        fields = ("time_zone", "theme", "undo_seconds", "single_keys", "only_finished_drafts", "daily_mail")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(one for one in known_zones() if "/" in one or one == "UTC")
        cast(forms.ChoiceField, self.fields["time_zone"]).choices = [(one, one) for one in zones]
        self.fields["undo_seconds"].widget.attrs["class"] = "input"

    def clean_daily_mail(self) -> str:
        """A program that does not send it changes nothing."""
        return str(self.cleaned_data["daily_mail"] or self.instance.daily_mail)


@page("GET", "HEAD", "POST")
def me(visit: Visit) -> HttpResponse:
    if visit.request.method != "POST":
        return show_me(visit, MeForm(instance=visit.person))
    form = MeForm(visit.request.POST, instance=visit.person)
    if not form.is_valid():
        visit.person.refresh_from_db()
        return show_me(visit, form, status=422)
    form.save()
    messages.success(visit.request, "Your settings are kept.")
    return visit.go(reverse("settings-me"))


def show_me(
    visit: Visit, form: MeForm, *, key: str = "", problem: str = "", status: int = 200,
    unlearnt: list[unlearning.Unlearnt] | None = None,
) -> HttpResponse:  # fmt: skip
    context = {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, "settings-me"),
        "form": form,
        "keys": visit.person.keys.filter(revoked_at=None).order_by("created_at"),
        "scopes": Scope.choices,
        "new_key": key,
        "problem": problem,
        "teaches": unlearning.teaches(visit.person),
        "unlearnt": unlearnt,
    }
    return visit.show("settings_me.html", context, status)


@page("POST")
def teaching(visit: Visit) -> HttpResponse:
    """Whether the person's edits teach. What rested on them is listed on this one page, once."""
    if visit.request.POST.get("teaches"):
        unlearning.opt_in(visit.person, visit.person)
        messages.success(visit.request, "What you send from now on teaches again.")
        return visit.go(reverse("settings-me"))
    found = unlearning.opt_out(visit.person, visit.person)
    return show_me(visit, MeForm(instance=visit.person), unlearnt=found)


@page("POST")
def new_key(visit: Visit) -> HttpResponse:
    """A key of the person's own. Its text is shown on this one page and kept nowhere."""
    name = visit.request.POST.get("name", "").strip()[:80]
    scopes = [one for one in visit.request.POST.getlist("scopes") if one in Scope.values]
    form = MeForm(instance=visit.person)
    if not name or not scopes:
        return show_me(
            visit, form, problem="A key needs a name and at least one scope. None was made.", status=422
        )
    key, text = ApiKey.make(name, scopes, visit.person)
    note_deed(visit.person, "made key", key, scopes=scopes)
    return show_me(visit, form, key=text)


@page("POST")
def revoke_key(visit: Visit, key_id: str) -> HttpResponse:
    key = visit.person.keys.filter(pk=key_id, revoked_at=None).first()
    if key is None:
        raise Http404
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    note_deed(visit.person, "revoked key", key)
    messages.success(visit.request, f"The key “{key.name}” no longer works.")
    return visit.go(reverse("settings-me"))


@page()
def keys(visit: Visit) -> HttpResponse:
    """The keyboard, on a page or in a dialog."""
    return visit.show(f"keys.html{'#sheet' if visit.wants_part else ''}", {"shell": shell(visit, "keys")})
