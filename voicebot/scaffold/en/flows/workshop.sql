-- Sample data, made into var/workshop.db at the first start. For your own database, name its URL in
-- voicebot.toml and delete this file:
--
--   [databases]
--   workshop = "postgresql+asyncpg://user@host/workshop"

CREATE TABLE repair (
    ticket   TEXT PRIMARY KEY,
    status   TEXT NOT NULL,
    price    TEXT,
    ready_on TEXT
);

INSERT INTO repair VALUES ('1024', 'ready', '45.00 USD', NULL);
INSERT INTO repair VALUES ('3187', 'working', NULL, date('now', '+3 days'));
