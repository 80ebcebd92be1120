#!/usr/bin/env python
"""Rapport's command line; `make help` lists what people usually want."""

import os
import sys

if __name__ == "__main__":
    from config.running import adopt

    adopt()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
