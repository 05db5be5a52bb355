-- What was paid of a fee, interest or fixed sum. The charge is an item of the ledger just as far as
-- it was paid, and as long as the payment stays applied to it.
CREATE TABLE receivables_charge_payment (
    customer_id bigint NOT NULL,
    charge_id bigint NOT NULL,
    item_id bigint NOT NULL,
    payer_id bigint NOT NULL,
    payment_id bigint NOT NULL,
    application_id bigint NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, charge_id, item_id)
);

CREATE VIEW receivables_v1_charge_payment AS
SELECT p.customer_id, p.charge_id, p.item_id, p.payer_id, p.payment_id, i.amount, i.currency,
       i.posted_on, i.void_on, p.known_at, i.company_id, c.salesperson, c.portfolio
FROM receivables_charge_payment p
JOIN receivables_item i ON i.customer_id = p.customer_id AND i.item_id = p.item_id
JOIN receivables_customer c ON c.customer_id = p.customer_id;
