DROP TABLE appointments.emergency_access;
