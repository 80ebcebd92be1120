"""How a log line is written: without any secret, should a text of somebody's ever get into one."""

import logging

from copilot.secrets import without_secrets


class Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))
