"""The checks on labelled drafts: how many planted faults are named, and how often a clean draft is doubted.

Half of the drafts are held out: nothing was tuned on them. A notice asks for no tick and counts as a
false alarm all the same.
"""

import os
import sys
import time
from collections import Counter

BAR_SEEN = 0.95
BAR_ALARMS = 0.03


def main() -> int:
    _set_up()
    from tests.checked import FACTS_AND_LEAKS, HALVES, NAMED_BY, cases, checks_of, is_seen

    all_of, seen = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    alarms, by_kind = Counter[str](), Counter[tuple[str, str]]()
    began = time.process_time()
    for case in cases():
        checks = checks_of(case)
        all_of[case.half, case.fault] += 1
        if case.fault:
            seen[case.half, case.fault] += is_seen(case, checks)
        else:
            alarms[case.half] += bool(checks)
            by_kind.update({(case.half, kind) for kind in {one.kind for one in checks}})
        if case.half == "tuned" and "-v" in sys.argv:
            _say(
                case.fault,
                case.raw,
                [(one.kind, one.words) for one in checks],
                bool(case.fault) and is_seen(case, checks),
            )
    took = time.process_time() - began
    print(
        f"{len(cases())} labelled drafts, {took / len(cases()) * 1000:.2f} ms of processor time each; seen /"
        f" planted:"
    )
    print(f"  {'class':<12} {'tuned on':>10} {'held out':>10}")
    for fault in NAMED_BY:
        print(f"  {fault:<12} " + " ".join(f"{seen[h, fault]:>5} /{all_of[h, fault]:>3}" for h in HALVES))
    good = True
    for half in HALVES:
        share = sum(seen[half, f] for f in FACTS_AND_LEAKS) / sum(all_of[half, f] for f in FACTS_AND_LEAKS)
        doubted = alarms[half] / all_of[half, ""]
        kinds = ", ".join(f"{kind} {n}" for (where, kind), n in sorted(by_kind.items()) if where == half)
        print(f"  {half}: facts and leaks {share:.1%} (bar {BAR_SEEN:.0%}), clean drafts doubted {doubted:.1%}"
              f" (bar {BAR_ALARMS:.0%}) {kinds}")  # fmt: skip
        good &= share >= BAR_SEEN and doubted <= BAR_ALARMS
    return 0 if good else 1


def _set_up() -> None:
    """No database is asked anything; the settings only want to be complete."""
    nowhere = {"DATABASE_URL": "postgres://t@127.0.0.1/t", "REDIS_URL": "redis://127.0.0.1"}
    os.environ |= {
        "SECRET_KEY": "t",
        "ENCRYPTION_KEYS": "t",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **nowhere,
    }
    import django

    django.setup()


def _say(fault: str, raw: str, checks: list[tuple[str, str]], seen: bool) -> None:
    """With -v: what went wrong, of the half that may be looked at."""
    if (fault and not seen) or (not fault and checks):
        print(f"--- {fault or 'clean'}\n{raw}\n=> {checks}")


if __name__ == "__main__":
    sys.exit(main())
