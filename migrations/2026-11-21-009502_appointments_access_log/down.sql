DROP TABLE appointments.access_log;
DROP FUNCTION appointments.refuse_change();
