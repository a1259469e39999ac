// Tells what npm's ical.js understands of a file on the standard input; the argument is where ical.js lies.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { default: ICAL } = await import(pathToFileURL(process.argv.at(-1)).href);
const errors = [];
let answer = { errors, method: "", events: [] };
try {
  const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf-8")));
  const instant = (time) => {
    if (time.isDate) return time.toString();
    if (time.zone === ICAL.Timezone.localTimezone) errors.push(`floating time ${time}`);
    return new Date(time.toUnixTime() * 1000).toISOString().replace(".000Z", "Z");
  };
  answer = {
    errors,
    method: calendar.getFirstPropertyValue("method") ?? "",
    events: calendar.getAllSubcomponents("vevent").map((part) => {
      const event = new ICAL.Event(part);
      return {
        uid: event.uid,
        sequence: Number(event.sequence ?? 0),
        start: instant(event.startDate),
        end: instant(event.endDate),
        summary: event.summary ?? "",
        status: part.getFirstPropertyValue("status") ?? "",
      };
    }),
  };
} catch (error) {
  errors.push(String(error));
}
process.stdout.write(JSON.stringify(answer));
