"""Queries that are put together once: Django writes the SQL at the first use, later uses fill in the values.

Putting a query with many joins together costs several times what PostgreSQL needs to answer it by its key.
"""

from collections.abc import Callable, Sequence
from copy import copy
from functools import lru_cache, wraps
from inspect import Parameter, signature
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Expression, F, Q, QuerySet
from django.db.models.lookups import Exact
from django.db.models.sql.compiler import SQLCompiler

MOST_SHAPES = 100  # of one query, such as one for each standing; about 100 kB each


class Slot(Expression):
    """Stands in a query for a value that is known later."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


class OneOf(Exact):
    """Where a field has one of several values, given by name to a prepared query."""

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        return f"= ANY {rhs}"


def one_of(field: str, values: Any) -> Q:
    return Q(OneOf(F(field), values))


def prepared[**P, Row](make: Callable[P, QuerySet[Any, Row]]) -> Callable[P, list[Row]]:
    """The rows of the query that `make` puts together.

    What is given by name is a value: `make` passes it to a lookup and does not look at it; None equals no row.
    What is given by place shapes the query, which is put together once for each. So nothing else that changes,
    such as the time, may be read in `make`.
    """
    names = [one.name for one in signature(make).parameters.values() if one.kind == Parameter.KEYWORD_ONLY]

    @lru_cache(maxsize=MOST_SHAPES)
    def shape(*places: Any) -> _Prepared:
        return _Prepared(make(*places, **{name: Slot(name) for name in names}))  # type: ignore[arg-type]

    @wraps(make)
    def rows(*places: P.args, **values: P.kwargs) -> list[Row]:
        return shape(*places).rows(values)

    return rows


def first[Row](rows: Sequence[Row]) -> Row | None:
    return rows[0] if rows else None


class _Prepared:
    """A query with its SQL, and the compiler that knows what its columns are."""

    def __init__(self, query: QuerySet[Any, Any]) -> None:
        self._query = query
        self._compiler: Any = query.query.get_compiler(using=query.db)
        try:
            self._sql, self._params = self._compiler.as_sql()
        except EmptyResultSet:
            self._sql, self._params = "", ()
        columns = [one[0] for one in self._compiler.select[: self._compiler.col_count]]
        self._converters = self._compiler.get_converters(columns)

    def rows(self, values: dict[str, Any]) -> list[Any]:
        params = [values[one.name] if isinstance(one, Slot) else one for one in self._params]
        compiler = copy(self._compiler)
        compiler.connection = connections[self._query.db]  # this thread's
        compiler.as_sql = lambda *_, **__: (self._sql, params)
        compiler.get_converters = lambda _: self._converters
        asked: Any = self._query.all()
        asked.query.get_compiler = lambda *_, **__: compiler
        return list(asked)
