"""Where we may send to, and the tricks that make an inner address look like an outer one."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from interactions import delivering
from interactions.crm import api, targets
from interactions.crm.base import CrmError
from interactions.crm.registry import crm_for
from interactions.models import Connection, Conversation
from tests.cast import Cast
from tests.factories import a_conversation, a_message, a_reply
from tests.receiver import Receiver, Reply
from tests.vendors.chatwoot import FakeChatwoot, chatwoot_connection
from tests.work import run_tasks


@pytest.fixture
def strict(settings: Settings) -> None:
    settings.ALLOW_LOOPBACK_TARGETS = False


INNER = [
    "127.0.0.1", "localhost", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
    "017700000001", "127.0.0.1.", "0.0.0.0", "0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
    "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[2002:7f00:1::]", "[fe80::1]", "[fc00::1]",
    "[fec0::1]", "[ff02::1]", "[::ffff:0:7f00:1]", "[::ffff:169.254.169.254]", "[64:ff9b:1::7f00:1]",
    "[2002:a9fe:a9fe::]", "[fe80::1%25lo]", "0xa9fea9fe", "0251.0376.0251.0376", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "LOCALHOST",
    "①②⑦.⓪.⓪.①", "127。0。0。1",
]  # fmt: skip


@pytest.mark.parametrize("host", INNER)
def test_inner_addresses_are_refused_in_every_spelling(strict: None, host: str) -> None:
    with pytest.raises(CrmError):
        targets.check(f"https://{host}/hook")


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700:4700::1111]", "134744072"])
def test_public_addresses_pass_and_are_pinned(strict: None, host: str) -> None:
    found = targets.check(f"https://{host}/hook")
    assert found.address in {"8.8.8.8", "2606:4700:4700::1111"}
    assert found.port == 443


NO_URLS = [
    "http://8.8.8.8/", "ftp://8.8.8.8/", "file:///etc/passwd", "gopher://8.8.8.8/", "//8.8.8.8/", "8.8.8.8", "",
    "https://", "https:///path", "https://user@8.8.8.8/", "https://:password@8.8.8.8/", "https://8.8.8.8:0x50/",
    "https://8.8.8.8:70000/", "https://[8.8.8.8/", "javascript:alert(1)", "https://8.8.8.8@127.0.0.1/",
    f"https://{'a' * 70}.example/", "https://8.8.8.8\\@127.0.0.1/", "https://8.8.8.8:-1/", "https://8.8.8.8:https/",
]  # fmt: skip


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_https_url_is_refused_for_good(strict: None, url: str) -> None:
    with pytest.raises(CrmError) as refused:
        targets.check(url)
    assert refused.value.permanent


def test_a_name_that_is_not_known_may_be_known_later(strict: None) -> None:
    with pytest.raises(CrmError) as refused:
        targets.check("https://nobody.invalid/")
    assert not refused.value.permanent


def test_loopback_is_allowed_where_the_settings_say_so(settings: Settings) -> None:
    settings.ALLOW_LOOPBACK_TARGETS = True
    assert targets.check("http://localhost:8001/hook").port == 8001
    with pytest.raises(CrmError):
        targets.check("http://10.0.0.1/hook")
    with pytest.raises(CrmError):
        targets.check("http://0.0.0.0/hook")


type Names = Callable[..., list[str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """A name server of ours: crm.example has the next of these addresses each time it is asked.

    Real names would need the network; addresses are left to the real resolver.
    """
    real = socket.getaddrinfo

    def will_be(*answers: str) -> list[str]:
        asked: list[str] = []

        def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
            if host not in ("crm.example", b"crm.example"):
                return real(host, port, *rest, **more)
            asked.append("crm.example")
            told = answers[min(len(asked), len(answers)) - 1].split()
            return [entry for one in told for entry in real(one, port, *rest, **more)]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        return asked

    return will_be


def test_one_inner_address_among_a_names_addresses_is_enough(strict: None, names: Names) -> None:
    names("8.8.8.8 10.0.0.7")
    with pytest.raises(CrmError, match="not a public one"):
        targets.check("https://crm.example/hook")


def test_a_name_is_asked_for_once_and_its_address_is_pinned(
    cast: Cast, listening: Connection, receiver: Receiver, names: Names
) -> None:
    """The second answer would lead elsewhere, where nobody listens: it is never asked for."""
    Connection.objects.update(deliver_to=receiver.url.replace("127.0.0.1", "crm.example"))
    row = a_reply(conversation=a_conversation(team=cast.support, connection=listening), person=cast.ines)
    asked = names("127.0.0.1", "127.0.0.9")
    delivering.deliver(str(row.pk))
    assert receiver.deliveries[0].headers["host"].startswith("crm.example:")
    assert len(asked) == 1


def test_every_attempt_is_checked_anew(
    cast: Cast, listening: Connection, names: Names, settings: Settings
) -> None:
    """A name that was public when it was set, and leads inside by now."""
    settings.ALLOW_LOOPBACK_TARGETS = False
    Connection.objects.update(deliver_to="https://crm.example/hook")
    row = a_reply(conversation=a_conversation(team=cast.support, connection=listening), person=cast.ines)
    names("8.8.8.8", "127.0.0.1")
    assert targets.check("https://crm.example/hook").address == "8.8.8.8"
    run_tasks()
    row.refresh_from_db()
    assert (row.state, row.reason) == ("dead", "the address is not a public one")


@pytest.fixture
def at_chatwoot(cast: Cast) -> Iterator[Conversation]:
    vendor = FakeChatwoot()
    there = chatwoot_connection(cast.support, vendor)
    made = a_conversation(team=cast.support, contact=cast.sigrid, connection=there, external_id="1")
    a_message(conversation=made)
    yield made
    vendor.close()


@pytest.mark.parametrize(
    "base_url", ["https://127.0.0.1", "http://localhost", "https://0x7f.1", "https://[::1]"]
)
def test_a_vendors_address_that_an_admin_typed_goes_the_same_way(
    cast: Cast, at_chatwoot: Conversation, strict: None, base_url: str
) -> None:
    connection = at_chatwoot.connection
    assert connection is not None
    connection.config = {**connection.config, "base_url": base_url}
    connection.save()
    row = a_reply(conversation=at_chatwoot, person=cast.ines)
    run_tasks()
    row.refresh_from_db()
    assert row.state == "dead" and "address is not a" in row.reason
    with pytest.raises(CrmError) as refused:
        crm_for("chatwoot").agents(connection)
    assert refused.value.permanent


def test_a_vendors_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.will(Reply(302, headers={"location": receiver.url + "/inside"}))
    with pytest.raises(api.Refused) as refused:
        api.ask("GET", receiver.url, {})
    assert refused.value.status == 302 and len(receiver.deliveries) == 1
