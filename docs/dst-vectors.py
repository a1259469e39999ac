#!/usr/bin/env python3
"""Reads dst-vectors.json and works every case out anew, minute by minute, with Python's own time zones.

    python3 docs/dst-vectors.py

A reader to begin with for whoever tests another program by the vectors: put your own function in the place of
`starts`. It shares no code with Doktolib. Needs Python 3.9 and the system's time zone database; where that is older or
newer than the one named in the file, a zone that has changed its rules since may differ.
"""

import json
import pathlib
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


def minute_of_day(text):
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def openings(hours):
    """Hours that overlap or touch are one opening."""
    merged = []
    for start, end in sorted((minute_of_day(start), minute_of_day(end)) for start, end in hours):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged


def starts(case):
    zone = ZoneInfo(case["zone"])
    day = datetime.fromisoformat(case["date"]).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    # What the clock of the zone reads at each minute that could belong to the date.
    readings = {}
    for step in range(-26 * 60, 50 * 60):
        at = midnight + step * MINUTE
        local = at.astimezone(zone)
        if local.date() == day:
            readings[at] = local.hour * 60 + local.minute
    first_at = {}
    for at, reading in readings.items():
        first_at.setdefault(reading, at)

    found = []
    for opens, closes in openings(case["hours"]):
        last = None
        for reading in range(opens, closes, case["grid_minutes"]):
            at = first_at.get(reading)
            if at is None or (last is not None and at - last < case["grid_minutes"] * MINUTE):
                continue
            visit = (at + minute * MINUTE for minute in range(case["duration_minutes"]))
            if all(opens <= readings.get(instant, -1) < closes for instant in visit):
                found.append(at)
                last = at
    return [at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in sorted(found)]


def main():
    file = pathlib.Path(__file__).with_name("dst-vectors.json")
    vectors = json.loads(file.read_text(encoding="utf-8"))["vectors"]
    wrong = 0
    for case in vectors:
        mine = starts(case)
        if mine != case["slots"]:
            wrong += 1
            print(case["zone"], case["date"], case["hours"], "expected", case["slots"], "found", mine)
    print(f"{len(vectors)} cases, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
