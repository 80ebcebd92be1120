"""The sample's customers: accounts, contacts, records, and what is known of and promised to them."""

from datetime import datetime, time
from typing import Any

from copilot.board import Board, Lines
from copilot.relationship import strategies
from copilot.sample.cast import Cast, read, read_records
from customers.models import Account, Contact, Goal, Identity, Note, Promise, Record, sort_key
from interactions.models import Message, Quote


def add_customers(cast: Cast) -> None:
    rows = read("accounts.toml")["account"]
    cast.accounts = {row["key"]: _account(cast, row) for row in rows}
    Account.objects.bulk_create(cast.accounts.values())
    for account in cast.accounts.values():
        account.teams.set(cast.teams.values())
    for row in rows:
        for one in row["contacts"]:
            cast.contacts[one["key"]] = _contact(cast.accounts[row["key"]], row, one)
    Contact.objects.bulk_create(cast.contacts.values())
    Identity.objects.bulk_create(_identities(cast, rows))


def _account(cast: Cast, row: dict[str, Any]) -> Account:
    reason = row.get("people_only", "")
    return Account(
        name=row["name"], sort_key=sort_key(row["name"]), domain=row["domain"], tier=row["tier"],
        about=row["about"], language=row["language"], time_zone=row["zone"],
        manager=cast.people[row["manager"]], people_only=bool(reason), people_only_reason=reason,
        customer_since=min(cast.days.day(r["on"]) for r in read_records() if r["account"] == row["key"]),
        fields={"customer number": row["external_id"]}, source_updated_at=cast.days.now,
    )  # fmt: skip


def _contact(account: Account, row: dict[str, Any], one: dict[str, Any]) -> Contact:
    decides = {"decides": "yes"} if one.get("decides") else {}
    return Contact(
        account=account, name=one["name"], email=one["email"], phone=one.get("phone", ""),
        title=one["title"], language=row["language"], time_zone=row["zone"], fields=decides,
        source_updated_at=account.source_updated_at,
    )  # fmt: skip


def _identities(cast: Cast, rows: list[dict[str, Any]]) -> list[Identity]:
    source = cast.connection.pk
    known = [
        Identity(
            source=source, kind="account", external_id=row["external_id"],
            account=cast.accounts[row["key"]],
        )
        for row in rows
    ]  # fmt: skip
    return known + [
        Identity(
            source=source, kind="contact", external_id=f"{row['external_id']}-{number}",
            contact=cast.contacts[one["key"]],
        )
        for row in rows
        for number, one in enumerate(row["contacts"], 1)
    ]  # fmt: skip


def add_records(cast: Cast) -> None:
    Record.objects.bulk_create(_record(cast, row) for row in read_records())


def _record(cast: Cast, row: dict[str, Any]) -> Record:
    fill = cast.days.fill
    fields = {k: fill(v) if isinstance(v, str) else v for k, v in row["fields"].items()}
    at = datetime.combine(cast.days.day(row["on"]), time(8), cast.days.zone)
    return Record(
        source=cast.connection.pk, external_id=row["number"], kind=row["kind"],
        title=_title(row, fields), status=fields.pop("status"), fields=fields,
        account=cast.accounts[row["account"]], occurred_at=at,
        source_updated_at=cast.days.now,
    )  # fmt: skip


def _title(row: dict[str, Any], fields: dict[str, Any]) -> str:
    if row["kind"] == "subscription":
        return f"{fields['plan']}, {fields['seats']} seats ({row['number']})"
    if row["kind"] == "order":
        return f"Order {row['number']}: {fields['item']} ({fields['quantity']})"
    return f"{row['kind'].capitalize()} {row['number']}"


def add_relationship(cast: Cast) -> None:
    """Notes, promises and goals, each tied word for word to the message it came from."""
    known = read("relationship.toml")
    notes = [_note(cast, row) for row in known["note"]]
    promises = [_promise(cast, row) for row in known["promise"]]
    goals = [_goal(cast, row) for row in known["goal"]]
    Note.objects.bulk_create(notes)
    Promise.objects.bulk_create(promises)
    Goal.objects.bulk_create(goals)
    quotes = [
        *(Quote(note=n, **_quote(cast, r)) for n, r in zip(notes, known["note"], strict=True)),
        *(Quote(promise=p, **_quote(cast, r)) for p, r in zip(promises, known["promise"], strict=True)),
        *(Quote(goal=g, **_quote(cast, r)) for g, r in zip(goals, known["goal"], strict=True) if "from" in r),
    ]  # fmt: skip
    Quote.objects.bulk_create(quotes)


def _quote(cast: Cast, row: dict[str, Any]) -> dict[str, Any]:
    message = _source(cast, row)
    return {"message": message, "text": cast.days.fill(row["quote"], message.conversation.language)}


def _source(cast: Cast, row: dict[str, Any]) -> Message:
    conversation, number = row["from"].split(":")
    return cast.said[conversation, int(number)]


def _note(cast: Cast, row: dict[str, Any]) -> Note:
    quote, state = _quote(cast, row), row.get("state", "accepted")
    account = cast.accounts[row["account"]]
    at = quote["message"].sent_at
    decided = {} if state == "proposed" else {"decided_by": account.manager, "decided_at": at}
    return Note(
        account=account, contact=cast.contacts.get(row.get("contact", "")), kind=row["kind"],
        text=row["text"], quote=quote["text"], internal=row.get("internal", False), state=state,
        author=cast.people[row["author"]], owner=account.manager, created_at=at, **decided,
    )  # fmt: skip


def _promise(cast: Cast, row: dict[str, Any]) -> Promise:
    quote = _quote(cast, row)
    kept = cast.days.moment(row["kept"]) if "kept" in row else None
    return Promise(
        account=cast.accounts[row["account"]], contact=cast.contacts[row["contact"]],
        owner=cast.people[row["owner"]], text=row["text"], quote=quote["text"],
        due_at=cast.days.moment(row["due"]), made_at=quote["message"].sent_at, closed_at=kept,
        state=Promise.State.KEPT if kept else Promise.State.OPEN,
    )  # fmt: skip


def _goal(cast: Cast, row: dict[str, Any]) -> Goal:
    return Goal(
        account=cast.accounts[row["account"]], text=row["text"], do=row["do"], dont=row["dont"],
        by=cast.days.day(row["by"]), set_by=cast.people[row["set_by"]],
        created_at=cast.days.moment("today-60d 09:00"),
    )  # fmt: skip


def add_strategies(cast: Cast) -> None:
    """Begun and written by the verbs that people's clicks call: what stands as evidence is found, not told."""
    for row in read("relationship.toml")["strategy"]:
        account, owner = cast.accounts[row["account"]], cast.people[row["owner"]]
        told = strategies.Told(row["aim"], row["constraints"], row["people"])
        begun = strategies.begin(account, owner, told)
        strategies.revise(begun, begun.version, owner, lambda board, row=row: _written(board, row))  # type: ignore[misc]


def _written(board: Board, row: dict[str, Any]) -> Board:
    """The first ways in the owner's words; those left keep the copilot's question."""
    for text in row["assumptions"]:
        board = board.assume(text)
    for way, one in zip(board.scenarios, row["scenario"], strict=False):
        lines = Lines(one["title"], tuple(one["steps"]), tuple(one["risks"]), tuple(one["rests_on"]))
        board = board.write(way.key, lines)
    return board
