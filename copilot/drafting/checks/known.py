"""What a Context supports: the facts and words of its sources, kept apart by who may hear them."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from copilot.context.value import Context
from copilot.drafting.checks.facts import Fact, facts_in, folded
from copilot.drafting.checks.names import parts, telling

_WORD = re.compile(r"[^\W_]+")
_DULL = frozenset(
    "the and for you your our are was were can could would will have has had this that with what when where"
    " how why"
    " who not any there from about into its they them then than also just like one two all but she his her"
    " him some"
    " wants want der die das und ist sind war nicht ein eine einen einem einer mit auf für von zum zur dem"
    " den des sie"
    " ihr ihre ihnen wir uns dass bei auch noch wenn ich dich dir kann haben hat wird will sich als aus nach"
    " über immer"
    " les une des est sont que qui pas vous votre nous notre pour avec dans sur aux elle cette plus mon ton"
    " être avant"
    " après ses son leur sans rien tout toute".split()
)
RUN = 6  # words in a row that are no coincidence
HOUSE = ("article", "saved_reply", "past_reply")
MOST = 0.7
ENOUGH = 2  # customers, and agents, who make a fact the house's own


def words_of(text: str) -> list[str]:
    return _WORD.findall(folded(text).lower())


def runs_of(words: list[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def stems_of(words: set[str]) -> set[str]:
    return {word[:5] for word in words if len(word) > 2 and word not in _DULL and not word.isdigit()}


@dataclass(frozen=True, slots=True)
class InternalNote:
    """Its words in a row, and what no other source says: stems, and names."""

    runs: set[tuple[str, ...]]
    stems: set[str]
    names: set[str]


class Pool:
    """The facts that some texts state, by kind, and their words."""

    def __init__(self, texts: Iterable[str], days: Iterable[date] = ()) -> None:
        self.keys: dict[str, set[str]] = defaultdict(set)
        self.words: set[str] = set()
        self.runs: list[str] = []
        self.text = "\n".join(texts := list(texts))
        for text in texts:
            words = words_of(text)
            self.words.update(words)
            self.runs.append(f" {' '.join(words)} ")
            for fact in facts_in(text):
                self.keys[fact.kind].update(fact.keys)
        self.keys["date"].update(day.isoformat() for day in days)

    def says(self, text: str) -> bool:
        """These very words stand in one of the texts."""
        run = f" {' '.join(words_of(text))} "
        return any(run in one for one in self.runs)

    def supports(self, fact: Fact, year: int) -> bool:
        return any(self._supports(fact.kind, key, year) for key in fact.keys)

    def _supports(self, kind: str, key: str, year: int) -> bool:
        if key in self.keys[kind]:
            return True
        if kind in ("date", "day", "month", "weekday"):
            return key in self._parts(year)
        if kind == "span":
            return key in self.plain
        if kind == "amount":
            sum_of_money = key.rpartition(" ")[2]
            return sum_of_money in self.plain and ("." in sum_of_money or len(sum_of_money) > 1)
        if kind in ("number", "word"):
            return key in self.plain or key in self.inside
        return kind in ("id", "phone") and any(key in one for one in self.joined)

    @cached_property
    def plain(self) -> set[str]:
        """Numbers that stand alone; "months 12" may well be told as 12 months."""
        return self.keys["number"] | self.keys["word"]

    @cached_property
    def inside(self) -> set[str]:
        """Numbers that a date, a sum, a span or an id is made of."""
        parts = [key for kind in ("amount", "span") for key in self.keys[kind]]
        found = {key.rpartition(" ")[2] for key in parts if not key.endswith("minutes")}
        found |= {key[:4] for key in self.keys["date"] | self.keys["month"] if key[0] != "*"}
        return found | {digits for key in self.keys["id"] for digits in re.findall(r"\d{3,}", key)}

    @cached_property
    def joined(self) -> list[str]:
        """Without gaps, for ids and telephone numbers that are written in groups."""
        return [run.replace(" ", "") for run in self.runs]

    def _parts(self, year: int) -> set[str]:
        """Every shorter way to name a day that is known: 03-14, 14, March, Sunday."""
        if not hasattr(self, "_ways"):
            self._ways = {way for key in self.keys["date"] for way in _ways(key, year)}
        return self._ways


def _ways(key: str, year: int) -> Iterable[str]:
    if key.count("-") != 2:
        return
    told, month, day = key.split("-")
    yield from (f"*-{month}-{day}", day, f"*-{month}", f"{told}-{month}")
    for one in (int(told),) if told != "*" else (year - 1, year, year + 1):
        try:
            at = date(one, int(month), int(day))
        except ValueError:
            continue
        yield str(at.weekday())
        if told == "*":
            yield from (at.isoformat(), f"{one}-{month}")


class Known:
    """The pools of one Context, each made when it is first asked for."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.year = context.at.year

    @cached_property
    def public(self) -> Pool:
        context = self.context
        items = [item for item in context.items if not item.internal]
        texts = [text for item in items for text in (item.title, item.text, item.author)]
        texts += [text for turn in context.turns if turn.by != "note" for text in (turn.text, turn.name)]
        texts += [
            context.subject, context.team, context.closing, context.customer, context.customer_first_name,
            context.customer_email, context.account, *context.about_account, *context.instructions,
        ]  # fmt: skip
        days = [item.at.date() for item in items if item.at] + [turn.at.date() for turn in context.turns]
        return Pool(texts, [context.at.date(), *days])

    @cached_property
    def internal(self) -> Pool:
        return Pool(self.internal_texts)

    @cached_property
    def internal_texts(self) -> list[str]:
        """A goal tells how to write; whoever follows it uses its words."""
        items = [item.text for item in self.context.items if item.internal and item.kind != "goal"]
        return [*items, *(turn.text for turn in self.context.turns if turn.by == "note")]

    @cached_property
    def notes(self) -> list[InternalNote]:
        public, stems = self.public.words, stems_of(self.public.words)
        found = []
        for text in self.internal_texts:
            words = words_of(text)
            names = {word.lower() for word in re.findall(r"(?<=\w )[A-ZÀ-Þ][\w-]{2,}", text)} - public
            found.append(InternalNote(runs_of(words, RUN), stems_of(set(words)) - stems, names))
        return found

    @cached_property
    def trusted(self) -> Pool:
        """What the team wrote or keeps on record: a link that only the customer gave is not to be passed on."""
        theirs = [turn for turn in self.context.turns if turn.by == "customer"]
        said = {turn.id for turn in theirs} | {turn.text for turn in theirs}
        names = {turn.name for turn in theirs} | {self.context.customer}
        items = [one for one in self.context.items if not one.internal and not {one.id, one.text} & said]
        items = [one for one in items if one.kind != "message" or one.author not in names]
        texts = [text for item in items for text in (item.title, item.text)]
        texts += [turn.text for turn in self.context.turns if turn.by == "colleague"]
        return Pool([*texts, *self.context.instructions])

    @cached_property
    def house(self) -> Pool:
        """What several agents told several customers."""
        told: dict[tuple[str, str], tuple[set[str], set[str]]] = {}
        for example in self.context.examples:
            for kind, key in {(fact.kind, key) for fact in facts_in(example.text) for key in fact.keys}:
                customers, agents = told.setdefault((kind, key), (set(), set()))
                customers.add(example.customer)
                agents.add(example.author)
        pool = Pool(())
        for (kind, key), (customers, agents) in told.items():
            if len(customers) >= ENOUGH and len(agents) >= ENOUGH:
                pool.keys[kind].add(key)
        return pool

    @cached_property
    def others(self) -> Pool:
        """What other customers were told."""
        return Pool(example.text for example in self.context.examples)

    @cached_property
    def others_names(self) -> set[str]:
        """Words that stand for one other customer alone: their names, and names in what they were told."""
        using: dict[str, set[str]] = defaultdict(set)
        for example in self.context.examples:
            named = {part for name in example.names for word in name.split() for part in parts(word)}
            for word in named | telling(example.text, self.context.language):
                using[word].add(example.customer)
        return {word for word, customers in using.items() if len(customers) == 1 and len(word) > 2}

    def rule(self, said: str) -> bool:
        """What the team wrote down says most of it, though the sentence does not cite it."""
        stems = stems_of(set(words_of(said)))
        told = (stems_of(set(words_of(one.text))) for one in self.context.items if one.kind in HOUSE)
        return any(len(stems & one) >= MOST * len(stems) for one in told)

    def fact(self, fact: Fact) -> bool:
        """A source states it; a link only where the team wrote it or has it on record."""
        if fact.kind == "link":
            return self.trusted.supports(fact, self.year) or self.house.supports(fact, self.year)
        return self.public.supports(fact, self.year) or self.house.supports(fact, self.year)
