using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Cgroups;
using Sleigh.Runtime.Init;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IExecs"/>
internal sealed partial class Execs : IExecs, IDisposable
{
    private readonly SandboxTable _sandboxes;
    private readonly SandboxStarter _starter;
    private readonly Traffic _traffic;
    private readonly Background _background;
    private readonly RecordStore _records;
    private readonly Spool _spool;
    private readonly LiveOptions _options;
    private readonly ulong _capabilities;
    private readonly ulong _capabilitiesInHostNetwork;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<ExecId, RunningExec> _running = new();
    private readonly CancellationTokenSource _stopping = new();
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    public Execs(
        SandboxTable sandboxes, SandboxStarter starter, RecordStore records, Spool spool, LiveOptions options, Traffic traffic,
        Background background, TimeProvider time, ILogger logger)
    {
        (_sandboxes, _starter, _traffic, _background, _records, _spool, _options, _time, _logger) =
            (sandboxes, starter, traffic, background, records, spool, options, time, logger);
        _capabilities = Capabilities.Mask(options.Now.Sandbox.Capabilities);
        _capabilitiesInHostNetwork = Capabilities.Mask(Capabilities.In(NetworkMode.Host, options.Now.Sandbox.Capabilities));
        starter.Started = Follow;
        // Taken once: the source itself is disposed of at the very end.
        Stopping = _stopping.Token;
    }

    /// <summary>The capabilities that commands of root are given in a slot: bit n is number n.</summary>
    public ulong GivenCapabilities(Slot slot) => slot.Mode == NetworkMode.Host ? _capabilitiesInHostNetwork : _capabilities;

    /// <summary>Told of each command before it starts, but for those that only read; set once, before anything starts.</summary>
    public Func<SandboxEntry, CancellationToken, Task<StateBefore?>> BeforeCommand { get; set; } = (_, _) => Task.FromResult<StateBefore?>(null);

    /// <summary>Told that a command is about to begin, after it was counted; set once, before anything starts. Must not wait.</summary>
    public Action Beginning { get; set; } = () => { };

    /// <summary>Whether daemon shutdown has begun; nothing new is started then.</summary>
    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>Ends with the start of shutdown.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Refuses new commands and ends waiting; commands that run go on.</summary>
    public void BeginStop() => _stopping.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    /// <inheritdoc/>
    public async Task<Exec> StartAsync(SandboxId sandbox, ExecSpec spec, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _sandboxes.Require(sandbox);
        CheckSecrets(entry, spec);
        CheckQuota(entry);
        bool running = false;
        try
        {
            if (spec.Origin != ExecOrigin.OpsRead)
            {
                await RequireRoom(entry, cancellationToken);
            }

            using Traffic.Pass pass = _traffic.Enter();
            return await StartAsync(entry, spec, () => running = true, cancellationToken);
        }
        finally
        {
            if (!running)
            {
                entry.RemoveCommand();
            }
        }
    }

    // From the call of counted on the command is counted out by its end.
    private async Task<Exec> StartAsync(SandboxEntry entry, ExecSpec spec, Action counted, CancellationToken cancellationToken)
    {
        SandboxId sandbox = entry.Id;
        ExecSpan? trace = ExecSpan.Begin();
        using StateBefore? before = spec.Origin == ExecOrigin.OpsRead ? null : await BeforeCommand(entry, cancellationToken);
        Slot slot = await _starter.EnsureRunningAsync(entry, cancellationToken);
        Beginning();
        Touch(entry);

        SandboxRecord record = entry.Record;
        SpareOutput? spare = _spool.Spares.Take();
        ExecRow row = new(
            new Exec
            {
                Id = spare?.Id ?? ExecId.New(), Sandbox = sandbox, Session = record.Sandbox.Session, Status = ExecStatus.Running,
                Started = _time.GetUtcNow(), Origin = spec.Origin, Input = spec.Input,
                SnapshotBefore = before?.Snapshot,
            },
            slot.Id, spec.Timeout ?? _options.Now.Exec.DefaultTimeout, null, ExecEndCause.Itself);
        Record(row, spec, spare);
        SpoolFiles? files = spare?.Files;
        try
        {
            files ??= _spool.Create(row.Exec.Id);
            if (spec.Input != LiveInput.None)
            {
                files = _spool.AddInput(files, row.Exec.Id);
            }
        }
        catch (IOException e)
        {
            files?.Record.Dispose();
            files?.Dispose();
            _records.FinishExec(row.Exec with
            {
                Status = ExecStatus.Failed, Error = ExecEnd.NotStarted("its output files could not be made").Error, Completed = _time.GetUtcNow(),
            });
            if (spec.StartKey is StartKey key)
            {
                _records.ForgetReply(row.Exec.Session, key.Key);
            }

            throw Failures.Translate(e, ErrorKind.DiskFull, "the command's output files could not be made; the data disk may be full");
        }

        RunningExec running = new(row, entry, slot, files.Record, TryMakeLeaf(slot, row.Exec.Id))
        {
            IsStarting = true, Input = InputOf(row.Exec.Id, spec.Input), Trace = trace, CountsAtStart = slot.ReadLimitCounts(withPeak: false),
        };
        _running[running.Id] = running;
        counted();
        using (files)
        {
            // Whoever ends the slot sets the cause first and looks for its commands then: one of the two sees the other.
            if (slot.Ending is ExecEndCause cause)
            {
                Finish(running, ExecEnd.Decide(cause, null, null), null);
            }
            else if (running.Leaf is null)
            {
                Finish(running, ExecEnd.NotStarted("no cgroup could be made for it"), null);
            }
            else
            {
                await StartAsync(running, record, slot, spec, files);
            }
        }

        return running.View;
    }

    /// <inheritdoc/>
    public async Task<ExecResult> WaitAsync(ExecId id, TimeSpan atMost, CancellationToken cancellationToken)
    {
        if (_running.TryGetValue(id, out RunningExec? running))
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
            await ((Task)running.Final.WaitAsync(atMost, _time, either.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return Read(id);
    }

    /// <inheritdoc/>
    public Exec? Find(ExecId id) => _running.TryGetValue(id, out RunningExec? running) ? running.View : _records.FindExec(id)?.Exec;

    /// <inheritdoc/>
    public ExecResult Read(ExecId id) => WithOutput(Find(id) ?? throw RuntimeException.NoExec(id));

    /// <inheritdoc/>
    public ExecResult WithOutput(Exec exec) => new(exec, Tail(exec, ExecStream.Stdout), Tail(exec, ExecStream.Stderr));

    /// <inheritdoc/>
    public ExecResult Cancel(ExecId id)
    {
        if (_running.TryGetValue(id, out RunningExec? running))
        {
            Exec before = running.View;
            if (!HasEnded(running) && End(running, ExecEndCause.Cancel))
            {
                before = before with { Status = ExecStatus.Cancelling };
            }

            return WithOutput(before);
        }

        return Read(id);
    }

    /// <inheritdoc/>
    public OutputPiece ReadOutput(ExecId id, ExecStream stream, long offset, int limit)
    {
        Exec exec = Find(id) ?? throw RuntimeException.NoExec(id);
        long total = Total(exec, stream);
        return _spool.Read(id, stream, offset, limit, total) is ReadOnlyMemory<byte> data
            ? new OutputPiece(offset, data, total, _spool.Stored(id, total), exec.IsFinal)
            : throw new RuntimeException(ErrorKind.NotFound, $"resource not found: output of exec {id}");
    }

    /// <inheritdoc/>
    public IReadOnlyList<Exec> List(SessionId? session, SandboxId? sandbox, int limit, ExecMark? before) =>
    [
        .. _records.ListExecs(session, sandbox, limit, before)
            .Select(exec => _running.TryGetValue(exec.Id, out RunningExec? running) ? running.View : exec),
    ];

    /// <inheritdoc/>
    public IReadOnlyDictionary<SandboxId, int> CountRunning() =>
        _running.Values.GroupBy(r => r.Sandbox.Id).ToDictionary(g => g.Key, g => g.Count());

    /// <inheritdoc/>
    public int CountRunning(SandboxId? sandbox) =>
        sandbox is null ? _running.Count : _running.Values.Count(r => r.Sandbox.Id == sandbox);

    /// <summary>Whether a session has a command running.</summary>
    public bool IsBusy(SessionId session) => _running.Values.Any(r => r.Row.Exec.Session == session);

    private void Record(ExecRow row, ExecSpec spec, SpareOutput? spare)
    {
        bool isRecorded = false;
        try
        {
            _records.AddExec(row, WebhookText.OfCommand(spec), spec.Webhook, spec.StartKey);
            isRecorded = true;
        }
        finally
        {
            if (spare is not null && isRecorded)
            {
                _spool.Spares.Release(spare);
            }
            else if (spare is not null)
            {
                _spool.Spares.GiveBack(spare);
            }
        }
    }

    private static bool HasEnded(RunningExec running) =>
        running.ReadRecord()?.State is ExecState.Ended or ExecState.Failed;

    // Null: the kernel refused, most often because the slot is being ended.
    private Cgroup? TryMakeLeaf(Slot slot, ExecId id)
    {
        Cgroup? leaf = null;
        try
        {
            leaf = Cgroup.Create(slot.Execs, id.ToString());
            leaf.SetOomGroup(true);
            SlotOwners.GiveCgroup(leaf, slot.Owners);
            return leaf;
        }
        catch (IOException e)
        {
            NoCgroup(_logger, id.ToString(), e);
            leaf?.TryRemove();
            return null;
        }
    }

    // A command that runs without what its author counts on fails in ways that nobody understands.
    private static void CheckSecrets(SandboxEntry entry, ExecSpec spec)
    {
        if (!spec.GetsSecrets || entry.Secrets is not null)
        {
            return;
        }

        string[] missing = [.. entry.Record.Sandbox.SecretNames.Except(spec.Secrets.Keys)];
        if (missing.Length > 0)
        {
            throw new RuntimeException(
                ErrorKind.SecretsLost, $"the values of secrets of {entry.Id} are gone: {string.Join(", ", missing)}; they are kept in memory alone")
            {
                Hint = $"set them anew with PUT /sandboxes/{entry.Id}/secrets, or send them with the command",
                Details = new Dictionary<string, object> { ["secret_names"] = missing },
            };
        }
    }

    private void CheckQuota(SandboxEntry entry)
    {
        if (IsStopping)
        {
            throw new RuntimeException(ErrorKind.ShuttingDown, "the daemon is shutting down; try again in a moment");
        }

        int most = _options.Now.Exec.MaxRunningPerSandbox;
        if (!entry.TryAddCommand(most))
        {
            throw RuntimeException.Quota(
                "running_execs_per_sandbox", most, $"sandbox {entry.Id} runs {most} commands already; wait for one to end or cancel one");
        }
    }

    /// <summary>Notes that a sandbox is in use now.</summary>
    public void Touch(SandboxEntry entry)
    {
        DateTimeOffset now = _time.GetUtcNow();
        entry.LastUsed = now;
        entry.IsUntouched = false;
        if (now - entry.PersistedUse > TimeSpan.FromSeconds(60))
        {
            entry.PersistedUse = now;
            _records.TouchSandbox(entry.Id, now);
        }
    }

    private async Task StartAsync(RunningExec running, SandboxRecord record, Slot slot, ExecSpec spec, SpoolFiles files)
    {
        try
        {
            string wanted = spec.User ?? record.Sandbox.User ?? record.Settings.User ?? "0";
            if (SlotUsers.Find(slot, wanted, out string reason) is not ResolvedUser user)
            {
                Finish(running, ExecEnd.NotStarted(reason), null);
                return;
            }

            if (files.Input is not null)
            {
                // sleigh-init gives it on to the command's user.
                SlotOwners.GiveFile(_spool.InputPath(running.Id), slot.Owners);
            }

            using SafeFileHandle? stdin = spec.Stdin is null ? null : Linux.Sockets.MemoryFile.CreateSealed("sleigh-stdin", Encoding.UTF8.GetBytes(spec.Stdin));
            using SafeFileHandle leaf = running.Leaf!.OpenDirectory();
            StartOutcome outcome = await slot.Init.StartAsync(
                new InitStart
                {
                    ExecId = running.Id,
                    Arguments = spec.Argv ?? ["sh", "-lc", spec.Command!],
                    Environment = CommandEnvironment.Build(
                        record.Settings.Env, record.Env, spec.Env, user, SandboxIdentity.HostName(record.Sandbox), spec.Terminal is not null,
                        spec.PassedVariables, spec.GetsSecrets ? running.Sandbox.Secrets?.Values ?? None : None, spec.Secrets),
                    WorkingDirectory = WorkingDirectory(record.Settings.WorkingDirectory, spec.Cwd),
                    Uid = user.Uid,
                    Gid = user.Gid,
                    Groups = user.Groups,
                    Capabilities = GivenCapabilities(slot),
                    OomScoreAdj = CommandOomScore,
                    SpoolCap = _spool.Cap,
                    Root = slot.Tree ?? throw new InitGoneException(slot.Id.ToString(), "its tree has been closed"),
                    Cgroup = leaf,
                    Stdin = stdin ?? files.Input,
                    StdinHold = files.Hold,
                    Terminal = spec.Terminal,
                    StdoutSpool = files.Stdout,
                    StderrSpool = spec.Terminal is null ? files.Stderr : null,
                    Record = files.Record,
                },
                CancellationToken.None);
            if (outcome is StartOutcome.Failed failed)
            {
                Finish(running, ExecEnd.NotStarted(StartFailure.Describe(failed, spec)), null);
                return;
            }

            running.Trace?.Started = DateTime.UtcNow;
            if (running.Row.TimeLimit is TimeSpan limit)
            {
                ArmLimit(running, limit);
            }
        }
        catch (ArgumentException e)
        {
            // Each part of a request is checked on its own; together with the image's and the sandbox's variables they may be too much.
            Finish(running, ExecEnd.NotStarted(e.Message), null);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            StartUnclear(_logger, running.Id.ToString(), e);
            await ClearUpAsync(running, slot);
        }
        finally
        {
            running.IsStarting = false;
        }
    }

    private static string WorkingDirectory(string? image, string? wanted)
    {
        string own = image is { Length: > 0 } ? image : "/";
        return wanted is null ? own : wanted.StartsWith('/') ? wanted : $"{own.TrimEnd('/')}/{wanted}";
    }

    /// <summary>Above sleigh-init's own, so that the kernel takes a command before PID 1.</summary>
    private const int CommandOomScore = 100;

    private string Tail(Exec exec, ExecStream stream) => exec.IsFinal
        ? _spool.FinalTail(exec.Id, stream, Total(exec, stream))
        : _spool.Tail(exec.Id, stream, () => Total(Find(exec.Id) ?? exec, stream));

    [LoggerMessage(EventId = 1302, EventName = "exec", Level = LogLevel.Warning, Message = "No cgroup could be made for {Exec}; it was not started")]
    private static partial void NoCgroup(ILogger logger, string exec, Exception exception);

    [LoggerMessage(EventId = 1301, EventName = "exec", Level = LogLevel.Warning, Message = "The start of {Exec} was not answered; its record will tell what became of it")]
    private static partial void StartUnclear(ILogger logger, string exec, Exception exception);
}
