-- Messages, one row each, whatever becomes of them. Days are counted from 1970-01-01, times are in
-- microseconds.
CREATE TABLE correspondence_message (
    customer_id bigint NOT NULL,
    message_id bigint NOT NULL,
    origin text NOT NULL,
    kind text NOT NULL,
    source_id bigint NOT NULL,
    facts text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    company_id bigint NOT NULL,
    salesperson text NOT NULL,
    portfolio text NOT NULL,
    language text NOT NULL,
    template text NOT NULL,
    template_version bigint NOT NULL,
    recipient text NOT NULL,
    address text NOT NULL,
    subject text NOT NULL,
    content_blob bigint NOT NULL,
    pdf_blob bigint NOT NULL,
    mime_blob bigint NOT NULL,
    batch_id bigint NOT NULL,
    attempt_id bigint NOT NULL,
    attempts bigint NOT NULL,
    asked_by text NOT NULL,
    created_on integer NOT NULL,
    created_us bigint NOT NULL,
    changed_us bigint NOT NULL,
    sent_us bigint NOT NULL,
    reply text NOT NULL,
    PRIMARY KEY (customer_id, message_id)
);
-- However often an event is delivered, it makes one message.
CREATE UNIQUE INDEX correspondence_message_origin
    ON correspondence_message (customer_id, origin);

-- What was printed together.
CREATE TABLE correspondence_batch (
    batch_id bigint NOT NULL PRIMARY KEY,
    state text NOT NULL,
    letters bigint NOT NULL,
    folder text NOT NULL,
    asked_by text NOT NULL,
    created_us bigint NOT NULL,
    printed_us bigint NOT NULL
);

CREATE VIEW correspondence_v1_message AS
SELECT customer_id, message_id, origin, kind, source_id, facts, channel, state, reason, company_id,
       salesperson, portfolio, language, template, template_version, recipient, address, subject,
       content_blob, pdf_blob, mime_blob, batch_id, attempt_id, attempts, asked_by, created_on,
       created_us, changed_us, sent_us, reply
FROM correspondence_message;
