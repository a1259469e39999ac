DROP VIEW doctors.agenda;
DROP VIEW doctors.agenda_without_breaks;
CREATE VIEW doctors.agenda_without_breaks AS
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

CREATE VIEW doctors.agenda AS
SELECT a.*,
       (SELECT coalesce(json_agg(json_build_object(
                   'clinic_id', b.clinic_id, 'weekday', b.weekday, 'from_minute', b.from_minute, 'to_minute', b.to_minute,
                   'valid_from', b.valid_from, 'valid_until', b.valid_until)
                   ORDER BY b.weekday, b.from_minute, b.id), '[]')
          FROM doctors.weekly_break b WHERE b.doctor_id = a.doctor_id)::text AS breaks
  FROM doctors.agenda_without_breaks a;

ALTER TABLE doctors.visit_type DROP COLUMN resource_kind;
DROP TABLE doctors.resource;
