DROP TABLE calendars.external_calendar;
