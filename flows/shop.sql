-- The demo shop's database, made when the server first starts.
--
-- Every day is stored as a distance from today and turned into a date when it is read, so that
-- 'arrives on Tuesday' stays in the future however old the demo's database is.

CREATE TABLE customer (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,  -- as voicebot writes numbers: +, country, digits
    name TEXT NOT NULL,
    vip INTEGER NOT NULL DEFAULT 0 CHECK (vip IN (0, 1)),
    language TEXT NOT NULL DEFAULT 'en-US'
);

CREATE TABLE ticket (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    days_ago INTEGER NOT NULL CHECK (days_ago >= 0),
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1))
);

CREATE TABLE sample_order (
    number TEXT PRIMARY KEY CHECK (number GLOB '[0-9]*' AND length(number) = 4),
    status TEXT NOT NULL CHECK (status IN ('packing', 'shipped', 'delivered', 'delayed', 'cancelled')),
    total_cents INTEGER NOT NULL CHECK (total_cents >= 0),
    customer_id INTEGER REFERENCES customer (id),
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
    remedy TEXT,  -- in the caller's language, as it is said back
    pickup TEXT,  -- a day, as 20261127
    idempotency_key TEXT UNIQUE,  -- of the change that was made last
    opened_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

CREATE TABLE promotion (
    id INTEGER PRIMARY KEY,
    language TEXT NOT NULL,
    spoken TEXT NOT NULL  -- one whole sentence
);

CREATE VIEW shop_order AS
SELECT
    number,
    status,
    printf('%d.%02d USD', total_cents / 100, total_cents % 100) AS total,
    date('now', 'localtime', days_to_arrival || ' days') AS eta,
    customer_id AS customer,
    (
        SELECT group_concat(spoken, ' and ')
        FROM (SELECT spoken FROM order_item WHERE order_number = number ORDER BY position)
    ) AS items
FROM sample_order;

INSERT INTO customer (id, number, name, vip, language) VALUES
    (17, '+15550117', 'Ada Marsh', 0, 'en-US'),
    (21, '+15550121', 'Ruth Calder', 1, 'en-US'),
    (34, '+15550134', 'Li Wen', 0, 'zh-CN'),
    (42, '+15550156', 'Chen Yu', 1, 'zh-CN');

INSERT INTO ticket (customer_id, days_ago, is_open) VALUES
    (21, 2, 1),
    (17, 12, 0);

INSERT INTO sample_order (number, status, total_cents, customer_id, days_to_arrival) VALUES
    ('4271', 'shipped', 8400, 17, 3),
    ('1508', 'delivered', 3950, 17, -2),
    ('7730', 'packing', 12999, 21, 5),
    ('6392', 'delayed', 21900, 21, 9),
    ('9021', 'cancelled', 1800, NULL, NULL),
    ('2846', 'delivered', 5600, 34, -9),
    ('3506', 'shipped', 7425, 34, 1);

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

INSERT INTO promotion (id, language, spoken) VALUES
    (1, 'en', 'Everything made of linen is 20% off this week.'),
    (2, 'en', 'Orders over $50 ship free.'),
    (3, 'zh', '本周亚麻商品全部八折。'),
    (4, 'zh', '满五十美元免运费。');
