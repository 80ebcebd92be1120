"""The kinds of CRM that Rapport speaks to."""

from interactions.crm.base import Crm
from interactions.crm.generic import Generic
from interactions.crm.hubspot import HubSpot

CRMS: dict[str, Crm] = {crm.kind: crm for crm in (Generic(), HubSpot())}


def crm_for(kind: str) -> Crm:
    return CRMS[kind]
