DROP TABLE appointments.day_summary;
