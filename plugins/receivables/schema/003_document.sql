-- A document behind an item, as the item's source gave it; its bytes are a blob under the customer.
CREATE TABLE receivables_document (
    customer_id bigint NOT NULL,
    document_id bigint NOT NULL,
    item_id bigint NOT NULL,
    blob_id bigint NOT NULL,
    sha256 text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    name text NOT NULL,
    source text NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, document_id)
);
CREATE UNIQUE INDEX receivables_document_same
    ON receivables_document (customer_id, item_id, sha256);

-- Limited as the item is that it belongs to.
CREATE VIEW receivables_v1_document AS
SELECT d.customer_id, d.document_id, d.item_id, d.blob_id, d.sha256, d.media_type, d.size, d.name,
       d.source, d.known_at, i.number AS item_number, i.kind AS item_kind, i.company_id,
       i.salesperson, i.portfolio
FROM receivables_document d
JOIN receivables_item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id;
