-- Payments that nobody could apply by itself, with what was proposed, and those that a person took
-- back ("held"), which are not applied by themselves again.
CREATE TABLE receivables_cash_exception (
    customer_id bigint NOT NULL,
    item_id bigint NOT NULL,
    state text NOT NULL,
    kind text NOT NULL,
    confidence integer NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    proposals text NOT NULL,
    policy_version bigint NOT NULL,
    found_on integer NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, item_id)
);

-- Who applied which part of a payment to what, and why. customer_id is who paid. Where that is not
-- who owed, the money went over two items of equal amount: given_id is owed again by the payer,
-- received_id is a credit of the debtor.
CREATE TABLE receivables_cash_application (
    customer_id bigint NOT NULL,
    application_id bigint NOT NULL,
    payment_id bigint NOT NULL,
    debtor_id bigint NOT NULL,
    item_id bigint NOT NULL,
    allocation_id bigint NOT NULL,
    given_id bigint NOT NULL,
    received_id bigint NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    kind text NOT NULL,
    confidence integer NOT NULL,
    reasons text NOT NULL,
    decided_by text NOT NULL,
    policy_version bigint NOT NULL,
    applied_on integer NOT NULL,
    undone_on integer NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, application_id)
);
CREATE INDEX receivables_cash_application_payment
    ON receivables_cash_application (customer_id, payment_id);

-- What a payment left open of the charge it was meant for. customer_id is who owes.
CREATE TABLE receivables_cash_short (
    customer_id bigint NOT NULL,
    short_id bigint NOT NULL,
    item_id bigint NOT NULL,
    payer_id bigint NOT NULL,
    payment_id bigint NOT NULL,
    application_id bigint NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    shortfall text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    note text NOT NULL,
    claim_id bigint NOT NULL,
    decided_by text NOT NULL,
    policy_version bigint NOT NULL,
    found_on integer NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, short_id)
);
CREATE INDEX receivables_cash_short_item ON receivables_cash_short (customer_id, item_id);

-- Limited as the payment is.
CREATE VIEW receivables_v1_cash_exception AS
SELECT e.customer_id, e.item_id, e.state, e.kind, e.confidence, e.amount, e.currency, e.found_on,
       i.number, i.posted_on, i.payer_name, i.company_id, i.salesperson, i.portfolio
FROM receivables_cash_exception e
JOIN receivables_item i ON i.customer_id = e.customer_id AND i.item_id = e.item_id;

-- Limited as the charge is that was paid short.
CREATE VIEW receivables_v1_cash_short AS
SELECT s.customer_id, s.short_id, s.item_id, s.payer_id, s.payment_id, s.amount, s.currency,
       s.shortfall, s.state, s.reason, s.note, s.claim_id, s.found_on, i.number, i.company_id,
       i.salesperson, i.portfolio
FROM receivables_cash_short s
JOIN receivables_item i ON i.customer_id = s.customer_id AND i.item_id = s.item_id;
