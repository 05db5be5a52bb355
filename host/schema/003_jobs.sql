CREATE TABLE dunlin_job (
    id bigint NOT NULL PRIMARY KEY,
    plugin text NOT NULL,
    kind text NOT NULL,
    dedup_key text NOT NULL,
    args_json text NOT NULL,
    state text NOT NULL,
    run_at_us bigint NOT NULL,
    attempts integer NOT NULL,
    fence bigint NOT NULL,
    lease_until_us bigint NOT NULL,
    holder text NOT NULL,
    progress_done bigint NOT NULL,
    progress_total bigint NOT NULL,
    progress_note text NOT NULL,
    cancel_requested integer NOT NULL,
    created_us bigint NOT NULL,
    ended_us bigint NOT NULL,
    last_error text NOT NULL
);
CREATE INDEX dunlin_job_due ON dunlin_job (state, run_at_us);
-- At most one job of a kind and key is waiting or running.
CREATE UNIQUE INDEX dunlin_job_dedup ON dunlin_job (kind, dedup_key)
    WHERE dedup_key <> '' AND state IN ('queued', 'running');
CREATE TABLE dunlin_cron (
    kind text NOT NULL PRIMARY KEY,
    next_at_us bigint NOT NULL
);
