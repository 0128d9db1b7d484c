using Microsoft.Extensions.Logging;
using Sleigh.Api.Metrics;
using Sleigh.Api.Streams;
using Sleigh.Runtime;
using Sleigh.Runtime.Auditing;
using Sleigh.Runtime.CodeWriting;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;

namespace Sleigh.Api;

/// <summary>What the HTTP layer stands on. The daemon makes one and hands it to <see cref="SleighApi.Map"/>.</summary>
public sealed record ApiDependencies
{
    /// <summary>With meters of its own, whose scope is <see cref="Requests"/>' owner.</summary>
    public ApiDependencies()
    {
        object owner = new();
        (Requests, Meters) = (new RequestMeters(owner), new MeterTotals(owner));
    }

    /// <summary>Tokens.</summary>
    public required ISessions Sessions { get; init; }

    /// <summary>Sandboxes and snapshots.</summary>
    public required ISandboxes Sandboxes { get; init; }

    /// <summary>Commands.</summary>
    public required IExecs Execs { get; init; }

    /// <summary>Files in and out of sandboxes.</summary>
    public required ISandboxFiles Files { get; init; }

    /// <summary>Changes of files with checks and builds.</summary>
    public required ICodeWriter CodeWriter { get; init; }

    /// <summary>Directories of the host in sandboxes.</summary>
    public required IMounts Mounts { get; init; }

    /// <summary>Servers inside sandboxes.</summary>
    public required IPorts Ports { get; init; }

    /// <summary>Directories of the host that are copied into sandboxes.</summary>
    public required IEnvironments Environments { get; init; }

    /// <summary>The directories of the host that agents may use.</summary>
    public required IZones Zones { get; init; }

    /// <summary>What has changed since a snapshot.</summary>
    public required ISnapshotDiffs Diffs { get; init; }

    /// <summary>Snapshots for other tools and hosts.</summary>
    public required ISnapshotExports Exports { get; init; }

    /// <summary>What has happened.</summary>
    public required IEvents Events { get; init; }

    /// <summary>Images, for the administrator.</summary>
    public required IImages Images { get; init; }

    /// <summary>Memory of sandboxes and the host's ledger.</summary>
    public required IMemory Memory { get; init; }

    /// <summary>What only the administrator sees of sandboxes.</summary>
    public required IInspection Inspection { get; init; }

    /// <summary>Whether records, layers and mounts agree.</summary>
    public required IFsck Fsck { get; init; }

    /// <summary>The layer store, for the administrator.</summary>
    public required IStorage Storage { get; init; }

    /// <summary>The configuration, for the administrator.</summary>
    public required IConfiguration Configuration { get; init; }

    /// <summary>The host and the daemon's own state.</summary>
    public required IHost Host { get; init; }

    /// <summary>The pool of parked containers.</summary>
    public required IWarmPool Pool { get; init; }

    /// <summary>Telling others of the end of commands.</summary>
    public required IWebhooks Webhooks { get; init; }

    /// <summary>What is removed because its time is over.</summary>
    public required IMaintenance Maintenance { get; init; }

    /// <summary>Who changed what.</summary>
    public required IAudit Audit { get; init; }

    /// <summary>Signs cursors where <c>cursor.secret</c> is not set.</summary>
    public required string CursorSecret { get; init; }

    /// <summary>Replies kept for retried calls.</summary>
    public required IIdempotency Idempotency { get; init; }

    /// <summary>The settings in force, checked whole.</summary>
    public required LiveOptions Options { get; init; }

    /// <summary>Shown by <c>/healthz</c>.</summary>
    public required string Version { get; init; }

    /// <summary>The TCP port that the API is served on, for links that are asked for over the unix socket.</summary>
    public int ListenPort { get; init; } = 10_122;

    /// <summary>Where the access log and the causes of failures go.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The clock of <c>/healthz</c> and of the time limit of request bodies.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The streams that sessions hold open.</summary>
    internal StreamQuota Streams { get; } = new();

    /// <summary>Counts requests.</summary>
    internal RequestMeters Requests { get; }

    /// <summary>What the meters have counted since this was made.</summary>
    internal MeterTotals Meters { get; }
}
