CREATE TABLE shop_order (number TEXT PRIMARY KEY, status TEXT NOT NULL);
INSERT INTO shop_order VALUES ('4271', 'on its way'), ('1038', 'delivered');
