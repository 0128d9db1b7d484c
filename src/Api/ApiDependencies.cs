using Microsoft.Extensions.Logging;
using Sleigh.Api.Streams;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Api;

/// <summary>What the HTTP layer stands on. The daemon makes one and hands it to <see cref="SleighApi.Map"/>.</summary>
public sealed record ApiDependencies
{
    /// <summary>Tokens.</summary>
    public required ISessions Sessions { get; init; }

    /// <summary>Sandboxes and snapshots.</summary>
    public required ISandboxes Sandboxes { get; init; }

    /// <summary>Commands.</summary>
    public required IExecs Execs { get; init; }

    /// <summary>Files in and out of sandboxes.</summary>
    public required ISandboxFiles Files { get; init; }

    /// <summary>What has happened.</summary>
    public required IEvents Events { get; init; }

    /// <summary>Images, for the administrator.</summary>
    public required IImages Images { get; init; }

    /// <summary>What only the administrator sees of sandboxes.</summary>
    public required IInspection Inspection { get; init; }

    /// <summary>The configuration, for the administrator.</summary>
    public required IConfiguration Configuration { get; init; }

    /// <summary>The host and the daemon's own state.</summary>
    public required IHost Host { get; init; }

    /// <summary>The pool of parked containers.</summary>
    public required IWarmPool Pool { get; init; }

    /// <summary>Replies kept for retried calls.</summary>
    public required IIdempotency Idempotency { get; init; }

    /// <summary>The settings in force, checked whole.</summary>
    public required LiveOptions Options { get; init; }

    /// <summary>Shown by <c>/healthz</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Where the access log and the causes of failures go.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The clock of <c>/healthz</c> and of the time limit of request bodies.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The streams that sessions hold open.</summary>
    internal StreamQuota Streams { get; } = new();
}
