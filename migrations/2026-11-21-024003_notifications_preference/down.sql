DROP TABLE notifications.preference;
