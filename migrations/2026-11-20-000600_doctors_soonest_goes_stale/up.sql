-- Whoever changes a rule of a doctor's time, by whatever way, makes the kept first free time stale in the
-- same transaction; the next reader or the worker computes it anew. Statement-level, so that a bulk load
-- pays once for each statement and not for each row.
CREATE FUNCTION doctors.rules_of_doctors_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doctors.soonest SET valid_until = '1970-01-01'
     WHERE doctor_id IN (SELECT doctor_id FROM changed) AND valid_until > '1970-01-01';
    RETURN NULL;
END $$;

CREATE FUNCTION doctors.rules_of_clinics_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doctors.soonest SET valid_until = '1970-01-01'
     WHERE valid_until > '1970-01-01'
       AND doctor_id IN (SELECT d.id FROM doctors.doctor d WHERE d.clinic_id IN (SELECT clinic_id FROM changed)
                         UNION
                         SELECT w.doctor_id FROM doctors.weekly_hours w WHERE w.clinic_id IN (SELECT clinic_id FROM changed)
                         UNION
                         SELECT o.doctor_id
                           FROM doctors.override_day o, json_array_elements(o.hours::json) opening
                          WHERE (opening.value ->> 'clinic_id')::uuid IN (SELECT clinic_id FROM changed));
    RETURN NULL;
END $$;

CREATE FUNCTION doctors.doctor_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doctors.soonest SET valid_until = '1970-01-01'
     WHERE doctor_id IN (SELECT id FROM changed) AND valid_until > '1970-01-01';
    -- A doctor who is new, or takes bookings again, gets a row that says "compute me".
    INSERT INTO doctors.soonest (doctor_id, specialty, city, soonest_at, local_date, blocked_from, blocked_until, valid_until)
    SELECT c.id, c.specialty, c.city, '9000-01-01Z', '9000-01-01', '9000-01-01Z', '9000-01-01Z', '1970-01-01'
      FROM changed c WHERE c.active
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE FUNCTION doctors.clinic_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doctors.soonest SET valid_until = '1970-01-01'
     WHERE valid_until > '1970-01-01'
       AND doctor_id IN (SELECT d.id FROM doctors.doctor d WHERE d.clinic_id IN (SELECT id FROM changed)
                         UNION
                         SELECT w.doctor_id FROM doctors.weekly_hours w WHERE w.clinic_id IN (SELECT id FROM changed));
    RETURN NULL;
END $$;

CREATE TRIGGER soonest_on_insert AFTER INSERT ON doctors.visit_type
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();
CREATE TRIGGER soonest_on_update AFTER UPDATE ON doctors.visit_type
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();
CREATE TRIGGER soonest_on_delete AFTER DELETE ON doctors.visit_type
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();

CREATE TRIGGER soonest_on_insert AFTER INSERT ON doctors.weekly_hours
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();
CREATE TRIGGER soonest_on_update AFTER UPDATE ON doctors.weekly_hours
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();
CREATE TRIGGER soonest_on_delete AFTER DELETE ON doctors.weekly_hours
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();

CREATE TRIGGER soonest_on_insert AFTER INSERT ON doctors.override_day
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();
CREATE TRIGGER soonest_on_update AFTER UPDATE ON doctors.override_day
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();
CREATE TRIGGER soonest_on_delete AFTER DELETE ON doctors.override_day
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();

CREATE TRIGGER soonest_on_insert AFTER INSERT ON doctors.time_off
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();
CREATE TRIGGER soonest_on_update AFTER UPDATE ON doctors.time_off
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();
CREATE TRIGGER soonest_on_delete AFTER DELETE ON doctors.time_off
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();

CREATE TRIGGER soonest_on_insert AFTER INSERT ON doctors.clinic_holiday
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_clinics_changed();
CREATE TRIGGER soonest_on_update AFTER UPDATE ON doctors.clinic_holiday
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_clinics_changed();
CREATE TRIGGER soonest_on_delete AFTER DELETE ON doctors.clinic_holiday
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_clinics_changed();

CREATE TRIGGER soonest_on_insert AFTER INSERT ON doctors.doctor
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.doctor_changed();
CREATE TRIGGER soonest_on_update AFTER UPDATE ON doctors.doctor
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.doctor_changed();
CREATE TRIGGER soonest_on_update AFTER UPDATE ON doctors.clinic
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.clinic_changed();
