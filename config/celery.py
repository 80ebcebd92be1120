"""The Celery app. A message carries a row's id only; the row is the queue."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import heartbeat_sent, task_prerun, worker_init, worker_process_init
from django.db import close_old_connections

from config.children import die_with_parent
from config.heartbeat import beat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("rapport")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery closes the connection to the database around every task unless this is set: 10 ms and cold caches each.
app.conf["CELERY_DB_REUSE_MAX"] = 1000
app.autodiscover_tasks()
heartbeat_sent.connect(beat)


@worker_process_init.connect
def end_with_the_worker(**details: Any) -> None:
    """A pool process in the middle of a task would outlive a killed worker, and its row's lease."""
    die_with_parent()


@worker_init.connect
def leave_the_code_alone(**details: Any) -> None:
    """Half a million objects of loaded code live as long as the worker: no collection looks at them again, in
    it or in the processes that it forks, which share their memory for that."""
    gc.collect()
    gc.freeze()


@task_prerun.connect
def leave_a_dead_connection(**details: Any) -> None:
    """One that failed in the last task, or that no longer answers, is replaced before this one needs it."""
    close_old_connections()
