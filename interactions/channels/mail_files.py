"""Mails as files, where no mail server is set: each in a file of its own.

Django's own names a file after the second and the address of the backend in memory, which another mail of that
second may have as well: two mails of two customers then stand in one file.
"""

from pathlib import Path
from uuid import uuid4

from django.core.mail.backends import filebased
from django.utils import timezone


class EmailBackend(filebased.EmailBackend):
    """Names sort by the time of sending."""

    _fname: str | None

    def _get_filename(self) -> str:
        if self._fname is None:
            self._fname = str(Path(self.file_path) / f"{timezone.now():%Y%m%d-%H%M%S-%f}-{uuid4().hex[:8]}.log")
        return self._fname
