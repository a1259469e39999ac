DROP TABLE notifications.clinic_message;
