"""The kinds of CRM that Rapport speaks to. Each is loaded when it is first asked for: a program that speaks to
one vendor does not wait for the libraries of all.
"""

from collections.abc import Callable
from functools import cache

from django.utils.module_loading import import_string

from interactions.crm.base import Crm


def _at(place: str) -> Callable[[], Crm]:
    return cache(lambda: import_string(place)())


CRMS: dict[str, Callable[[], Crm]] = {
    "generic": _at("interactions.crm.generic.Generic"),
    "chatwoot": _at("interactions.crm.chatwoot.Chatwoot"),
    "hubspot": _at("interactions.crm.hubspot.HubSpot"),
    "mail": _at("interactions.crm.mail.Mail"),
    "zendesk": _at("interactions.crm.zendesk.Zendesk"),
}


def crm_for(kind: str) -> Crm:
    return CRMS[kind]()
