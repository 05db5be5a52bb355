-- Bookkeeping. What is not exported yet is computed from the tables that hold the effects; what was
-- exported is kept as it was, and never changed or erased: a later decision becomes an entry of the
-- first open period, and what is gone is reversed there.

CREATE TABLE receivables_journal_period (
    period text NOT NULL PRIMARY KEY,
    from_on integer NOT NULL,
    until_on integer NOT NULL,
    entries bigint NOT NULL,
    digest text NOT NULL,
    closed_on integer NOT NULL,
    closed_by text NOT NULL,
    known_at bigint NOT NULL
);

-- One amount from one account to another, so that no entry can be out of balance. `effect` names the
-- row that it comes from; `reverses` the entry that it takes back, or 0.
CREATE TABLE receivables_journal_entry (
    customer_id bigint NOT NULL,
    entry_id bigint NOT NULL,
    period text NOT NULL,
    number bigint NOT NULL,
    booked_on integer NOT NULL,
    effective_on integer NOT NULL,
    effect text NOT NULL,
    kind text NOT NULL,
    company_id bigint NOT NULL,
    company text NOT NULL,
    customer text NOT NULL,
    document text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    debit text NOT NULL,
    debit_account text NOT NULL,
    credit text NOT NULL,
    credit_account text NOT NULL,
    decided_by text NOT NULL,
    reason text NOT NULL,
    reverses bigint NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, entry_id)
);
