"""The kinds of CRM that Rapport speaks to."""

from interactions.crm.base import Crm
from interactions.crm.chatwoot import Chatwoot
from interactions.crm.generic import Generic
from interactions.crm.hubspot import HubSpot
from interactions.crm.mail import Mail
from interactions.crm.zendesk import Zendesk

CRMS: dict[str, Crm] = {crm.kind: crm for crm in (Generic(), Chatwoot(), HubSpot(), Mail(), Zendesk())}


def crm_for(kind: str) -> Crm:
    return CRMS[kind]
