-- Front desks find patients by name, phone number, address and date of birth, all of which are sealed: each row keeps
-- keyed hashes of what it can be found by. Rows of before get theirs from the application, in the same step of
-- `doktolib migrate` that seals; until then they are not found by them.
ALTER TABLE appointments.patient
    ADD COLUMN search_keys   bigint[],
    ADD COLUMN taken_down_at uuid;
COMMENT ON COLUMN appointments.patient.search_keys IS 'Keyed hashes, cut to 64 bits, of words of the name, of their beginnings, of the phone number and its ends, of address and date of birth; null: still to be made';
COMMENT ON COLUMN appointments.patient.taken_down_at IS 'The clinic whose front desk has taken the person down';
CREATE INDEX patient_search ON appointments.patient USING gin (search_keys);
CREATE INDEX patient_to_index ON appointments.patient (id) WHERE search_keys IS NULL;
