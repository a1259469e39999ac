DROP TABLE appointments.waitlist_offer;
DROP TABLE appointments.waitlist_entry;
