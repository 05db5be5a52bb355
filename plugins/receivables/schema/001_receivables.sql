-- Amounts are in 1/10000 of the currency's unit, days are counted from 1970-01-01 and "never" is
-- 2932896 (9999-12-31). customer_id leads every key; the binding table alone is found by what the
-- source calls a thing.

CREATE TABLE receivables_binding (
    source text NOT NULL,
    entity text NOT NULL,
    external_id text NOT NULL,
    customer_id bigint NOT NULL,
    id bigint NOT NULL,
    content_hash bigint NOT NULL,
    PRIMARY KEY (source, entity, external_id)
);

CREATE TABLE receivables_company (
    company_id bigint NOT NULL PRIMARY KEY,
    name text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL,
    time_zone text NOT NULL,
    street text NOT NULL,
    city text NOT NULL,
    postcode text NOT NULL,
    bank_account text NOT NULL,
    capacity text NOT NULL,
    is_deleted integer NOT NULL,
    known_at bigint NOT NULL
);

CREATE TABLE receivables_exchange_rate (
    rate_id bigint NOT NULL PRIMARY KEY,
    from_currency text NOT NULL,
    to_currency text NOT NULL,
    valid_on integer NOT NULL,
    rate_pico bigint NOT NULL,
    kind text NOT NULL,
    is_deleted integer NOT NULL,
    known_at bigint NOT NULL
);
CREATE INDEX receivables_exchange_rate_pair
    ON receivables_exchange_rate (from_currency, to_currency, valid_on);

CREATE TABLE receivables_customer (
    customer_id bigint NOT NULL PRIMARY KEY,
    number text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    parent_id bigint NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    credit_limit bigint,
    salesperson text NOT NULL,
    portfolio text NOT NULL,
    collector text NOT NULL,
    tax_id text NOT NULL,
    birth_date integer,
    language text NOT NULL,
    time_zone text NOT NULL,
    payment_terms text NOT NULL,
    salesperson_email text NOT NULL,
    segment text NOT NULL,
    represented_by text NOT NULL,
    latitude double precision,
    longitude double precision,
    notes text NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    is_deleted integer NOT NULL,
    known_at bigint NOT NULL,
    -- What both are searched by: without case and accents.
    number_key text NOT NULL,
    name_key text NOT NULL
);

CREATE TABLE receivables_contact_point (
    customer_id bigint NOT NULL,
    contact_point_id bigint NOT NULL,
    person text NOT NULL,
    role text NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    street text NOT NULL,
    city text NOT NULL,
    postcode text NOT NULL,
    region text NOT NULL,
    country text NOT NULL,
    valid_from integer NOT NULL,
    valid_to integer NOT NULL,
    preferred integer NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    is_deleted integer NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, contact_point_id)
);

CREATE TABLE receivables_item (
    customer_id bigint NOT NULL,
    item_id bigint NOT NULL,
    posted_on integer NOT NULL,
    void_on integer NOT NULL,
    due_on integer NOT NULL,
    issued_on integer NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    instalments integer NOT NULL,
    kind text NOT NULL,
    company_id bigint NOT NULL,
    salesperson text NOT NULL,
    portfolio text NOT NULL,
    source_open bigint,
    has_due integer NOT NULL,
    salesperson_own integer NOT NULL,
    status text NOT NULL,
    number text NOT NULL,
    reference text NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    known_at bigint NOT NULL,
    void_known_at bigint NOT NULL,
    po_number text NOT NULL,
    purpose text NOT NULL,
    corrects text NOT NULL,
    original_creditor text NOT NULL,
    itemisation_date integer,
    default_date integer,
    document_url text NOT NULL,
    method text NOT NULL,
    payer_name text NOT NULL,
    bank_account text NOT NULL,
    PRIMARY KEY (customer_id, item_id)
);

-- Few items have instalments, and ageing must find them without reading the others.
CREATE INDEX receivables_item_instalments ON receivables_item (customer_id, item_id)
    WHERE instalments > 0;

CREATE TABLE receivables_invoice_line (
    customer_id bigint NOT NULL,
    line_id bigint NOT NULL,
    item_id bigint NOT NULL,
    sequence bigint NOT NULL,
    product text NOT NULL,
    description text NOT NULL,
    quantity double precision,
    amount bigint NOT NULL,
    plant text NOT NULL,
    PRIMARY KEY (customer_id, line_id)
);
CREATE INDEX receivables_invoice_line_item ON receivables_invoice_line (customer_id, item_id);

CREATE TABLE receivables_instalment (
    customer_id bigint NOT NULL,
    instalment_id bigint NOT NULL,
    item_id bigint NOT NULL,
    sequence bigint NOT NULL,
    due_on integer NOT NULL,
    amount bigint NOT NULL,
    discount_on integer,
    discount_amount bigint,
    PRIMARY KEY (customer_id, instalment_id)
);
CREATE INDEX receivables_instalment_item ON receivables_instalment (customer_id, item_id);

CREATE TABLE receivables_allocation (
    customer_id bigint NOT NULL,
    allocation_id bigint NOT NULL,
    source_id bigint NOT NULL,
    target_id bigint NOT NULL,
    instalment_id bigint NOT NULL,
    amount bigint NOT NULL,
    effective_on integer NOT NULL,
    until_on integer NOT NULL,
    given_on integer NOT NULL,
    reversed_on integer NOT NULL,
    source text NOT NULL,
    known_at bigint NOT NULL,
    reversal_known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, allocation_id)
);
CREATE INDEX receivables_allocation_target ON receivables_allocation (customer_id, target_id);
CREATE INDEX receivables_allocation_source ON receivables_allocation (customer_id, source_id);

CREATE TABLE receivables_claim (
    customer_id bigint NOT NULL,
    claim_id bigint NOT NULL,
    item_id bigint NOT NULL,
    kind text NOT NULL,
    amount bigint,
    currency text NOT NULL,
    from_on integer NOT NULL,
    until_on integer NOT NULL,
    lifted_on integer NOT NULL,
    owner text NOT NULL,
    reference text NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, claim_id)
);

-- A document or money that another source than the one of record also told of: kept beside the item
-- it is, and never added to it.
CREATE TABLE receivables_evidence (
    customer_id bigint NOT NULL,
    evidence_id bigint NOT NULL,
    item_id bigint NOT NULL,
    source text NOT NULL,
    entity text NOT NULL,
    external_id text NOT NULL,
    number text NOT NULL,
    issued_on integer NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    source_open bigint,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, evidence_id)
);
CREATE INDEX receivables_evidence_item ON receivables_evidence (customer_id, item_id);

CREATE VIEW receivables_v1_company AS
SELECT company_id, name, country, currency, time_zone, street, city, postcode, bank_account,
       capacity, is_deleted
FROM receivables_company;

CREATE VIEW receivables_v1_exchange_rate AS
SELECT rate_id, from_currency, to_currency, valid_on, rate_pico, kind
FROM receivables_exchange_rate WHERE is_deleted = 0;

-- A customer belongs to no company: who is limited to some sees it through its items there. So does
-- whoever sees an item that is another salesperson's.
CREATE VIEW receivables_v1_customer AS
SELECT customer_id, number, name, kind, parent_id, status, currency, credit_limit, salesperson,
       portfolio, collector, tax_id, birth_date, language, time_zone, payment_terms,
       salesperson_email, segment, represented_by, latitude, longitude, notes, is_deleted,
       number_key, name_key, source, external_id, CAST(NULL AS bigint) AS company_id
FROM receivables_customer;

CREATE VIEW receivables_v1_contact_point AS
SELECT p.customer_id, p.contact_point_id, p.person, p.role, p.kind, p.value, p.street, p.city,
       p.postcode, p.region, p.country, p.valid_from, p.valid_to, p.preferred, p.source,
       p.external_id,
       c.salesperson, c.portfolio, CAST(NULL AS bigint) AS company_id
FROM receivables_contact_point p
JOIN receivables_customer c ON c.customer_id = p.customer_id
WHERE p.is_deleted = 0;

CREATE VIEW receivables_v1_item AS
SELECT customer_id, item_id, posted_on, void_on, due_on, issued_on, amount, currency, instalments,
       kind, company_id, salesperson, portfolio, source_open, has_due, status, number, reference,
       source, external_id, known_at, void_known_at, po_number, purpose, corrects, original_creditor,
       itemisation_date, default_date, document_url, method, payer_name, bank_account
FROM receivables_item;

-- An allocation seen from the item it settles, and limited as that item is.
CREATE VIEW receivables_v1_allocation AS
SELECT a.customer_id, a.allocation_id, a.source_id, a.target_id, a.instalment_id, a.amount,
       a.effective_on, a.until_on, a.given_on, a.reversed_on, a.source, a.known_at,
       a.reversal_known_at, i.posted_on AS item_posted_on, i.void_on AS item_void_on,
       i.due_on AS item_due_on, i.issued_on AS item_issued_on, i.amount AS item_amount, i.currency,
       i.instalments AS item_instalments, i.kind AS item_kind, i.company_id, i.salesperson,
       i.portfolio,
       (SELECT s.kind FROM receivables_item s
        WHERE s.customer_id = a.customer_id AND s.item_id = a.source_id) AS source_kind
FROM receivables_allocation a
JOIN receivables_item i ON i.customer_id = a.customer_id AND i.item_id = a.target_id;

-- The same allocation seen from the payment or credit it uses up, and limited as that is.
CREATE VIEW receivables_v1_allocation_source AS
SELECT a.customer_id, a.allocation_id, a.source_id, a.target_id, a.instalment_id, a.amount,
       a.effective_on, a.until_on, a.given_on, a.reversed_on, a.source, a.known_at,
       a.reversal_known_at, i.posted_on AS item_posted_on, i.void_on AS item_void_on,
       i.due_on AS item_due_on, i.issued_on AS item_issued_on, i.amount AS item_amount, i.currency,
       i.instalments AS item_instalments, i.kind AS item_kind, i.company_id, i.salesperson,
       i.portfolio
FROM receivables_allocation a
JOIN receivables_item i ON i.customer_id = a.customer_id AND i.item_id = a.source_id;

-- Limited as the item is that it stands beside.
CREATE VIEW receivables_v1_evidence AS
SELECT e.customer_id, e.evidence_id, e.item_id, e.source, e.entity, e.external_id, e.number,
       e.issued_on, e.currency, e.amount, e.source_open, e.known_at,
       i.posted_on AS item_posted_on, i.void_on AS item_void_on, i.amount AS item_amount,
       i.currency AS item_currency, i.number AS item_number, i.kind AS item_kind,
       i.source AS item_source, i.company_id, i.salesperson, i.portfolio
FROM receivables_evidence e
JOIN receivables_item i ON i.customer_id = e.customer_id AND i.item_id = e.item_id;

CREATE VIEW receivables_v1_instalment AS
SELECT n.customer_id, n.instalment_id, n.item_id, n.sequence, n.due_on, n.amount, n.discount_on,
       n.discount_amount, i.currency, i.company_id, i.salesperson, i.portfolio
FROM receivables_instalment n
JOIN receivables_item i ON i.customer_id = n.customer_id AND i.item_id = n.item_id;

CREATE VIEW receivables_v1_invoice_line AS
SELECT l.customer_id, l.line_id, l.item_id, l.sequence, l.product, l.description, l.quantity,
       l.amount, l.plant, i.currency, i.company_id, i.salesperson, i.portfolio
FROM receivables_invoice_line l
JOIN receivables_item i ON i.customer_id = l.customer_id AND i.item_id = l.item_id;

-- A claim is limited as the item it covers is. One on the whole account comes once for each item of
-- the account and once for the customer, so that whoever sees any of them sees the claim: select
-- its own columns with DISTINCT.
CREATE VIEW receivables_v1_claim AS
SELECT c.customer_id, c.claim_id, c.item_id, c.kind, c.amount, c.currency, c.from_on, c.until_on,
       c.lifted_on, c.owner, c.reference, i.company_id, i.salesperson, i.portfolio, c.known_at
FROM receivables_claim c
JOIN receivables_item i ON i.customer_id = c.customer_id AND i.item_id = c.item_id
UNION ALL
SELECT c.customer_id, c.claim_id, c.item_id, c.kind, c.amount, c.currency, c.from_on, c.until_on,
       c.lifted_on, c.owner, c.reference, i.company_id, i.salesperson, i.portfolio, c.known_at
FROM receivables_claim c
JOIN receivables_item i ON i.customer_id = c.customer_id
WHERE c.item_id = 0
UNION ALL
SELECT c.customer_id, c.claim_id, c.item_id, c.kind, c.amount, c.currency, c.from_on, c.until_on,
       c.lifted_on, c.owner, c.reference, CAST(0 AS bigint), k.salesperson, k.portfolio, c.known_at
FROM receivables_claim c
JOIN receivables_customer k ON k.customer_id = c.customer_id
WHERE c.item_id = 0;
