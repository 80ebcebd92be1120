"""Where we may send to, and the tricks that make an inner address look like an outer one."""

import pytest
from pytest_django import Settings

from interactions.crm import targets
from interactions.crm.base import CrmError


@pytest.fixture
def strict(settings: Settings) -> None:
    settings.ALLOW_LOOPBACK_TARGETS = False


INNER = [
    "127.0.0.1", "localhost", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
    "017700000001", "127.0.0.1.", "0.0.0.0", "0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
    "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[2002:7f00:1::]", "[fe80::1]", "[fc00::1]",
    "[fec0::1]", "[ff02::1]", "①②⑦.⓪.⓪.①", "127。0。0。1",
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
    f"https://{'a' * 70}.example/",
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
