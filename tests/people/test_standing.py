"""What a person is in which team."""

from people.access import standing, visible_teams
from tests.cast import Cast


def test_each_role_gives_its_own_teams(cast: Cast) -> None:
    support, sales = cast.support.pk, cast.sales.pk
    assert standing(cast.ines).inbox_teams == {support}
    assert standing(cast.petra).inbox_teams == standing(cast.petra).lead_teams == {support}
    assert standing(cast.karim).inbox_teams == frozenset()
    assert standing(cast.karim).teams == {support}
    assert standing(cast.lukas).teams == {sales}


def test_an_admin_reads_no_conversations_unless_that_was_granted(cast: Cast) -> None:
    assert standing(cast.ada).is_admin and not standing(cast.ada).reads_all
    assert set(visible_teams(standing(cast.ada))) == {cast.support, cast.sales}
    cast.ada.may_read_conversations = True
    assert standing(cast.ada).reads_all
    cast.ines.may_read_conversations = True
    assert not standing(cast.ines).reads_all


def test_who_left_stands_nowhere(cast: Cast) -> None:
    cast.petra.is_active = False
    assert standing(cast.petra).teams == frozenset()
    cast.ada.is_active = False
    assert not standing(cast.ada).is_admin
