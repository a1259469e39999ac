DROP INDEX appointments.appointment_to_remind;
DROP TABLE appointments.reminder;
