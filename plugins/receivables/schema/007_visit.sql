-- Cash that was taken on a visit, until the ledger has it from its source.
CREATE TABLE receivables_receipt (
    customer_id bigint NOT NULL,
    receipt_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    item_id bigint NOT NULL,
    amount bigint NOT NULL,
    claim_id bigint NOT NULL,
    currency text NOT NULL,
    received_on integer NOT NULL,
    handed_in_on integer NOT NULL,
    person text NOT NULL,
    made_by text NOT NULL,
    handed_in_to text NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, receipt_id)
);

CREATE VIEW receivables_v1_receipt AS
SELECT x.customer_id, x.receipt_id, x.contact_id, x.item_id, x.amount, x.claim_id, x.currency,
       x.received_on, x.handed_in_on, x.person, x.made_by, x.handed_in_to, x.known_at,
       c.salesperson, c.portfolio, CAST(NULL AS bigint) AS company_id
FROM receivables_receipt x
JOIN receivables_customer c ON c.customer_id = x.customer_id;
