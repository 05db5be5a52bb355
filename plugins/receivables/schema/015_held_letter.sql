-- Letters that whoever sends holds back: they count for nothing until they go, and a change of the
-- account may take them back.
CREATE INDEX receivables_dunning_letter_held ON receivables_dunning_letter (customer_id)
    WHERE state = 'held';
