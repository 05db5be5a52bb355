-- Credit holds, from their announcement to their end; one of a customer is open at a time.
CREATE TABLE receivables_credit_hold (
    customer_id bigint NOT NULL,
    hold_id bigint NOT NULL,
    reason text NOT NULL,
    announced_on integer NOT NULL,
    announced_by text NOT NULL,
    from_on integer NOT NULL,
    placed_on integer NOT NULL,
    placed_by text NOT NULL,
    override_reason text NOT NULL,
    lift_proposed_on integer NOT NULL,
    lift_task_id bigint NOT NULL,
    ended_on integer NOT NULL,
    ended_by text NOT NULL,
    end_reason text NOT NULL,
    written_kind text NOT NULL,
    written_state text NOT NULL,
    written_why text NOT NULL,
    write_back_id bigint NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, hold_id)
);

CREATE VIEW receivables_v1_credit_hold AS
SELECT x.customer_id, x.hold_id, x.reason, x.announced_on, x.announced_by, x.from_on, x.placed_on,
       x.placed_by, x.override_reason, x.lift_proposed_on, x.lift_task_id, x.ended_on, x.ended_by,
       x.end_reason, x.written_kind, x.written_state, x.written_why, x.write_back_id, x.known_at,
       c.salesperson, c.portfolio, CAST(NULL AS bigint) AS company_id
FROM receivables_credit_hold x
JOIN receivables_customer c ON c.customer_id = x.customer_id;

-- Whether a hold may be lifted is judged on the whole account, whoever changes it.
CREATE VIEW receivables_judged_credit_hold AS
SELECT customer_id, placed_on, ended_on FROM receivables_credit_hold;
