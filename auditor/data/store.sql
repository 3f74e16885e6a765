CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);

CREATE TABLE run (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	started_at TEXT NOT NULL, 
	finished_at TEXT, 
	version TEXT NOT NULL, 
	settings_hash TEXT NOT NULL, 
	scope TEXT, 
	outcome TEXT, 
	exit_code INTEGER
);

CREATE TABLE reading (
	run INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	connector TEXT NOT NULL, 
	state TEXT NOT NULL, 
	capabilities TEXT NOT NULL, 
	started_at TEXT NOT NULL, 
	finished_at TEXT NOT NULL, 
	records INTEGER NOT NULL, 
	calls INTEGER NOT NULL, 
	counts TEXT NOT NULL, 
	dropped TEXT NOT NULL, 
	notes TEXT NOT NULL, 
	problem TEXT, 
	advice TEXT, 
	PRIMARY KEY (run, source), 
	FOREIGN KEY(run) REFERENCES run (id)
);

CREATE TABLE rule_outcome (
	run INTEGER NOT NULL, 
	rule TEXT NOT NULL, 
	state TEXT NOT NULL, 
	findings INTEGER NOT NULL, 
	reason TEXT, 
	PRIMARY KEY (run, rule), 
	FOREIGN KEY(run) REFERENCES run (id)
);

CREATE TABLE open_count (
	run INTEGER NOT NULL, 
	item TEXT NOT NULL, 
	findings INTEGER NOT NULL, 
	PRIMARY KEY (run, item), 
	FOREIGN KEY(run) REFERENCES run (id)
);

CREATE TABLE finding (
	"key" TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	sources TEXT NOT NULL, 
	schools TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	content TEXT NOT NULL, 
	state TEXT NOT NULL, 
	verdict TEXT, 
	last_change TEXT NOT NULL, 
	changed_run INTEGER NOT NULL, 
	first_run INTEGER NOT NULL, 
	seen_run INTEGER, 
	until TEXT, 
	statement TEXT, 
	PRIMARY KEY ("key"), 
	FOREIGN KEY(changed_run) REFERENCES run (id), 
	FOREIGN KEY(first_run) REFERENCES run (id), 
	FOREIGN KEY(seen_run) REFERENCES run (id)
)
 WITHOUT ROWID;

CREATE TABLE finding_detail (
	finding TEXT NOT NULL, 
	grade TEXT NOT NULL, 
	summary TEXT NOT NULL, 
	platform TEXT, 
	url TEXT, 
	affiliation TEXT, 
	facts TEXT NOT NULL, 
	PRIMARY KEY (finding), 
	FOREIGN KEY(finding) REFERENCES finding ("key") ON DELETE CASCADE
)
 WITHOUT ROWID;

CREATE TABLE finding_event (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	finding TEXT NOT NULL, 
	at TEXT NOT NULL, 
	run INTEGER, 
	"by" TEXT, 
	verb TEXT NOT NULL, 
	"before" TEXT, 
	"after" TEXT NOT NULL, 
	note TEXT NOT NULL
);

CREATE INDEX finding_event_finding ON finding_event (finding);

CREATE TABLE registry_event (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	verb TEXT NOT NULL, 
	platform TEXT NOT NULL, 
	account TEXT NOT NULL, 
	why TEXT NOT NULL, 
	facts TEXT NOT NULL
);

CREATE TABLE decision_event (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	verb TEXT NOT NULL, 
	exemption TEXT NOT NULL, 
	why TEXT NOT NULL, 
	facts TEXT NOT NULL
);

CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	week TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	recipient TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_try TEXT, 
	last_reply TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (week, scope, recipient)
);

CREATE TRIGGER finding_event_no_UPDATE BEFORE UPDATE ON finding_event
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'disposing')
BEGIN SELECT RAISE(ABORT, 'finding_event is append-only'); END;

CREATE TRIGGER finding_event_no_DELETE BEFORE DELETE ON finding_event
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'disposing')
BEGIN SELECT RAISE(ABORT, 'finding_event is append-only'); END;

CREATE TRIGGER registry_event_no_UPDATE BEFORE UPDATE ON registry_event
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'disposing')
BEGIN SELECT RAISE(ABORT, 'registry_event is append-only'); END;

CREATE TRIGGER registry_event_no_DELETE BEFORE DELETE ON registry_event
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'disposing')
BEGIN SELECT RAISE(ABORT, 'registry_event is append-only'); END;

CREATE TRIGGER decision_event_no_UPDATE BEFORE UPDATE ON decision_event
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'disposing')
BEGIN SELECT RAISE(ABORT, 'decision_event is append-only'); END;

CREATE TRIGGER decision_event_no_DELETE BEFORE DELETE ON decision_event
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'disposing')
BEGIN SELECT RAISE(ABORT, 'decision_event is append-only'); END;

CREATE TABLE bookmark (
	source TEXT NOT NULL, 
	connector TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	written_at TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	body BLOB NOT NULL, 
	PRIMARY KEY (source)
);

CREATE TABLE account_sight (
	platform TEXT NOT NULL, 
	account TEXT NOT NULL, 
	source TEXT NOT NULL, 
	accepted TEXT, 
	seen TEXT, 
	seen_at TEXT, 
	approved_at TEXT, 
	misses INTEGER NOT NULL, 
	missed_on TEXT, 
	PRIMARY KEY (platform, account, source)
)
 WITHOUT ROWID;

INSERT INTO alembic_version VALUES ('0003');

