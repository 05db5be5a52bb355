-- What was said with a customer, and what is to be done about it.
CREATE TABLE receivables_contact (
    customer_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    item_id bigint NOT NULL,
    happened_on integer NOT NULL,
    channel text NOT NULL,
    direction text NOT NULL,
    contact_point_id bigint NOT NULL,
    person text NOT NULL,
    outcome text NOT NULL,
    is_reached integer NOT NULL,
    reason text NOT NULL,
    note text NOT NULL,
    next_step text NOT NULL,
    next_on integer NOT NULL,
    lists_version bigint NOT NULL,
    made_by text NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, contact_id)
);

CREATE TABLE receivables_task (
    customer_id bigint NOT NULL,
    task_id bigint NOT NULL,
    item_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    note text NOT NULL,
    due_on integer NOT NULL,
    assignee text NOT NULL,
    state text NOT NULL,
    answer text NOT NULL,
    made_by text NOT NULL,
    made_on integer NOT NULL,
    closed_by text NOT NULL,
    closed_on integer NOT NULL,
    moves integer NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, task_id)
);

-- Whoever sees the customer sees what was said with it.
CREATE VIEW receivables_v1_contact AS
SELECT x.customer_id, x.contact_id, x.item_id, x.happened_on, x.channel, x.direction,
       x.contact_point_id, x.person, x.outcome, x.is_reached, x.reason, x.note, x.next_step,
       x.next_on, x.made_by, x.known_at, c.salesperson, c.portfolio,
       CAST(NULL AS bigint) AS company_id
FROM receivables_contact x
JOIN receivables_customer c ON c.customer_id = x.customer_id;

CREATE VIEW receivables_v1_task AS
SELECT x.customer_id, x.task_id, x.item_id, x.contact_id, x.kind, x.title, x.note, x.due_on,
       x.assignee, x.state, x.answer, x.made_by, x.made_on, x.closed_by, x.closed_on, x.moves,
       x.known_at, c.salesperson, c.portfolio, CAST(NULL AS bigint) AS company_id
FROM receivables_task x
JOIN receivables_customer c ON c.customer_id = x.customer_id;
