-- Work that is done later or at set times, by whichever process has hands free.
CREATE SCHEMA jobs;

CREATE TABLE jobs.job (
    id           uuid        PRIMARY KEY,
    queue        text        NOT NULL,
    name         text        NOT NULL,
    payload      text        NOT NULL,
    once         text,
    priority     smallint    NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    available_at timestamptz NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0,
    worker       uuid,
    last_error   text,
    failed_at    timestamptz CHECK (failed_at IS NULL OR worker IS NULL)
);
COMMENT ON TABLE jobs.job IS 'Jobs that wait, run, or were given up; done ones leave a row in jobs.run';
COMMENT ON COLUMN jobs.job.payload IS 'JSON with ids and times';
COMMENT ON COLUMN jobs.job.once IS 'Of the jobs with the same text, one waits or runs';
COMMENT ON COLUMN jobs.job.priority IS 'The smaller the sooner';
COMMENT ON COLUMN jobs.job.available_at IS 'Nobody takes it before; while it runs, the end of its worker''s lease';
COMMENT ON COLUMN jobs.job.worker IS 'Who runs it';
COMMENT ON COLUMN jobs.job.failed_at IS 'When it was given up; it waits for a person';
CREATE INDEX job_due ON jobs.job (priority, available_at) WHERE failed_at IS NULL;
CREATE UNIQUE INDEX job_once ON jobs.job (once) WHERE once IS NOT NULL AND failed_at IS NULL;
CREATE INDEX job_failed ON jobs.job (failed_at) WHERE failed_at IS NOT NULL;

CREATE TABLE jobs.run (
    id         bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    job_id     uuid        NOT NULL,
    queue      text        NOT NULL,
    name       text        NOT NULL,
    attempt    integer     NOT NULL,
    worker     uuid        NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    outcome    text        CHECK (outcome IN ('done', 'failed', 'given_up', 'interrupted', 'lost')),
    said       text,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
COMMENT ON TABLE jobs.run IS 'Every try of every job, for 30 days';
COMMENT ON COLUMN jobs.run.outcome IS 'interrupted: its worker was stopped; lost: its worker died or hung, and another took it';
COMMENT ON COLUMN jobs.run.said IS 'What was done in numbers, or the sort of the failure';
CREATE INDEX run_open ON jobs.run (job_id) WHERE ended_at IS NULL;
CREATE INDEX run_by_start ON jobs.run (started_at);

CREATE TABLE jobs.schedule (
    name    text        NOT NULL,
    zone    text        NOT NULL,
    rhythm  text        NOT NULL,
    next_at timestamptz NOT NULL,
    last_at timestamptz,
    PRIMARY KEY (name, zone)
);
COMMENT ON TABLE jobs.schedule IS 'When jobs are put into the queue by themselves';
COMMENT ON COLUMN jobs.schedule.zone IS 'IANA zone whose wall clock the rhythm is read on';
COMMENT ON COLUMN jobs.schedule.rhythm IS 'Five fields as crontab(5) has them';
COMMENT ON COLUMN jobs.schedule.last_at IS 'The last time it was due and was put into the queue';

CREATE TABLE jobs.queue (
    name      text        PRIMARY KEY,
    paused_at timestamptz NOT NULL
);
COMMENT ON TABLE jobs.queue IS 'Queues that are paused: what is in them waits';
