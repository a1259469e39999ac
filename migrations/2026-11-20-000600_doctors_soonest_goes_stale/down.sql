DROP FUNCTION doctors.rules_of_doctors_changed() CASCADE;
DROP FUNCTION doctors.rules_of_clinics_changed() CASCADE;
DROP FUNCTION doctors.doctor_changed() CASCADE;
DROP FUNCTION doctors.clinic_changed() CASCADE;
