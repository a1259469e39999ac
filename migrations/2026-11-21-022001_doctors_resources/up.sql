-- Rooms and devices of a clinic. A visit type may need one of a kind; a visit of it takes one of them together with the
-- doctor's time.
CREATE TABLE doctors.resource (
    id         uuid        PRIMARY KEY,
    clinic_id  uuid        NOT NULL REFERENCES doctors.clinic (id),
    kind       text        NOT NULL CHECK (kind ~ '^[a-z][a-z0-9-]{0,39}$'),
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    active     boolean     NOT NULL DEFAULT true,
    version    integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE doctors.resource IS 'A room or a device; one visit at a time';
COMMENT ON COLUMN doctors.resource.kind IS 'What visit types ask for; the clinic chooses the words';
COMMENT ON COLUMN doctors.resource.active IS 'Retired where not: no new visit takes it, those that have it keep it';
CREATE INDEX resource_by_clinic ON doctors.resource (clinic_id, kind, name, id);

ALTER TABLE doctors.visit_type
    ADD COLUMN resource_kind text CHECK (resource_kind ~ '^[a-z][a-z0-9-]{0,39}$');
COMMENT ON COLUMN doctors.visit_type.resource_kind IS 'Such a room or device of the clinic it takes as well; NULL is none';
-- Who shares a room: to be found in each booking that takes one.
CREATE INDEX visit_type_by_resource_kind ON doctors.visit_type (resource_kind, doctor_id)
    WHERE resource_kind IS NOT NULL AND active;

CREATE TRIGGER soonest_on_insert AFTER INSERT ON doctors.resource
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_clinics_changed();
CREATE TRIGGER soonest_on_update AFTER UPDATE ON doctors.resource
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_clinics_changed();
CREATE TRIGGER soonest_on_delete AFTER DELETE ON doctors.resource
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_clinics_changed();

CREATE OR REPLACE VIEW doctors.agenda_without_breaks AS
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
                   'is_default', v.is_default, 'resource_kind', v.resource_kind) ORDER BY v.is_default DESC, v.name, v.id), '[]')
          FROM doctors.visit_type v WHERE v.doctor_id = d.id AND v.active)::text AS visit_types,
       week.hours AS weekly_hours,
       changed.hours AS overrides,
       (SELECT coalesce(json_agg(json_build_object('start', to_json(t.starts_at), 'end', to_json(t.ends_at)) ORDER BY t.starts_at), '[]')
          FROM doctors.time_off t WHERE t.doctor_id = d.id)::text AS time_off,
       (SELECT coalesce(json_agg(json_build_object('clinic_id', h.clinic_id, 'date', h.on_date) ORDER BY h.on_date), '[]')
          FROM doctors.clinic_holiday h
         WHERE h.clinic_id = ANY (week.clinics || d.clinic_id || changed.clinics))::text AS holidays,
       coalesce((SELECT s.edition FROM doctors.soonest s WHERE s.doctor_id = d.id), 0) AS edition,
       (SELECT coalesce(json_agg(json_build_object('id', r.id, 'clinic_id', r.clinic_id, 'kind', r.kind, 'name', r.name)
                   ORDER BY r.name, r.id), '[]')
          FROM doctors.resource r
         WHERE r.clinic_id = ANY (week.clinics || d.clinic_id || changed.clinics) AND r.active
           AND r.kind IN (SELECT v.resource_kind FROM doctors.visit_type v WHERE v.doctor_id = d.id AND v.active))::text
           AS resources
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

-- Over it lies the view that is read; its columns were named when it was made.
DROP VIEW doctors.agenda;
CREATE VIEW doctors.agenda AS
SELECT a.*,
       (SELECT coalesce(json_agg(json_build_object(
                   'clinic_id', b.clinic_id, 'weekday', b.weekday, 'from_minute', b.from_minute, 'to_minute', b.to_minute,
                   'valid_from', b.valid_from, 'valid_until', b.valid_until)
                   ORDER BY b.weekday, b.from_minute, b.id), '[]')
          FROM doctors.weekly_break b WHERE b.doctor_id = a.doctor_id)::text AS breaks
  FROM doctors.agenda_without_breaks a;
