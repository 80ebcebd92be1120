"""The kinds of CRM that Rapport speaks to."""

from interactions.crm.base import Crm
from interactions.crm.generic import Generic

CRMS: dict[str, Crm] = {crm.kind: crm for crm in (Generic(),)}


def crm_for(kind: str) -> Crm:
    return CRMS[kind]
