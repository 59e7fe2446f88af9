-- A store as the first version made it.
CREATE TABLE sprag_store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL, store TEXT NOT NULL, epoch INTEGER NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TABLE sprag_entry (
    epoch INTEGER PRIMARY KEY,
    app TEXT NOT NULL, site TEXT NOT NULL, entry TEXT NOT NULL, hash BLOB NOT NULL
) STRICT;
INSERT INTO sprag_entry VALUES (1, 'com.acme.timesheets', 'acme',
    '{"app":"com.acme.timesheets","epoch":1,"facts":{"clock":100,"installed":100,"version":1},"previous":"e0ed122392bc50e85eb922cf24bac7b760746728d82c433d2b9bb34bb5290c74","records":[{"after":"start","before":"","on":"com.acme.timesheets","what":"installed","when":100,"who":"ann","why":"it was bought"}],"site":"acme"}',
    x'2a32f39a71bdb13df0962555af0487adf639d3379fc35b37a7e726db3d2fd257');
INSERT INTO sprag_entry VALUES (2, 'com.acme.timesheets', 'acme',
    '{"app":"com.acme.timesheets","epoch":2,"facts":{"clock":200,"installed":100,"version":1},"previous":"2a32f39a71bdb13df0962555af0487adf639d3379fc35b37a7e726db3d2fd257","records":[],"site":"acme"}',
    x'16b902723970560c22f6a6ded9d7a63210ff38abf8b0c2ed11fe9fea360f2098');
INSERT INTO sprag_store VALUES (1, 1, '000102030405060708090a0b0c0d0e0f', 2,
    x'16b902723970560c22f6a6ded9d7a63210ff38abf8b0c2ed11fe9fea360f2098');
PRAGMA application_id = 1397772871;
