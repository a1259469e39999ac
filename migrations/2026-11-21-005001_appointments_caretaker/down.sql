DROP TABLE appointments.caretaker;
