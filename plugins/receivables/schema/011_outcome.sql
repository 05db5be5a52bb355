-- What is decided of items after the last letter: agency, court or write-off.
CREATE TABLE receivables_outcome (
    customer_id bigint NOT NULL,
    outcome_id bigint NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    agency text NOT NULL,
    commission bigint NOT NULL,
    reason text NOT NULL,
    proposed_on integer NOT NULL,
    proposed_by text NOT NULL,
    decided_on integer NOT NULL,
    decided_by text NOT NULL,
    decide_reason text NOT NULL,
    ended_on integer NOT NULL,
    ended_by text NOT NULL,
    end_reason text NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, outcome_id)
);

CREATE TABLE receivables_outcome_item (
    customer_id bigint NOT NULL,
    outcome_id bigint NOT NULL,
    item_id bigint NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    claim_id bigint NOT NULL,
    PRIMARY KEY (customer_id, outcome_id, item_id)
);

CREATE VIEW receivables_v1_outcome AS
SELECT o.customer_id, o.outcome_id, o.kind, o.state, o.agency, o.commission, o.reason,
       o.proposed_on, o.proposed_by, o.decided_on, o.decided_by, o.decide_reason, o.ended_on,
       o.ended_by, o.end_reason, o.known_at, CAST(NULL AS bigint) AS company_id, c.salesperson,
       c.portfolio
FROM receivables_outcome o
JOIN receivables_customer c ON c.customer_id = o.customer_id;

-- With what was paid of the item while the outcome stood, as far as it was not sent back.
CREATE VIEW receivables_v1_outcome_item AS
SELECT x.customer_id, x.outcome_id, x.item_id, x.amount, x.currency, x.claim_id, o.kind, o.state,
       o.agency, o.commission, i.number AS item_number, i.company_id, i.salesperson, i.portfolio,
       (SELECT CAST(COALESCE(sum(a.amount), 0) AS bigint) FROM receivables_allocation a
        JOIN receivables_item s ON s.customer_id = a.customer_id AND s.item_id = a.source_id
        WHERE a.customer_id = x.customer_id AND a.target_id = x.item_id AND s.kind = 'payment'
          AND a.effective_on >= o.decided_on AND a.effective_on < o.ended_on
          AND a.until_on = 2932896) AS collected
FROM receivables_outcome_item x
JOIN receivables_outcome o ON o.customer_id = x.customer_id AND o.outcome_id = x.outcome_id
JOIN receivables_item i ON i.customer_id = x.customer_id AND i.item_id = x.item_id;
