-- Where postcodes lie, from a file of the operator.
CREATE TABLE receivables_postcode (
    country text NOT NULL,
    postcode text NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    PRIMARY KEY (country, postcode)
);
