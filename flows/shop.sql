-- The demo shop's database, made when the server first starts.
--
-- Every day is stored as a distance from today and turned into a date when it is read, so that
-- 'arrives on Tuesday' stays in the future however old the demo's database is.

CREATE TABLE sample_order (
    number TEXT PRIMARY KEY CHECK (number GLOB '[0-9]*' AND length(number) = 4),
    status TEXT NOT NULL CHECK (status IN ('packing', 'shipped', 'delivered', 'delayed', 'cancelled')),
    total_cents INTEGER NOT NULL CHECK (total_cents >= 0),
    days_to_arrival INTEGER  -- below zero for what has arrived, NULL for what never will
);

CREATE TABLE order_item (
    order_number TEXT NOT NULL REFERENCES sample_order (number),
    position INTEGER NOT NULL,
    spoken TEXT NOT NULL,  -- as it is said: 'two linen shirts'
    PRIMARY KEY (order_number, position)
);

CREATE TABLE return_request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_number TEXT NOT NULL UNIQUE REFERENCES sample_order (number),
    reason TEXT,
    remedy TEXT CHECK (remedy IN ('refund', 'exchange')),
    pickup TEXT,  -- a day, as 20261127
    idempotency_key TEXT UNIQUE,  -- of the change that was made last
    opened_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

CREATE TABLE promotion (
    id INTEGER PRIMARY KEY,
    spoken TEXT NOT NULL  -- one whole sentence
);

CREATE VIEW shop_order AS
SELECT
    number,
    status,
    printf('%d.%02d USD', total_cents / 100, total_cents % 100) AS total,
    date('now', 'localtime', days_to_arrival || ' days') AS eta,
    (
        SELECT group_concat(spoken, ' and ')
        FROM (SELECT spoken FROM order_item WHERE order_number = number ORDER BY position)
    ) AS items
FROM sample_order;

INSERT INTO sample_order (number, status, total_cents, days_to_arrival) VALUES
    ('4271', 'shipped', 8400, 3),
    ('1508', 'delivered', 3950, -2),
    ('7730', 'packing', 12999, 5),
    ('6392', 'delayed', 21900, 9),
    ('9021', 'cancelled', 1800, NULL),
    ('2846', 'delivered', 5600, -9),
    ('3506', 'shipped', 7425, 1);

INSERT INTO order_item (order_number, position, spoken) VALUES
    ('4271', 1, 'a rain jacket'),
    ('4271', 2, 'two wool scarves'),
    ('1508', 1, 'a stoneware teapot'),
    ('7730', 1, 'a reading lamp'),
    ('7730', 2, 'a linen tablecloth'),
    ('6392', 1, 'an oak side table'),
    ('9021', 1, 'a set of candles'),
    ('2846', 1, 'two linen shirts'),
    ('3506', 1, 'a canvas weekend bag');

-- The references that callers hear begin at five thousand, so that they have four digits.
INSERT INTO sqlite_sequence (name, seq) VALUES ('return_request', 5000);

INSERT INTO promotion (id, spoken) VALUES
    (1, 'Everything made of linen is 20% off this week.'),
    (2, 'Orders over $50 ship free.');
