"""Strategies over REST: begun, written, explored, decided and looked back on, as in the console."""

import pytest

from copilot.models import IdempotentAnswer, Strategy
from interactions import erasing
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.factories import a_conversation, a_message
from tests.work import run_tasks

pytestmark = pytest.mark.django_db


def test_a_strategy_goes_its_way_over_rest(cast: Cast) -> None:
    a_message(conversation=a_conversation(team=cast.support, contact=cast.sigrid), text="We renew in March.")
    karim, ines = program_of(cast.karim), program_of(cast.ines)
    made = karim.post(f"accounts/{cast.fjord.pk}/strategies/", {"aim": "Renew in March"}, once="k1").json()
    url = f"strategies/{made['id']}/"
    assert (made["version"], made["exploring"], made["decision"]) == (1, False, None)
    assert karim.get("strategies/", account=cast.fjord.pk).json()["results"] == [karim.get(url).json()]
    first = ines.get(f"{url}rounds/").json()[0]
    assert (first["engine"], first["by_copilot"]) == ("offline", True)
    assert [one["title"] for one in first["board"]["scenarios"]] == ["", "", ""]
    assert "We renew in March." in str(first["board"]) and "doubts" not in str(first["board"])

    def write(**line: object) -> object:
        version = Strategy.objects.get().version
        return karim.post(f"{url}lines/", {"version": version, **line})

    write(kind="assumption", text="Prices hold")
    for key, text in (("S1", "Ask early"), ("S2", "Wait")):
        write(kind="scenario", key=key, text=text, steps=["Call"], rests_on=["A1"])
    told = write(kind="assumption", key="A1", state="refuted").json()  # type: ignore[attr-defined]
    assert told["board"]["scenarios"][0]["stale"] == ["It rests on A1, which was refuted: “Prices hold”"]
    assert is_problem(write(kind="scenario", key="S9", text="None"), 400, "invalid")
    assert is_problem(write(kind="assumption", key="A1", state="changed"), 400, "invalid")
    assert is_problem(karim.post(f"{url}rounds/", {"version": 1}), 409, "refused")
    assert is_problem(ines.post(f"{url}rounds/", {"version": 5}), 403)
    assert karim.post(f"{url}rounds/", {"version": 5}).json()["exploring"] is True
    run_tasks()
    assert [one["n"] for one in karim.get(f"{url}rounds/").json()] == [3, 2, 1]

    reasons = [{"key": "S1", "why": "She asked"}, {"key": "S2", "why": "Too slow"}]
    body = {"version": Strategy.objects.get().version, "chosen": "S1", "expected": "Signed",
            "revisit_on": "2099-01-01", "reasons": reasons}  # fmt: skip
    assert is_problem(karim.post(f"{url}decision/", body | {"reasons": reasons[:1]}), 422, "refused")
    assert is_problem(karim.post(f"{url}outcome/", {"actual": "Lost"}), 409, "refused")
    decided = karim.post(f"{url}decision/", body).json()["decision"]
    assert [(one["title"], one["chosen"]) for one in decided["lines"]] == [("Ask early", True), ("Wait", False)]
    assert is_problem(karim.post(f"{url}decision/", body), 409, "refused")
    back = karim.post(f"{url}outcome/", {"actual": "Signed in May"}).json()["decision"]
    assert (back["expected"], back["actual"], back["actual_by"]) == ("Signed", "Signed in May", cast.karim.pk)
    erasing.erase(cast.sigrid.pk)
    assert IdempotentAnswer.objects.get().status == 410
    assert "We renew" not in karim.get(f"{url}rounds/").content.decode()
