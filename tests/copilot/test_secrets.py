"""Secrets are hidden from the model, from drafts and from logs; what only looks like one stays."""

import logging
from dataclasses import replace

import pytest

from config.lines import Line
from copilot.context.hiding import without_hidden
from copilot.drafting.checks import check
from copilot.drafting.engine import Reply
from copilot.drafting.prompt import render
from copilot.secrets import without_secrets
from tests.checked import cases

SECRETS = {
    "4111 1111 1111 1111": "my card is 4111 1111 1111 1111, exp 04/27",
    "5500-0055-5555-5559": "Karte: 5500-0055-5555-5559.",
    "378282246310005": "Amex 378282246310005",
    "123": "cvv 123",
    "737": "Prüfziffer: 737",
    "DE89 3704 0044 0532 0130 00": "Meine IBAN ist DE89 3704 0044 0532 0130 00, danke",
    "GB82WEST12345698765432": "pay it to GB82WEST12345698765432",
    "hunter2": "password: hunter2",
    "Sommer2027": "Mein Passwort ist Sommer2027",
    "Bleu-ciel9": "mot de passe : Bleu-ciel9",
    "S3cret": "my password is S3cret.",
    "swordfish": "Password: swordfish\nThanks",
    "p4ssw0rd": "postgres://app:p4ssw0rd@db.example/x",
    "sk-" + "test-" + "a1b2c3d4e5f6g7h8": "the key is sk-" + "test-" + "a1b2c3d4e5f6g7h8",
    "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1",
    "9f8e7d6c5b4a39281716": "API key = 9f8e7d6c5b4a39281716",
    "abcdEFGH1234567890xyz": "Authorization: Bearer abcdEFGH1234567890xyz",
    "abc123def456": "https://a.example/reset?token=abc123def456",
    "MIIEowIBAAKCAQEA": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
    "482 913": "Your verification code is 482 913",
    "884213": "TAN: 884213",
    "4711": "my PIN is 4711",
    "4712": "PİN code: 4712",
}
ORDINARY = (
    "Order 1234567890123456 and reference 4000 1234 5678 9999", "Call +49 171 5550199 or 0170 5550199 today",
    "call +1 (555) 010-9988 or 020 7946 0958", "Tracking 00340434161094042557, parcel 1Z999AA10123456784",
    "my password is wrong, the reset does not work", "I forgot my password and cannot sign in",
    "Invoice INV-2026-0412, VAT EL 094 277 341", "postal code 10115, error code: 50012, code SPRING20",
    "Serial BR2-40871, key dw-prod-7, order WEB-55871", "EUR 1,284.50 on 2027-03-05 at 10:30",
    "Passwort vergessen, bitte um Hilfe", "ISBN 978-3-16-148410-0, EAN 4006381333931",
    "DE89 İSTA NBUL 0000 1111 2222 33 is no account",
    "a token of appreciation; our secret is out", "the access code system is down since 2027",
)  # fmt: skip


@pytest.mark.parametrize(("secret", "text"), SECRETS.items())
def test_a_secret_is_hidden_and_the_words_around_it_stay(secret: str, text: str) -> None:
    hidden = without_secrets(text)
    assert secret not in hidden and "[hidden " in hidden
    assert without_secrets(hidden) == hidden


@pytest.mark.parametrize("text", ORDINARY)
def test_order_numbers_telephones_and_plain_words_stay(text: str) -> None:
    assert without_secrets(text) == text


def test_no_secret_reaches_the_model_or_a_log_and_a_draft_that_has_one_is_held() -> None:
    known = cases()[0].context
    pasted = "\n".join(SECRETS.values())
    known = replace(
        known, turns=(replace(known.turns[-1], text=pasted),), subject=pasted, about_account=(pasted,)
    )
    prompt = render(without_hidden(known))
    sent = "\n".join(block.text for block in prompt.blocks)
    leaked = [secret for secret in SECRETS if len(secret) > 4 and secret in sent]
    assert not leaked
    assert known.turns[0].text == pasted, "the thread keeps it"
    record = logging.LogRecord("a", logging.ERROR, "f", 1, "failed on %s", (SECRETS["hunter2"],), None)
    assert "hunter2" not in Line("%(message)s").format(record)
    (found,) = [
        one for one in check(Reply(text="Your password: hunter2 works."), without_hidden(known)) if one.tick
    ]
    assert found.kind == "secret"
