"""Zendesk Support: event webhooks that point at a ticket, its audits as the story, updates by PUT."""

from interactions.crm.zendesk.connector import Zendesk

__all__ = ["Zendesk"]
