-- The tables of a store of version 1, as written then (tools/lockval/store/schema.c), and one run of it without its part's content.
CREATE TABLE part (id INTEGER PRIMARY KEY, program TEXT NOT NULL, test TEXT NOT NULL, commit_id TEXT NOT NULL,
  merged TEXT NOT NULL, size INTEGER NOT NULL DEFAULT 0, content BLOB, UNIQUE (program, test, commit_id, merged));
CREATE TABLE run (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, part INTEGER NOT NULL REFERENCES part,
  process TEXT NOT NULL, program TEXT NOT NULL, path TEXT NOT NULL, argv TEXT NOT NULL, test TEXT NOT NULL,
  commit_id TEXT NOT NULL, host TEXT NOT NULL, start_ms INTEGER NOT NULL, forked INTEGER NOT NULL,
  ended INTEGER NOT NULL, status INTEGER, findings INTEGER NOT NULL, runs INTEGER NOT NULL, digest TEXT NOT NULL);
CREATE INDEX run_part ON run (part);
CREATE INDEX run_start ON run (start_ms);
CREATE TABLE class (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, key TEXT NOT NULL, name TEXT NOT NULL,
  kind TEXT NOT NULL, function TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,
  first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL);
CREATE TABLE class_run (class INTEGER NOT NULL REFERENCES class, run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  runs INTEGER NOT NULL, PRIMARY KEY (class, run)) WITHOUT ROWID;
CREATE INDEX class_run_run ON class_run (run);
CREATE TABLE edge (id INTEGER PRIMARY KEY, from_class INTEGER NOT NULL REFERENCES class,
  to_class INTEGER NOT NULL REFERENCES class, modes INTEGER NOT NULL, first_ms INTEGER NOT NULL,
  first_commit TEXT NOT NULL, last_ms INTEGER NOT NULL, last_commit TEXT NOT NULL, last_part INTEGER NOT NULL,
  forgotten INTEGER NOT NULL DEFAULT 0, UNIQUE (from_class, to_class));
CREATE INDEX edge_to ON edge (to_class);
CREATE TABLE edge_run (edge INTEGER NOT NULL REFERENCES edge, run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  runs INTEGER NOT NULL, acquisitions INTEGER NOT NULL, chains INTEGER NOT NULL, PRIMARY KEY (edge, run)) WITHOUT ROWID;
CREATE INDEX edge_run_run ON edge_run (run);
PRAGMA application_id = 1280005708;
PRAGMA user_version = 1;
INSERT INTO part (id, program, test, commit_id, merged) VALUES (1, 'prog', 't1', 'c1', '');
