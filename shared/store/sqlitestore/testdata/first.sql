INSERT INTO tenants VALUES ('t', '{"id":"t","name":"Shop","language":"nl","zone":"Europe/Amsterdam"}');
INSERT INTO connections VALUES ('t', 'a', '{"tenant":"t","id":"a","system":"afas","title":"AFAS","settings":{"environment":"012345"},"secrets":"c2VhbGVk","prefix":"W-"}');
INSERT INTO connection_states VALUES ('t', 'a', 4, 1, '{"status":"down","until":"2026-03-02T09:00:00Z","failures":5,"revision":3}');
INSERT INTO integrations VALUES ('t', 'i', '{"tenant":"t","id":"i","title":"Till to ERP","a":"a","b":"b"}');
INSERT INTO flows VALUES ('t', 'f', 'orders', 'a', 'b', 3, 1772442000000000000, 'hash', '{"tenant":"t","id":"f","integration":"i","kind":"orders","source":"a","target":"b","status":"active","schedule":{"every":300000000000},"orders":{"onlyPaid":true,"updateCustomers":false},"hook":"hash","version":3}');
INSERT INTO positions VALUES ('t', 'f', 'incremental', '42', 'o', 1772445600000000000, 1);
INSERT INTO rereads VALUES ('t', 'f', 'k', 1772438400000000000, 1772442000000000000, 2);
INSERT INTO scopes VALUES (1, 't', 'flow/f');
INSERT INTO ledger VALUES (1, 'k', 2, 'delivered', 1772442000000000000, 7, 1772442000000000000, 'ff', '0012', 'W-1', 1772442000000000000, 'c', 1);
INSERT INTO runs VALUES ('t', 'f', 'r', 'orders', 'incremental', 'schedule', 1772442000000000000, 1772442060000000000, 2, 15, '{"class":"reject","step":"write order","field":"lines[0].sku","message":"no such article","cause":"product:5001"}', 1780218000000000000, 1, 2, 3, 4, 5);
INSERT INTO chunks VALUES ('t', 'f', 'c', 'r', 1772442000000000000, 1772445600000000000, 1, 2, 3, 4, 5, x'7365616c6564');
INSERT INTO hours VALUES ('t', 'f', 1772442000000000000, 1772445600000000000, 1, 2, 3, 4, 5);
INSERT INTO failures VALUES ('t', 'f', 'k', '0012', 'b', 'open', 'rejected', '{"class":"reject","step":"write order","field":"lines[0].sku","message":"no such article","cause":"product:5001"}', 'product:5001', 7, 1772442000000000000, 1772442000000000000, 1772442000000000000, 'r', 'c', 'mapped', x'7365616c6564');
INSERT INTO incidents VALUES ('t', '1', 'flow/f', '{"class":"reject","step":"write order","field":"lines[0].sku","message":"no such article","cause":"product:5001"}', 1772442000000000000, 1772445600000000000);
INSERT INTO loads VALUES ('t', 'b', 8, 5, 1772442000000000000);
INSERT INTO keysets VALUES ('t', x'77726170706564', x'696e646578', 1772442000000000000, 0)
