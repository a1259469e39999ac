DROP TRIGGER appointment_notes_telling ON appointments.appointment;
DROP FUNCTION appointments.note_telling();
ALTER TABLE appointments.appointment DROP COLUMN told_at;
