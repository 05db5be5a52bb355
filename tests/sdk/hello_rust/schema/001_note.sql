CREATE TABLE hello_rust_note (
    id BIGINT NOT NULL PRIMARY KEY,
    noted_on BIGINT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE hello_rust_delivery (
    event_id BIGINT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);
