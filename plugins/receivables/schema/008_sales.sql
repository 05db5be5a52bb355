-- Credit terms that sales and collections agree on.
CREATE TABLE receivables_terms_proposal (
    customer_id bigint NOT NULL,
    proposal_id bigint NOT NULL,
    credit_limit bigint,
    currency text NOT NULL,
    payment_terms text NOT NULL,
    reason text NOT NULL,
    basis text NOT NULL,
    proposed_by text NOT NULL,
    sales_by text NOT NULL,
    collections_by text NOT NULL,
    state text NOT NULL,
    end_reason text NOT NULL,
    proposed_on integer NOT NULL,
    ended_on integer NOT NULL,
    write_back_id bigint NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, proposal_id)
);

CREATE VIEW receivables_v1_terms_proposal AS
SELECT x.customer_id, x.proposal_id, x.credit_limit, x.currency, x.payment_terms, x.reason, x.basis,
       x.proposed_by, x.sales_by, x.collections_by, x.state, x.end_reason, x.proposed_on, x.ended_on,
       x.write_back_id, x.known_at, c.salesperson, c.portfolio, CAST(NULL AS bigint) AS company_id
FROM receivables_terms_proposal x
JOIN receivables_customer c ON c.customer_id = x.customer_id;
