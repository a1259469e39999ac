DROP VIEW doctors.agenda;
ALTER VIEW doctors.agenda_without_breaks RENAME TO agenda;
DROP TABLE doctors.weekly_break;
