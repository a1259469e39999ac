DROP INDEX appointments.waitlist_entry_over;
