DROP TABLE reports.report;
