-- Credits that the customer's own system is asked to pay out. The ledger changes when its payment
-- comes back; until then what is asked for keeps that much of the credit.
CREATE TABLE receivables_refund (
    customer_id bigint NOT NULL,
    refund_id bigint NOT NULL,
    item_id bigint NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    reason text NOT NULL,
    state text NOT NULL,
    asked_on integer NOT NULL,
    asked_by text NOT NULL,
    decided_by text NOT NULL,
    decide_reason text NOT NULL,
    outcome text NOT NULL,
    write_back_id bigint NOT NULL,
    policy_version bigint NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, refund_id)
);
