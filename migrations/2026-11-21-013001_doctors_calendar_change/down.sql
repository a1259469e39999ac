DROP TABLE doctors.calendar_change;
