-- What customers promised to pay. The state is what the last judging found; it follows from the
-- ledger alone. Rules are those of the day the promise was made.
CREATE TABLE receivables_promise (
    customer_id bigint NOT NULL,
    promise_id bigint NOT NULL,
    item_id bigint NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    made_on integer NOT NULL,
    due_on integer NOT NULL,
    level bigint NOT NULL,
    grace_days integer NOT NULL,
    enough_per_mille bigint NOT NULL,
    has_part integer NOT NULL,
    remind_days_before integer NOT NULL,
    rules_version bigint NOT NULL,
    follows_id bigint NOT NULL,
    followed_by_id bigint NOT NULL,
    ended_on integer NOT NULL,
    is_superseded integer NOT NULL,
    ended_reason text NOT NULL,
    claim_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    person text NOT NULL,
    note text NOT NULL,
    made_by text NOT NULL,
    source text NOT NULL,
    reference text NOT NULL,
    state text NOT NULL,
    kept bigint NOT NULL,
    judged_on integer NOT NULL,
    reminded_before_on integer NOT NULL,
    reminded_on integer NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, promise_id)
);

-- A promise is limited as the item is that it is about. One on the whole account comes once for each
-- item of the account and once for the customer: select its own columns with DISTINCT.
CREATE VIEW receivables_v1_promise AS
SELECT p.customer_id, p.promise_id, p.item_id, p.currency, p.amount, p.made_on, p.due_on,
       p.due_on + p.grace_days AS last_on, p.level, p.state, p.kept, p.judged_on, p.ended_on,
       p.follows_id, p.followed_by_id, p.claim_id, p.contact_id, p.known_at, i.number AS item_number,
       i.company_id, i.salesperson, i.portfolio
FROM receivables_promise p
JOIN receivables_item i ON i.customer_id = p.customer_id AND i.item_id = p.item_id
UNION ALL
SELECT p.customer_id, p.promise_id, p.item_id, p.currency, p.amount, p.made_on, p.due_on,
       p.due_on + p.grace_days, p.level, p.state, p.kept, p.judged_on, p.ended_on, p.follows_id,
       p.followed_by_id, p.claim_id, p.contact_id, p.known_at, '', i.company_id, i.salesperson,
       i.portfolio
FROM receivables_promise p
JOIN receivables_item i ON i.customer_id = p.customer_id
WHERE p.item_id = 0
UNION ALL
SELECT p.customer_id, p.promise_id, p.item_id, p.currency, p.amount, p.made_on, p.due_on,
       p.due_on + p.grace_days, p.level, p.state, p.kept, p.judged_on, p.ended_on, p.follows_id,
       p.followed_by_id, p.claim_id, p.contact_id, p.known_at, '', CAST(0 AS bigint), k.salesperson,
       k.portfolio
FROM receivables_promise p
JOIN receivables_customer k ON k.customer_id = p.customer_id
WHERE p.item_id = 0;

-- A promise is judged on the whole account, whoever asks: what is read here decides and is not shown.
CREATE VIEW receivables_judged_promise AS SELECT * FROM receivables_promise;
CREATE VIEW receivables_judged_item AS
SELECT customer_id, item_id, amount, currency, posted_on, void_on, due_on, issued_on, kind
FROM receivables_item;
CREATE VIEW receivables_judged_allocation AS
SELECT customer_id, allocation_id, source_id, target_id, instalment_id, amount, given_on, reversed_on,
       effective_on, until_on
FROM receivables_allocation;
