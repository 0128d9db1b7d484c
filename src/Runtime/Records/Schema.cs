namespace Sleigh.Runtime.Records;

/// <summary>The database's schema as a list of steps; step n takes a database from version n to n + 1. Steps are never edited, only added.</summary>
internal static class Schema
{
    /// <summary>Times are milliseconds since 1970, durations microseconds; lists and maps are JSON.</summary>
    public static readonly string[] Steps =
    [
        """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

        CREATE TABLE sessions (
            id TEXT PRIMARY KEY, token_hash BLOB UNIQUE, created INTEGER NOT NULL, last_used INTEGER NOT NULL, expires INTEGER
        ) WITHOUT ROWID;

        -- state: making, parked, claimed, ending. A row stands here before the container exists and until it is gone.
        CREATE TABLE slots (
            id TEXT PRIMARY KEY, state TEXT NOT NULL, sandbox TEXT, pid INTEGER NOT NULL, limits TEXT NOT NULL
        ) WITHOUT ROWID;

        -- state: making, live, deleting.
        CREATE TABLE sandboxes (
            id TEXT PRIMARY KEY, state TEXT NOT NULL, session TEXT NOT NULL, layer TEXT NOT NULL, slot TEXT,
            image TEXT NOT NULL, chain TEXT NOT NULL, image_config TEXT NOT NULL, labels TEXT NOT NULL, env TEXT NOT NULL,
            created INTEGER NOT NULL, last_used INTEGER NOT NULL, expires INTEGER, ttl INTEGER,
            memory_mb INTEGER NOT NULL, ceiling_mb INTEGER NOT NULL, auto_expand INTEGER NOT NULL, on_oom TEXT NOT NULL,
            cpus REAL, pids INTEGER NOT NULL, disk_mb INTEGER, network TEXT NOT NULL, runtime TEXT NOT NULL,
            user TEXT, name TEXT, base_snapshot TEXT, parent_sandbox TEXT, parent_snapshot TEXT
        ) WITHOUT ROWID;
        CREATE UNIQUE INDEX sandboxes_name ON sandboxes (session, name) WHERE name IS NOT NULL AND state <> 'deleting';

        -- state: making, sealed, deleting.
        CREATE TABLE snapshots (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, sandbox TEXT NOT NULL,
            session TEXT NOT NULL, created INTEGER NOT NULL, parent TEXT, name TEXT, comment TEXT, bytes INTEGER NOT NULL,
            durable INTEGER NOT NULL, duration INTEGER NOT NULL, pause INTEGER NOT NULL, limits TEXT NOT NULL, labels TEXT NOT NULL
        );
        CREATE INDEX snapshots_sandbox ON snapshots (sandbox, seq);

        CREATE TABLE execs (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, sandbox TEXT NOT NULL, session TEXT NOT NULL,
            slot TEXT NOT NULL, status TEXT NOT NULL, origin TEXT NOT NULL, exit_code INTEGER, error TEXT,
            timed_out INTEGER NOT NULL DEFAULT 0, started INTEGER NOT NULL, completed INTEGER, time_limit INTEGER, kill_at INTEGER, cause TEXT NOT NULL,
            memory_peak INTEGER, cpu INTEGER, wall_ms INTEGER, stall INTEGER, io_read INTEGER, io_write INTEGER,
            stdout_bytes INTEGER NOT NULL DEFAULT 0, stderr_bytes INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX execs_session ON execs (session, seq);
        CREATE INDEX execs_sandbox ON execs (sandbox);
        CREATE INDEX execs_open ON execs (seq) WHERE status IN ('running', 'cancelling');

        CREATE TABLE idempotency (
            session TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL,
            exec TEXT, created INTEGER NOT NULL, PRIMARY KEY (session, key)
        ) WITHOUT ROWID;
        """,

        // input: none, stream, terminal.
        "ALTER TABLE execs ADD COLUMN input TEXT NOT NULL DEFAULT 'none';",

        """
        CREATE TABLE image_uses (name TEXT PRIMARY KEY, used_at INTEGER NOT NULL) WITHOUT ROWID;
        """,

        // Numbers of events are never given twice, also not after the newest has been removed.
        """
        CREATE TABLE events (
            number INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, time INTEGER NOT NULL,
            sandbox TEXT, exec TEXT, data TEXT
        );
        CREATE UNIQUE INDEX events_session ON events (session, seq);

        -- Tokens of these are gone. cleared: 0 as long as something they owned may be left.
        CREATE TABLE ended_sessions (
            id TEXT PRIMARY KEY, reason TEXT NOT NULL, ended INTEGER NOT NULL, cleared INTEGER NOT NULL
        ) WITHOUT ROWID;
        """,

        // rollback_*: what a kill for memory is about to set off, and the status that the command has after it; the row is open until then.
        """
        ALTER TABLE execs ADD COLUMN recovery TEXT;
        ALTER TABLE execs ADD COLUMN oom TEXT;
        ALTER TABLE execs ADD COLUMN rollback_layer TEXT;
        ALTER TABLE execs ADD COLUMN rollback_snapshot TEXT;
        ALTER TABLE execs ADD COLUMN rollback_status TEXT;
        """,

        // Temporary names in trees, from the tree's root on.
        "CREATE TABLE file_writes (sandbox TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (sandbox, path)) WITHOUT ROWID;",

        // command: shortened, for webhooks alone. state: queued, delivered, failed. tries: of all rounds; attempts: of this one. A try without
        // an end was cut off.
        """
        ALTER TABLE execs ADD COLUMN command TEXT;
        CREATE TABLE webhook_subscriptions (
            id TEXT PRIMARY KEY, exec TEXT NOT NULL, session TEXT NOT NULL, url TEXT NOT NULL, created INTEGER NOT NULL, UNIQUE (exec, url)
        ) WITHOUT ROWID;
        CREATE INDEX webhook_subscriptions_session ON webhook_subscriptions (session);

        CREATE TABLE webhook_deliveries (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, session TEXT NOT NULL, sandbox TEXT NOT NULL, exec TEXT NOT NULL,
            url TEXT NOT NULL, body BLOB NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
            next INTEGER, last_status INTEGER, last_error TEXT, created INTEGER NOT NULL, completed INTEGER
        );
        CREATE INDEX webhook_deliveries_session ON webhook_deliveries (session);
        CREATE INDEX webhook_deliveries_queued ON webhook_deliveries (seq) WHERE state = 'queued';
        CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (seq) WHERE state = 'failed';
        CREATE INDEX webhook_deliveries_final ON webhook_deliveries (completed) WHERE state <> 'queued';

        CREATE TABLE webhook_tries (
            delivery TEXT NOT NULL, number INTEGER NOT NULL, attempt INTEGER NOT NULL, started INTEGER NOT NULL, ended INTEGER,
            status INTEGER, error TEXT, PRIMARY KEY (delivery, number)
        ) WITHOUT ROWID;
        CREATE INDEX webhook_tries_open ON webhook_tries (delivery) WHERE ended IS NULL;
        """,

        // What retention looks for.
        """
        CREATE INDEX execs_ended ON execs (completed) WHERE completed IS NOT NULL;
        CREATE INDEX idempotency_created ON idempotency (created);
        """,

        // state: making, live, removing. number: the kernel's of the mount in that slot; slot is NULL where it could not be put in.
        """
        CREATE TABLE mounts (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, sandbox TEXT NOT NULL, host_path TEXT NOT NULL,
            container_path TEXT NOT NULL, mode TEXT NOT NULL, created INTEGER NOT NULL, slot TEXT, number INTEGER NOT NULL
        );
        CREATE INDEX mounts_sandbox ON mounts (sandbox);
        ALTER TABLE snapshots ADD COLUMN mounts TEXT NOT NULL DEFAULT '[]';
        """,

        // auto_snapshot: off, exec. mark: see SandboxRecord. same: nothing had changed since the parent.
        """
        ALTER TABLE sandboxes ADD COLUMN auto_snapshot TEXT NOT NULL DEFAULT 'off';
        ALTER TABLE sandboxes ADD COLUMN mark TEXT;
        ALTER TABLE snapshots ADD COLUMN auto INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE snapshots ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE snapshots ADD COLUMN same INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE execs ADD COLUMN snapshot_before TEXT;
        """,

        "ALTER TABLE execs ADD COLUMN disk TEXT;",

        "ALTER TABLE sandboxes ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;",
        // tcp: the port of the host's loopback that leads to it; NULL: none. key: signs its links.
        """
        CREATE TABLE ports (
            sandbox TEXT NOT NULL, port INTEGER NOT NULL, tcp INTEGER, key TEXT NOT NULL, PRIMARY KEY (sandbox, port)
        ) WITHOUT ROWID;
        """,

        // The names alone: values are recorded nowhere.
        "ALTER TABLE sandboxes ADD COLUMN secret_names TEXT NOT NULL DEFAULT '[]';",

        // network: the namespace that the slot's container runs in; NULL: one that the container runtime made. egress: the sandbox's own policy.
        """
        ALTER TABLE slots ADD COLUMN network TEXT;
        ALTER TABLE sandboxes ADD COLUMN egress TEXT;
        """,

        // What a slot's container was made as; see SlotSpecMark.
        "ALTER TABLE slots ADD COLUMN mark TEXT;",

        // mode: none, bridge, host. Of those that are there, those with a namespace of the network were made for it, and all others have loopback alone.
        """
        ALTER TABLE slots ADD COLUMN mode TEXT NOT NULL DEFAULT 'none';
        UPDATE slots SET mode = 'bridge' WHERE network IS NOT NULL;
        """,
    ];
}
