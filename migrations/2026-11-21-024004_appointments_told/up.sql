-- Whoever books or moves a visit close to it is told of it then, and needs no reminder of it.
ALTER TABLE appointments.appointment ADD COLUMN told_at timestamptz;
COMMENT ON COLUMN appointments.appointment.told_at IS
    'When the patient was told of this start: at the booking, or the last move. NULL: with created_at';

CREATE FUNCTION appointments.note_telling() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR OLD.starts_at <> NEW.starts_at OR OLD.status <> NEW.status THEN
        NEW.told_at := NEW.updated_at;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER appointment_notes_telling BEFORE INSERT OR UPDATE OF starts_at, status ON appointments.appointment
    FOR EACH ROW WHEN (NEW.status = 'booked') EXECUTE FUNCTION appointments.note_telling();
