"""A query that is put together once answers as if it were put together each time."""

import pytest
from django.db.models import QuerySet

from people.access import Standing, standing
from people.access import visible_teams as seen
from people.models import Team
from prepared import first, one_of, prepared
from tests.cast import Cast


@prepared
def _teams(who: Standing, *, name: str, others: list[int]) -> QuerySet[Team]:
    return seen(who).filter(name=name).exclude(one_of("pk", others)).order_by("pk")


@prepared
def _names(*, pk: int | None) -> QuerySet[Team, str]:
    return Team.objects.filter(pk=pk).values_list("name", flat=True)


@pytest.mark.django_db
def test_values_given_by_name_change_and_standings_keep_their_own_rows(cast: Cast) -> None:
    mine, theirs = cast.support, cast.sales
    ines = standing(cast.ines)
    for _ in range(2):
        assert _teams(ines, name=mine.name, others=[]) == [mine]
        assert _teams(ines, name=mine.name, others=[mine.pk]) == []
        assert _teams(ines, name=theirs.name, others=[]) == []
        nobody = Standing(0, False, False, frozenset(), frozenset(), frozenset())
        assert _teams(nobody, name=mine.name, others=[]) == []
        assert first(_names(pk=mine.pk)) == mine.name
        assert first(_names(pk=None)) is None
