"""Nothing that was acknowledged is lost, and nothing is sent twice, whatever dies in the middle."""

from pathlib import Path

import pytest

from tests.journeys import storm

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_a_storm_loses_no_event_and_sends_no_reply_twice(tmp_path: Path) -> None:
    """A small storm, for the time it takes; `make soak` does the same with 500 events."""
    counts, broken = storm.run(tmp_path / "storm", storm.Plan(events=120, replies=14))
    print(storm.told(counts))
    assert not broken, "\n".join(broken)
    assert counts["replies approved"] == counts["ids delivered"] == 14
    assert counts["events posted"] == 120
    assert counts["deliveries repeated under their id"] >= 1
