"""A draft that a person stops while the model writes it: the words go, what they cost is counted."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from pytest_django import Settings

from copilot import decisions
from copilot.drafting.work import work
from copilot.models import Draft, Spending
from tests.cast import Cast
from tests.copilot.api.calling import a_draft
from tests.factories import a_conversation
from tests.fakes import FakeModel, says
from tests.work import eventually


@pytest.mark.django_db(transaction=True)
def test_what_was_written_until_then_is_paid_for(cast: Cast, settings: Settings) -> None:
    draft = a_draft(
        conversation=a_conversation(team=cast.support, contact=cast.sigrid), state="queued", text="", engine=""
    )

    def write() -> None:
        try:
            work(draft.pk)
        finally:
            connections.close_all()

    slowly = says("A long reply, written slowly. " * 20, chunk=5, pause=0.03)
    with FakeModel(otherwise=slowly) as model, ThreadPoolExecutor(1) as worker:
        settings.ANTHROPIC_BASE_URL = model.url
        written = worker.submit(write)
        assert eventually(lambda: Draft.objects.filter(pk=draft.pk, state="streaming").exists())
        decisions.stop(draft.pk)
        written.result()

    draft.refresh_from_db()
    spent = Spending.objects.get(team=cast.support)
    assert (draft.state, draft.failure) == ("failed", "stopped_by_person")
    assert spent.input == 1200 and spent.output > 0
    assert draft.cost_micros == spent.cost_micros > 0
