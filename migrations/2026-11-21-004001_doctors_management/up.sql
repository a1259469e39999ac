-- Doctors, clinics, visit types and hours are changed over the API from here on.

ALTER TABLE doctors.doctor ADD COLUMN calendar_version integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN doctors.doctor.calendar_version IS 'Grows with every change of weekly hours, overrides and time off';

-- A booking reads the rules first and takes the time later. By the edition it sees, under the lock of this row,
-- whether the rules are still those it was offered the time by. The transaction that changed them names it, so a
-- row that went away and came back never bears an old edition.
ALTER TABLE doctors.soonest ADD COLUMN edition bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN doctors.soonest.edition IS 'Transaction that changed the rules of the doctor''s time last; 0 before the first';

CREATE FUNCTION doctors.this_edition() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT pg_current_xact_id()::text::bigint
$$;

CREATE OR REPLACE FUNCTION doctors.rules_of_doctors_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doctors.soonest SET valid_until = '1970-01-01', edition = doctors.this_edition()
     WHERE doctor_id IN (SELECT doctor_id FROM changed) AND (valid_until > '1970-01-01' OR edition <> doctors.this_edition());
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION doctors.rules_of_clinics_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doctors.soonest SET valid_until = '1970-01-01', edition = doctors.this_edition()
     WHERE (valid_until > '1970-01-01' OR edition <> doctors.this_edition())
       AND doctor_id IN (SELECT d.id FROM doctors.doctor d WHERE d.clinic_id IN (SELECT clinic_id FROM changed)
                         UNION
                         SELECT w.doctor_id FROM doctors.weekly_hours w WHERE w.clinic_id IN (SELECT clinic_id FROM changed)
                         UNION
                         SELECT o.doctor_id
                           FROM doctors.override_day o, json_array_elements(o.hours::json) opening
                          WHERE (opening.value ->> 'clinic_id')::uuid IN (SELECT clinic_id FROM changed));
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION doctors.doctor_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doctors.soonest SET valid_until = '1970-01-01', edition = doctors.this_edition()
     WHERE doctor_id IN (SELECT id FROM changed) AND (valid_until > '1970-01-01' OR edition <> doctors.this_edition());
    -- A doctor who is new, or takes bookings again, gets a row that says "compute me".
    INSERT INTO doctors.soonest (doctor_id, specialty, city, soonest_at, local_date, blocked_from, blocked_until, valid_until, edition)
    SELECT c.id, c.specialty, c.city, '9000-01-01Z', '9000-01-01', '9000-01-01Z', '9000-01-01Z', '1970-01-01', doctors.this_edition()
      FROM changed c WHERE c.active
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION doctors.clinic_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doctors.soonest SET valid_until = '1970-01-01', edition = doctors.this_edition()
     WHERE (valid_until > '1970-01-01' OR edition <> doctors.this_edition())
       AND doctor_id IN (SELECT d.id FROM doctors.doctor d WHERE d.clinic_id IN (SELECT id FROM changed)
                         UNION
                         SELECT w.doctor_id FROM doctors.weekly_hours w WHERE w.clinic_id IN (SELECT id FROM changed)
                         UNION
                         SELECT o.doctor_id
                           FROM doctors.override_day o, json_array_elements(o.hours::json) opening
                          WHERE (opening.value ->> 'clinic_id')::uuid IN (SELECT id FROM changed));
    RETURN NULL;
END $$;


-- Holidays of a clinic that stands in overrides alone count as well, and there is the edition.
CREATE OR REPLACE VIEW doctors.agenda AS
SELECT d.id AS doctor_id,
       d.clinic_id,
       d.specialty,
       d.city,
       d.active,
       d.minimum_notice_minutes,
       d.horizon_days,
       (SELECT coalesce(json_agg(json_build_object('id', c.id, 'time_zone', c.time_zone)), '[]')
          FROM doctors.clinic c
         WHERE c.id = ANY (week.clinics || d.clinic_id || changed.clinics) AND c.active)::text AS clinics,
       (SELECT coalesce(json_agg(json_build_object(
                   'id', v.id, 'clinic_id', v.clinic_id, 'name', v.name, 'mode', v.mode, 'duration_minutes', v.duration_minutes,
                   'grid_minutes', v.grid_minutes, 'buffer_before', v.buffer_before, 'buffer_after', v.buffer_after,
                   'price_cents', v.price_cents, 'open_to_new_patients', v.open_to_new_patients,
                   'is_default', v.is_default) ORDER BY v.is_default DESC, v.name, v.id), '[]')
          FROM doctors.visit_type v WHERE v.doctor_id = d.id AND v.active)::text AS visit_types,
       week.hours AS weekly_hours,
       changed.hours AS overrides,
       (SELECT coalesce(json_agg(json_build_object('start', to_json(t.starts_at), 'end', to_json(t.ends_at)) ORDER BY t.starts_at), '[]')
          FROM doctors.time_off t WHERE t.doctor_id = d.id)::text AS time_off,
       (SELECT coalesce(json_agg(json_build_object('clinic_id', h.clinic_id, 'date', h.on_date) ORDER BY h.on_date), '[]')
          FROM doctors.clinic_holiday h
         WHERE h.clinic_id = ANY (week.clinics || d.clinic_id || changed.clinics))::text AS holidays,
       coalesce((SELECT s.edition FROM doctors.soonest s WHERE s.doctor_id = d.id), 0) AS edition
  FROM doctors.doctor d
 CROSS JOIN LATERAL (
       SELECT coalesce(json_agg(json_build_object(
                  'clinic_id', w.clinic_id, 'weekday', w.weekday, 'from_minute', w.from_minute, 'to_minute', w.to_minute,
                  'visit_type_ids', w.visit_type_ids, 'valid_from', w.valid_from, 'valid_until', w.valid_until)
                  ORDER BY w.weekday, w.from_minute, w.id), '[]')::text AS hours,
              array_agg(w.clinic_id) AS clinics
         FROM doctors.weekly_hours w WHERE w.doctor_id = d.id) week
 CROSS JOIN LATERAL (
       SELECT coalesce(json_agg(json_build_object('date', o.on_date, 'hours', o.hours::json) ORDER BY o.on_date), '[]')::text AS hours,
              ARRAY(SELECT (opening.value ->> 'clinic_id')::uuid
                      FROM doctors.override_day p, json_array_elements(p.hours::json) opening
                     WHERE p.doctor_id = d.id) AS clinics
         FROM doctors.override_day o WHERE o.doctor_id = d.id) changed;

CREATE INDEX weekly_hours_by_clinic ON doctors.weekly_hours (clinic_id);
