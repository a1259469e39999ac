DROP SCHEMA prescriptions CASCADE;
