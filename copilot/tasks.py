"""What workers do for the copilot; each message carries a row's id."""

from typing import Any

from celery import shared_task
from celery.signals import worker_init

from copilot import daily, naming, reading, rehearsing
from copilot.drafting import alternatives, exploring, summary
from copilot.drafting.work import engine_in_use, model_in_use, work
from copilot.insight import records
from copilot.knowledge import embedding
from copilot.learning import ledger


@shared_task
def draft(draft_id: int) -> None:
    work(draft_id)


@shared_task
def alternative(alternative_id: int) -> None:
    alternatives.write(alternative_id)


@shared_task
def explore(strategy_id: int) -> None:
    exploring.explore(strategy_id)


@shared_task
def summarise(case_id: int) -> None:
    summary.summarise(case_id)


@shared_task
def count_topic(topic_id: int) -> None:
    records.count_topic(topic_id)


@shared_task
def learn(signal_id: int) -> None:
    ledger.learn(signal_id, by_model=model_in_use() is not None)


@shared_task
def name(signal_id: int) -> None:
    naming.name(signal_id)


@shared_task
def read(reading_id: int) -> None:
    reading.read(reading_id)


@shared_task
def rehearse(reply_id: int) -> None:
    rehearsing.rehearse(reply_id)


@shared_task
def mail_daily(mail_id: int) -> None:
    daily.mail(mail_id)


@shared_task
def embed(_: int) -> None:
    """Whatever is due; the sweep rings again while there is more."""
    embedding.embed_due()


@worker_init.connect
def load_engine(**details: Any) -> None:
    """Importing the model's library takes seconds: once, before the pool forks, not in a draft."""
    engine_in_use()
