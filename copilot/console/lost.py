"""The page for an address at which there is nothing for the person who asks, with their places around it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from copilot.console.shell import shell
from copilot.console.visit import Visit
from people.access import standing
from people.models import User


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """It says the same whether the page does not exist or is somebody else's."""
    person, context = request.user, {}
    if isinstance(person, User):
        context = {"shell": shell(Visit(request, person, standing(person)), "")}
    return render(request, "404.html", context, status=404)
