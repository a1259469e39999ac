#!/usr/bin/env python3
"""Works the cases of rrule-vectors.json out anew with python-dateutil, or with `write` makes the file.

    python3 docs/rrule-vectors.py

Needs Python 3.9 and python-dateutil 2.9. Each case is a first date, a rule (RFC 5545) and its dates; none, where the
first date is not one of them. A rule that ends with a date includes it.
"""

import json
import pathlib
import random
import re
import sys
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr

FILE = pathlib.Path(__file__).with_name("rrule-vectors.json")
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
MOST, LONGEST = 52, timedelta(days=1827)


def dates(first, rule):
    start = datetime.combine(date.fromisoformat(first), time(9))
    rule = re.sub(r"UNTIL=(\d{8})$", r"UNTIL=\1T235959", rule)
    found = []
    for at in rrulestr(rule, dtstart=start):
        if len(found) == MOST + 1 or at - start > LONGEST:
            return None
        found.append(at.date().isoformat())
    if not found or found[0] != first:
        return []
    return found if len(found) <= MOST else None


def some(dice, values, most):
    return ",".join(dice.sample(values, dice.randint(1, most)))


def rule(dice, first):
    parts = ["FREQ=" + dice.choice(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY"])]
    if dice.random() < 0.6:
        parts.append(f"INTERVAL={dice.randint(1, 5)}")
    own = DAYS[first.weekday()]
    if parts[0] == "FREQ=MONTHLY":
        way = dice.randint(0, 3)
        if way == 1:
            days = [str(first.day), "31", "29", "-1", "15", "-30"]
            parts.append("BYMONTHDAY=" + some(dice, days, 3))
        elif way == 2:
            which = (first.day - 1) // 7 + 1
            parts.append("BYDAY=" + dice.choice([f"{which}{own}", f"-1{own}", f"{which}{own},-2FR", own, f"5{own},1MO"]))
    elif dice.random() < 0.6:
        parts.append("BYDAY=" + ",".join(sorted({own, *dice.sample(DAYS, dice.randint(0, 3))})))
    if parts[0] == "FREQ=WEEKLY" and dice.random() < 0.3:
        parts.append("WKST=" + dice.choice(DAYS))
    if dice.random() < 0.7:
        parts.append(f"COUNT={dice.randint(1, 52)}")
    else:
        parts.append("UNTIL=" + (first + timedelta(days=dice.randint(0, 400))).strftime("%Y%m%d"))
    return ";".join(parts)


def make():
    dice = random.Random(5545)
    cases = []
    while len(cases) < 400:
        first = date(2026, 1, 1) + timedelta(days=dice.randint(0, 1500))
        asked = rule(dice, first)
        found = dates(first.isoformat(), asked)
        if found is not None:
            cases.append({"first": first.isoformat(), "rule": asked, "dates": found})
    lines = ",\n".join(json.dumps(case) for case in cases)
    FILE.write_text(f"[\n{lines}\n]\n")


def main():
    if sys.argv[1:] == ["write"]:
        make()
    wrong = 0
    cases = json.loads(FILE.read_text())
    for case in cases:
        found = dates(case["first"], case["rule"])
        if found != case["dates"]:
            wrong += 1
            print(case["first"], case["rule"], found, case["dates"])
    print(f"{len(cases)} cases, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
