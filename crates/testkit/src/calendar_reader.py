# Tells what PyPI's icalendar and Python's own mail parser understand; the first argument says of what.
import json
import sys
from datetime import date, datetime, timezone
from email import message_from_bytes, policy


def read(text):
    import icalendar

    calendar = icalendar.Calendar.from_ical(text)
    errors = [f"{part.name}: {error}" for part in calendar.walk() for error in part.errors]

    def instant(value):
        if isinstance(value, datetime):
            if value.tzinfo is None:
                errors.append(f"floating time {value}")
                return value.isoformat()
            return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return value.isoformat() if isinstance(value, date) else str(value)

    events = [
        {
            "uid": str(event["UID"]),
            "sequence": int(event.get("SEQUENCE", 0)),
            "start": instant(event["DTSTART"].dt),
            "end": instant(event["DTEND"].dt),
            "summary": str(event.get("SUMMARY", "")),
            "status": str(event.get("STATUS", "")),
        }
        for event in calendar.walk("VEVENT")
    ]
    return {"errors": errors, "method": str(calendar.get("METHOD", "")), "events": events}


def mail(content):
    message = message_from_bytes(content, policy=policy.default)
    parts = [part for part in message.walk() if not part.is_multipart()]
    return [
        {
            "media_type": part.get_content_type(),
            "method": part["content-type"].params.get("method", ""),
            "charset": part["content-type"].params.get("charset", ""),
            "file_name": part.get_filename() or "",
            "content": part.get_payload(decode=True).decode("utf-8"),
        }
        for part in parts
    ]


def expand(rules):
    from dateutil.rrule import rrulestr

    def one(rule):
        start = datetime.fromisoformat(rule["start"])
        found = rrulestr(rule["rule"], dtstart=start).between(
            datetime.fromisoformat(rule["from"]), datetime.fromisoformat(rule["to"]), inc=True
        )
        return [at.strftime("%Y-%m-%dT%H:%M:%S") for at in found]

    return [one(rule) for rule in rules]


what, content = sys.argv[1], sys.stdin.buffer.read()
if what == "read":
    answer = read(content.decode("utf-8"))
elif what == "mail":
    answer = mail(content)
else:
    answer = expand(json.loads(content))
json.dump(answer, sys.stdout)
