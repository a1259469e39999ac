DELETE FROM doctors.city;
DELETE FROM doctors.specialty;
