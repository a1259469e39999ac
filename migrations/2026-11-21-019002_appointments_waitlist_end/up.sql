-- Entries that are over go 90 days after the last day that was waited for.
CREATE INDEX waitlist_entry_over ON appointments.waitlist_entry (last_day) WHERE state IN ('served', 'left', 'lapsed');
