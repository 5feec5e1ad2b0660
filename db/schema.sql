-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The schema of a run (docs/database.md). Integers of 64 bits are stored as SQLite's signed ones:
-- an address of the upper half is negative, printf('0x%x', rip) shows it as one knows it.
-- application_id and user_version are set by db/create.c (DB_APPLICATION_ID, DB_SCHEMA_VERSION).

CREATE TABLE run (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  title       TEXT,
  version     TEXT,
  options     TEXT,
  token       TEXT,
  seed        INTEGER NOT NULL,
  finished    INTEGER NOT NULL DEFAULT 0,
  exit_reason TEXT,
  exit_code   INTEGER,
  stream_hash TEXT CHECK (length(stream_hash) = 32),
  events      INTEGER
);
CREATE TABLE run_input (
  id     INTEGER PRIMARY KEY,
  role   TEXT NOT NULL,
  path   TEXT NOT NULL,
  bytes  INTEGER NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
);
CREATE TABLE run_secret (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL,
  readers INTEGER NOT NULL
);

CREATE TABLE event_kind (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO event_kind VALUES
  (1, 'run_start'), (2, 'launch_page'), (3, 'rmp'), (4, 'npt'), (5, 'pte'), (6, 'fault'),
  (7, 'vmgexit'), (8, 'world'), (9, 'vmsa'), (10, 'inject'), (11, 'psp'), (12, 'shared_write'),
  (13, 'store'), (14, 'scrub'), (15, 'secret'), (16, 'console'), (17, 'sched'), (18, 'hv_access'),
  (19, 'run_end'), (20, 'move'), (21, 'refetch'), (22, 'stale'), (23, 'fetch'), (24, 'alias'),
  (25, 'page_table');
CREATE TABLE actor (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO actor VALUES
  (0, 'E0'), (1, 'E1'), (2, 'E2'), (3, 'E3'), (4, 'HV'), (5, 'PSP'), (6, 'RUN');
CREATE TABLE rmp_insn (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO rmp_insn VALUES
  (1, 'PVALIDATE'), (2, 'RMPADJUST'), (3, 'RMPQUERY'), (4, 'RMPUPDATE'), (5, 'PSMASH'),
  (6, 'RMPREAD'), (7, 'FIRMWARE'), (8, 'STORE');
CREATE TABLE rmp_outcome (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO rmp_outcome VALUES
  (0, 'done'), (1, '#UD'), (2, '#GP'), (3, '#PF'), (4, '#VC'), (5, 'NPF');
CREATE TABLE fault_class (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO fault_class VALUES
  (1, 'exception'), (2, 'NPF'), (3, 'VMEXIT_INVALID'), (4, 'shutdown'), (5, 'limit');
CREATE TABLE vmsa_action (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO vmsa_action VALUES (1, 'launched'), (2, 'create'), (3, 'destroy'), (4, 'on-init');
CREATE TABLE secret_where (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO secret_where VALUES
  (1, 'granted page'), (2, 'shared page'), (3, 'GHCB'), (4, 'MSR'), (5, 'registers');

CREATE TABLE symbol (
  id      INTEGER PRIMARY KEY,
  vmpl    INTEGER,
  address INTEGER NOT NULL,
  name    TEXT NOT NULL,
  low     INTEGER NOT NULL,
  high    INTEGER NOT NULL,
  file    TEXT,
  line    INTEGER
);

CREATE TABLE event (
  seq    INTEGER PRIMARY KEY,
  time   INTEGER NOT NULL,
  kind   INTEGER NOT NULL REFERENCES event_kind (id),
  vcpu   INTEGER,
  vmpl   INTEGER,
  actor  INTEGER NOT NULL REFERENCES actor (id),
  rip    INTEGER NOT NULL,
  symbol INTEGER REFERENCES symbol (id)
);

CREATE TABLE run_start (
  seq          INTEGER PRIMARY KEY REFERENCES event (seq),
  seed         INTEGER NOT NULL,
  memory_bytes INTEGER NOT NULL,
  cpus         INTEGER NOT NULL,
  reason       INTEGER NOT NULL,
  detail       INTEGER NOT NULL,
  inputs_hash  BLOB NOT NULL
);
CREATE TABLE launch_page (
  seq       INTEGER PRIMARY KEY REFERENCES event (seq),
  spa       INTEGER NOT NULL,
  gpa       INTEGER NOT NULL,
  page_type INTEGER NOT NULL,
  owner     INTEGER NOT NULL,
  perm0     INTEGER NOT NULL,
  perm1     INTEGER NOT NULL,
  perm2     INTEGER NOT NULL,
  perm3     INTEGER NOT NULL,
  size      INTEGER NOT NULL,
  digest    BLOB NOT NULL
);
CREATE TABLE rmp (
  seq            INTEGER PRIMARY KEY REFERENCES event (seq),
  spa            INTEGER NOT NULL,
  gpa            INTEGER NOT NULL,
  gva            INTEGER NOT NULL,
  before_lo      INTEGER NOT NULL,
  before_hi      INTEGER NOT NULL,
  after_lo       INTEGER NOT NULL,
  after_hi       INTEGER NOT NULL,
  rc             INTEGER NOT NULL,
  insn           INTEGER NOT NULL,
  cf             INTEGER NOT NULL,
  size           INTEGER NOT NULL,
  outcome        INTEGER NOT NULL,
  target_vmpl    INTEGER,
  operand        INTEGER NOT NULL,
  tracked        INTEGER NOT NULL,
  scrubbed_bytes INTEGER NOT NULL,
  bytes_monitor  INTEGER NOT NULL,
  bytes_secret   INTEGER NOT NULL,
  vmsa_hash      INTEGER NOT NULL
);
CREATE TABLE npt (
  seq         INTEGER PRIMARY KEY REFERENCES event (seq),
  gpa         INTEGER NOT NULL,
  spa         INTEGER NOT NULL,
  old_spa     INTEGER NOT NULL,
  size        INTEGER NOT NULL,
  flags       INTEGER NOT NULL,
  old_flags   INTEGER NOT NULL,
  old_present INTEGER NOT NULL,
  present     INTEGER NOT NULL
);
CREATE TABLE pte (
  seq       INTEGER PRIMARY KEY REFERENCES event (seq),
  gva       INTEGER NOT NULL,
  old_pte   INTEGER NOT NULL,
  new_pte   INTEGER NOT NULL,
  table_gpa INTEGER NOT NULL
);
CREATE TABLE fault (
  seq     INTEGER PRIMARY KEY REFERENCES event (seq),
  address INTEGER NOT NULL,
  error   INTEGER NOT NULL,
  gpa     INTEGER NOT NULL,
  spa     INTEGER NOT NULL,
  class   INTEGER NOT NULL,
  vector  INTEGER NOT NULL,
  source  INTEGER NOT NULL,
  cpl     INTEGER NOT NULL
);
CREATE TABLE vmgexit (
  seq      INTEGER PRIMARY KEY REFERENCES event (seq),
  code     INTEGER NOT NULL,
  info1    INTEGER NOT NULL,
  info2    INTEGER NOT NULL,
  rax      INTEGER NOT NULL,
  rcx      INTEGER NOT NULL,
  ghcb     INTEGER NOT NULL,
  answer1  INTEGER NOT NULL,
  answer2  INTEGER NOT NULL,
  protocol INTEGER NOT NULL,
  phase    INTEGER NOT NULL
);
CREATE TABLE world (
  seq       INTEGER PRIMARY KEY REFERENCES event (seq),
  vmsa_spa  INTEGER NOT NULL,
  exit_code INTEGER NOT NULL,
  exitinfo1 INTEGER NOT NULL,
  exitinfo2 INTEGER NOT NULL,
  insns     INTEGER NOT NULL,
  apic_id   INTEGER NOT NULL,
  phase     INTEGER NOT NULL,
  result    INTEGER NOT NULL,
  doorbell  INTEGER NOT NULL,
  doorbell_spa INTEGER NOT NULL,
  vmsa_hash INTEGER NOT NULL
);
CREATE TABLE vmsa (
  seq          INTEGER PRIMARY KEY REFERENCES event (seq),
  spa          INTEGER NOT NULL,
  gpa          INTEGER NOT NULL,
  sev_features INTEGER NOT NULL,
  apic_id      INTEGER NOT NULL,
  action       INTEGER NOT NULL,
  vmsa_vmpl    INTEGER NOT NULL,
  result       INTEGER NOT NULL
);
CREATE TABLE inject (
  seq      INTEGER PRIMARY KEY REFERENCES event (seq),
  eventinj INTEGER NOT NULL,
  sev_features INTEGER NOT NULL,
  result   INTEGER NOT NULL
);
CREATE TABLE psp (
  seq            INTEGER PRIMARY KEY REFERENCES event (seq),
  command        INTEGER NOT NULL,
  status         INTEGER NOT NULL,
  seqno          INTEGER NOT NULL,
  msg_type       INTEGER NOT NULL,
  vmpck          INTEGER NOT NULL,
  hv_action      INTEGER NOT NULL,
  phase          INTEGER NOT NULL,
  request_hash   BLOB NOT NULL,
  response_hash  BLOB NOT NULL,
  plaintext_hash BLOB NOT NULL
);
CREATE TABLE shared_write (
  seq    INTEGER PRIMARY KEY REFERENCES event (seq),
  spa    INTEGER NOT NULL,
  gpa    INTEGER NOT NULL,
  gva    INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL
);
CREATE TABLE store (
  seq    INTEGER PRIMARY KEY REFERENCES event (seq),
  spa    INTEGER NOT NULL,
  gpa    INTEGER NOT NULL,
  gva    INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL
);
CREATE TABLE scrub (
  seq    INTEGER PRIMARY KEY REFERENCES event (seq),
  spa    INTEGER NOT NULL,
  gpa    INTEGER NOT NULL,
  gva    INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL
);
CREATE TABLE secret (
  seq       INTEGER PRIMARY KEY REFERENCES event (seq),
  spa       INTEGER NOT NULL,
  gpa       INTEGER NOT NULL,
  offset    INTEGER NOT NULL,
  secret_id INTEGER NOT NULL,
  location  INTEGER NOT NULL,
  entity    INTEGER NOT NULL,
  allowed   INTEGER NOT NULL,
  name      TEXT NOT NULL
);
CREATE TABLE console (
  seq    INTEGER PRIMARY KEY REFERENCES event (seq),
  length INTEGER NOT NULL,
  port   INTEGER NOT NULL,
  input  INTEGER NOT NULL,
  text   BLOB NOT NULL
);
CREATE TABLE sched (
  seq          INTEGER PRIMARY KEY REFERENCES event (seq),
  options      INTEGER NOT NULL,
  choice       INTEGER NOT NULL,
  reason       INTEGER NOT NULL,
  budget_insns INTEGER NOT NULL
);
CREATE TABLE hv_access (
  seq     INTEGER PRIMARY KEY REFERENCES event (seq),
  spa     INTEGER NOT NULL,
  length  INTEGER NOT NULL,
  write   INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  plain   INTEGER NOT NULL,
  bug     INTEGER NOT NULL,
  hash    BLOB NOT NULL
);
CREATE TABLE run_end (
  seq          INTEGER PRIMARY KEY REFERENCES event (seq),
  seed         INTEGER NOT NULL,
  memory_bytes INTEGER NOT NULL,
  cpus         INTEGER NOT NULL,
  reason       INTEGER NOT NULL,
  detail       INTEGER NOT NULL,
  inputs_hash  BLOB NOT NULL
);
CREATE TABLE move (
  seq     INTEGER PRIMARY KEY REFERENCES event (seq),
  gpa     INTEGER NOT NULL,
  spa     INTEGER NOT NULL,
  old_spa INTEGER NOT NULL,
  gva     INTEGER NOT NULL
);
CREATE TABLE refetch (
  seq    INTEGER PRIMARY KEY REFERENCES event (seq),
  spa    INTEGER NOT NULL,
  gpa    INTEGER NOT NULL,
  gva    INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL,
  writer INTEGER NOT NULL
);
CREATE TABLE stale (
  seq    INTEGER PRIMARY KEY REFERENCES event (seq),
  spa    INTEGER NOT NULL,
  gpa    INTEGER NOT NULL,
  gva    INTEGER NOT NULL,
  access INTEGER NOT NULL,
  had    INTEGER NOT NULL,
  has    INTEGER NOT NULL
);
CREATE TABLE fetch (
  seq              INTEGER PRIMARY KEY REFERENCES event (seq),
  spa              INTEGER NOT NULL,
  gpa              INTEGER NOT NULL,
  gva              INTEGER NOT NULL,
  bytes_trusted    INTEGER NOT NULL,
  bytes_guest      INTEGER NOT NULL,
  bytes_hypervisor INTEGER NOT NULL
);
CREATE TABLE alias (
  seq       INTEGER PRIMARY KEY REFERENCES event (seq),
  spa       INTEGER NOT NULL,
  gpa       INTEGER NOT NULL,
  gva       INTEGER NOT NULL,
  other_gva INTEGER NOT NULL,
  c         INTEGER NOT NULL,
  other_c   INTEGER NOT NULL,
  what      INTEGER NOT NULL
);
CREATE TABLE page_table (
  seq   INTEGER PRIMARY KEY REFERENCES event (seq),
  spa   INTEGER NOT NULL,
  gpa   INTEGER NOT NULL,
  level INTEGER NOT NULL
);

-- Derived while the machine ran; not part of the stream.
CREATE TABLE rule (
  id      INTEGER PRIMARY KEY,
  seq     INTEGER REFERENCES event (seq),
  rule_id INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  name    TEXT NOT NULL,
  spa     INTEGER NOT NULL,
  gpa     INTEGER NOT NULL
);
CREATE TABLE verdict (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL,
  kind    TEXT NOT NULL,
  holds   INTEGER NOT NULL,
  seq     INTEGER REFERENCES event (seq),
  rule_id INTEGER NOT NULL,
  spa     INTEGER NOT NULL,
  gpa     INTEGER NOT NULL
);
