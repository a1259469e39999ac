-- From when on a patient must say why a visit is called off, and cannot move it any more. 0: never, as it was.
ALTER TABLE doctors.doctor
    ADD COLUMN change_cutoff_hours integer NOT NULL DEFAULT 0 CHECK (change_cutoff_hours BETWEEN 0 AND 168);
