"""Nobody signs up by themselves; an admin or the first-admin link makes people."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class NoSignup(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "This email and this password do not belong together. Try again."
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
