-- Dunning: runs, the letters they draft, what they leave out, and what is charged for paying late.

-- A run over all customers, or over those of one procedure, in batches of customers.
CREATE TABLE receivables_dunning_run (
    run_id bigint NOT NULL PRIMARY KEY,
    procedure text NOT NULL,
    as_of integer NOT NULL,
    state text NOT NULL,
    after_customer bigint NOT NULL,
    letters bigint NOT NULL,
    lines bigint NOT NULL,
    held bigint NOT NULL,
    asked_by text NOT NULL,
    known_at bigint NOT NULL
);
CREATE UNIQUE INDEX receivables_dunning_run_key ON receivables_dunning_run (procedure, as_of);

CREATE TABLE receivables_dunning_letter (
    customer_id bigint NOT NULL,
    letter_id bigint NOT NULL,
    run_id bigint NOT NULL,
    procedure text NOT NULL,
    procedure_version bigint NOT NULL,
    level integer NOT NULL,
    currency text NOT NULL,
    company_id bigint NOT NULL,
    state text NOT NULL,
    as_of integer NOT NULL,
    released_on integer NOT NULL,
    released_by text NOT NULL,
    voided_on integer NOT NULL,
    voided_by text NOT NULL,
    void_reason text NOT NULL,
    sent_on integer NOT NULL,
    due bigint NOT NULL,
    credits bigint NOT NULL,
    fee bigint NOT NULL,
    interest bigint NOT NULL,
    fixed_sums bigint NOT NULL,
    earlier_charges bigint NOT NULL,
    total bigint NOT NULL,
    channel text NOT NULL,
    template text NOT NULL,
    language text NOT NULL,
    credit_hold integer NOT NULL,
    charges text NOT NULL,
    charges_version bigint NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, letter_id)
);
-- However often and from wherever a run is asked for, a customer has one draft of a kind.
CREATE UNIQUE INDEX receivables_dunning_letter_draft
    ON receivables_dunning_letter (customer_id, company_id, currency, procedure)
    WHERE state = 'draft';

-- Those that nobody has sent yet, which a change of the account may take back.
CREATE INDEX receivables_dunning_letter_unsent ON receivables_dunning_letter (customer_id)
    WHERE state = 'released' AND sent_on = 2932896;

CREATE TABLE receivables_dunning_letter_line (
    customer_id bigint NOT NULL,
    letter_id bigint NOT NULL,
    line_no integer NOT NULL,
    item_id bigint NOT NULL,
    part integer NOT NULL,
    procedure text NOT NULL,
    level integer NOT NULL,
    is_raised integer NOT NULL,
    is_live integer NOT NULL,
    due_on integer NOT NULL,
    days_overdue integer NOT NULL,
    original bigint NOT NULL,
    open bigint NOT NULL,
    collectable bigint NOT NULL,
    fixed_sum bigint NOT NULL,
    interest bigint NOT NULL,
    interest_from integer NOT NULL,
    PRIMARY KEY (customer_id, letter_id, line_no)
);
-- An item reaches a level once, unless the letter was voided.
CREATE UNIQUE INDEX receivables_dunning_letter_line_level
    ON receivables_dunning_letter_line (customer_id, item_id, part, procedure, level)
    WHERE is_raised = 1 AND is_live = 1;

-- What reached a level in a run and was left out.
CREATE TABLE receivables_dunning_held (
    customer_id bigint NOT NULL,
    run_id bigint NOT NULL,
    item_id bigint NOT NULL,
    part integer NOT NULL,
    procedure text NOT NULL,
    level integer NOT NULL,
    reason text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (customer_id, run_id, item_id, part)
);

-- item_id 0: the whole customer.
CREATE TABLE receivables_dunning_block (
    customer_id bigint NOT NULL,
    block_id bigint NOT NULL,
    item_id bigint NOT NULL,
    reason text NOT NULL,
    from_on integer NOT NULL,
    until_on integer NOT NULL,
    placed_by text NOT NULL,
    lifted_on integer NOT NULL,
    lifted_by text NOT NULL,
    lift_reason text NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, block_id)
);

CREATE TABLE receivables_dunning_assignment (
    customer_id bigint NOT NULL,
    item_id bigint NOT NULL,
    procedure text NOT NULL,
    assigned_by text NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, item_id)
);

-- What another system had written before letters were written here.
CREATE TABLE receivables_dunning_state (
    customer_id bigint NOT NULL,
    item_id bigint NOT NULL,
    part integer NOT NULL,
    procedure text NOT NULL,
    level integer NOT NULL,
    reminded_on integer NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, item_id, part, procedure)
);

-- Fees, interest and fixed sums: no items of the ledger, claimable until a person waives them.
CREATE TABLE receivables_charge (
    customer_id bigint NOT NULL,
    charge_id bigint NOT NULL,
    letter_id bigint NOT NULL,
    item_id bigint NOT NULL,
    part integer NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    company_id bigint NOT NULL,
    raised_on integer NOT NULL,
    from_on integer NOT NULL,
    until_on integer NOT NULL,
    state text NOT NULL,
    ended_on integer NOT NULL,
    ended_by text NOT NULL,
    end_reason text NOT NULL,
    charges text NOT NULL,
    charges_version bigint NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, charge_id)
);

-- A letter is of one company and customer; it lies in the portfolio of its customer.
CREATE VIEW receivables_v1_dunning_letter AS
SELECT d.customer_id, d.letter_id, d.run_id, d.procedure, d.procedure_version, d.level, d.currency,
       d.company_id, d.state, d.as_of, d.released_on, d.released_by, d.voided_on, d.voided_by,
       d.void_reason, d.sent_on, d.due, d.credits, d.fee, d.interest, d.fixed_sums,
       d.earlier_charges, d.total, d.channel, d.template, d.language, d.credit_hold, d.charges,
       d.charges_version, d.known_at, c.salesperson, c.portfolio
FROM receivables_dunning_letter d
JOIN receivables_customer c ON c.customer_id = d.customer_id;

CREATE VIEW receivables_v1_dunning_letter_line AS
SELECT l.customer_id, l.letter_id, l.line_no, l.item_id, l.part, l.procedure, l.level, l.is_raised,
       l.is_live, l.due_on, l.days_overdue, l.original, l.open, l.collectable, l.fixed_sum,
       l.interest, l.interest_from, i.kind AS item_kind, i.number AS item_number, i.reference,
       i.po_number, i.issued_on, i.currency, i.company_id, i.salesperson, i.portfolio
FROM receivables_dunning_letter_line l
JOIN receivables_item i ON i.customer_id = l.customer_id AND i.item_id = l.item_id;

CREATE VIEW receivables_v1_dunning_held AS
SELECT h.customer_id, h.run_id, h.item_id, h.part, h.procedure, h.level, h.reason, h.currency,
       h.amount, i.number AS item_number, i.company_id, i.salesperson, i.portfolio
FROM receivables_dunning_held h
JOIN receivables_item i ON i.customer_id = h.customer_id AND i.item_id = h.item_id;

CREATE VIEW receivables_v1_dunning_block AS
SELECT b.customer_id, b.block_id, b.item_id, b.reason, b.from_on, b.until_on, b.placed_by,
       b.lifted_on, b.lifted_by, b.lift_reason, b.known_at, CAST(NULL AS bigint) AS company_id,
       c.salesperson, c.portfolio
FROM receivables_dunning_block b
JOIN receivables_customer c ON c.customer_id = b.customer_id;

CREATE VIEW receivables_v1_dunning_assignment AS
SELECT a.customer_id, a.item_id, a.procedure, a.assigned_by, a.known_at,
       CAST(NULL AS bigint) AS company_id, c.salesperson, c.portfolio
FROM receivables_dunning_assignment a
JOIN receivables_customer c ON c.customer_id = a.customer_id;

CREATE VIEW receivables_v1_dunning_state AS
SELECT s.customer_id, s.item_id, s.part, s.procedure, s.level, s.reminded_on, s.known_at,
       i.company_id, i.salesperson, i.portfolio
FROM receivables_dunning_state s
JOIN receivables_item i ON i.customer_id = s.customer_id AND i.item_id = s.item_id;

CREATE VIEW receivables_v1_charge AS
SELECT h.customer_id, h.charge_id, h.letter_id, h.item_id, h.part, h.kind, h.amount, h.currency,
       h.company_id, h.raised_on, h.from_on, h.until_on, h.state, h.ended_on, h.ended_by,
       h.end_reason, h.charges, h.charges_version, h.known_at, c.salesperson, c.portfolio
FROM receivables_charge h
JOIN receivables_customer c ON c.customer_id = h.customer_id;
