"""Services before settings, then the cast, the CRM, the work and the browser as fixtures."""

import gc
import os
from contextlib import ExitStack

import django
import pytest
from django.conf import settings
from hypothesis import settings as hypothesis

from tests import emptying, services

_up = ExitStack()
gc.disable()  # until everything is loaded: most of it stays
# The same examples at every run, so that a change is judged by what it changed; and as many others as one
# likes: EXPLORE=500 looks where nobody has looked.
EXPLORE = int(os.environ.get("EXPLORE", "0"))
hypothesis.register_profile("same", derandomize=True, database=None)
hypothesis.register_profile("explore", derandomize=False)
hypothesis.load_profile("explore" if EXPLORE else "same")
FIXTURES = ("tests.cast", "tests.crm", "tests.receiver", "tests.work", "tests.browser", "tests.vendors.hubspot")
LONGEST = (
    "test_run.py", "test_faults.py", "test_main_job.py", "test_matrix.py", "test_learning.py", "test_look.py",
    "test_embedded.py", "test_whole_api.py",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    services.start(_up, worker)
    django.setup()
    if not worker and config.getoption("numprocesses", None):
        services.make_template(_up)
    if worker:
        services.copy_template()
    # Each test's client builds the middleware anew, which would read the folders of static files each time.
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["tests.quick_hash.QuickHash"]
    emptying.start()
    # xdist's workers inherit the environment, and would load the settings before their own services are up.
    del os.environ["DJANGO_SETTINGS_MODULE"]
    for name in FIXTURES:  # they import models, so they come after the set-up
        config.pluginmanager.import_plugin(name)


@pytest.hookimpl(trylast=True)  # pytest-django has an order of its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that at the end no worker has one to itself while the others are done."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the collector need not walk through it again and again."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 20, 100)


def pytest_unconfigure(config: pytest.Config) -> None:
    from django.db import connections

    connections.close_all()
    _up.close()
