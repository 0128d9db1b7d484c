using System.Text;
using Sleigh.Runtime;
using Sleigh.Runtime.Init;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>
/// Execs in memory. The command <c>sleep</c> runs until it is cancelled or <see cref="Finish"/> is called; any other ends at once with
/// status 0 and itself as output.
/// </summary>
internal sealed class FakeExecs(TimeProvider time) : IExecs
{
    private readonly Dictionary<ExecId, Entry> _execs = [];
    private readonly Lock _lock = new();
    private readonly StringBuilder _received = new();
    private int _watches;

    /// <summary>Bytes of a stream that are stored.</summary>
    public int Cap { get; set; } = int.MaxValue;

    public RuntimeException? Fail { get; set; }

    /// <summary>Whose a sandbox is.</summary>
    public Func<SandboxId, SessionId> SessionOf { get; set; } = _ => SessionId.Parse("sid_000000000001");

    public ExecSpec? LastSpec { get; private set; }

    public TimeSpan? LastWait { get; private set; }

    public int Starts { get; private set; }

    public TaskCompletionSource? Gate { get; set; }

    /// <summary>Set: what a command does, in place of what the summary says; it may print, end, change, or do nothing and so run on.</summary>
    public Action<ExecId, ExecSpec>? OnStart { get; set; }

    public async Task<Exec> StartAsync(SandboxId sandbox, ExecSpec spec, CancellationToken cancellationToken)
    {
        if (Gate is { } gate)
        {
            await gate.Task.WaitAsync(cancellationToken);
        }

        lock (_lock)
        {
            LastSpec = spec;
            Starts++;
            if (Fail is { } refused)
            {
                throw refused;
            }

            Exec exec = new()
            {
                Id = ExecId.New(),
                Sandbox = sandbox,
                Session = SessionOf(sandbox),
                Status = ExecStatus.Running,
                Started = time.GetUtcNow(),
                Origin = spec.Origin,
                Input = spec.Input,
            };
            _execs[exec.Id] = new Entry(exec);
            if (OnStart is { } run)
            {
                run(exec.Id, spec);
            }
            else if (spec.Command != "sleep")
            {
                FinishLocked(exec.Id, 0, Encoding.UTF8.GetBytes((spec.Command ?? string.Join(' ', spec.Argv!)) + "\n"));
            }

            return exec;
        }
    }

    public async Task<ExecResult> WaitAsync(ExecId id, TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task ended;
        lock (_lock)
        {
            LastWait = atMost;
            ended = Require(id).Ended.Task;
        }

        await Task.WhenAny(ended, Task.Delay(atMost > TimeSpan.FromSeconds(1) ? TimeSpan.FromMilliseconds(200) : atMost, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        return Read(id);
    }

    public Exec? Find(ExecId id)
    {
        lock (_lock)
        {
            return _execs.GetValueOrDefault(id)?.Exec;
        }
    }

    public ExecResult Read(ExecId id)
    {
        lock (_lock)
        {
            Entry entry = Require(id);
            return new ExecResult(entry.Exec, Encoding.UTF8.GetString(entry.Stdout), "");
        }
    }

    public ExecResult WithOutput(Exec exec)
    {
        lock (_lock)
        {
            return new ExecResult(exec, Encoding.UTF8.GetString(Require(exec.Id).Stdout), "");
        }
    }

    public ExecResult Cancel(ExecId id)
    {
        lock (_lock)
        {
            Entry entry = Require(id);
            if (!entry.Exec.IsFinal)
            {
                entry.Exec = entry.Exec with { Status = ExecStatus.Cancelling };
            }

            return Read(id);
        }
    }

    public OutputPiece ReadOutput(ExecId id, ExecStream stream, long offset, int limit)
    {
        lock (_lock)
        {
            Entry entry = Require(id);
            byte[] all = stream == ExecStream.Stdout ? entry.Stdout : entry.Stderr;
            int stored = Math.Min(all.Length, Cap);
            int from = (int)Math.Min(offset, stored);
            return new OutputPiece(
                offset, all.AsMemory(from, Math.Min(limit, stored - from)), all.Length, stored, entry.Exec.IsFinal);
        }
    }

    public OutputPiece ReadLive(ExecId id, ExecStream stream, long offset, int limit)
    {
        return ReadOutput(id, stream, Math.Max(offset, stream == ExecStream.Stdout ? OldestLive : 0), limit);
    }

    /// <summary>What lies before is overwritten, as ReadLive sees it.</summary>
    public long OldestLive { get; set; }

    /// <summary>What came as input, in the order of the calls: bytes as text, <c>[end]</c>, <c>[50x132]</c>, <c>[signal 2]</c>.</summary>
    public string Received
    {
        get
        {
            lock (_lock)
            {
                return _received.ToString();
            }
        }
    }

    public int Watches
    {
        get
        {
            lock (_lock)
            {
                return _watches;
            }
        }
    }

    public ExecChanges Watch(ExecId id)
    {
        lock (_lock)
        {
            ExecChanges changes = new();
            Require(id).Followers.Add(changes);
            _watches++;
            return changes;
        }
    }

    /// <summary>Set: the command does not read its input until this is completed.</summary>
    public TaskCompletionSource? InputGate { get; set; }

    public async Task<bool> WriteInputAsync(ExecId id, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (InputGate is { } gate)
        {
            await gate.Task.WaitAsync(cancellationToken);
        }

        return Note(Encoding.UTF8.GetString(bytes.Span));
    }

    public Task EndInputAsync(ExecId id, CancellationToken cancellationToken) => Task.FromResult(Note("[end]"));

    public Task ResizeAsync(ExecId id, TerminalSize size, CancellationToken cancellationToken) =>
        Task.FromResult(Note($"[{size.Rows}x{size.Columns}]"));

    public Task SignalAsync(ExecId id, int signal, CancellationToken cancellationToken) => Task.FromResult(Note($"[signal {signal}]"));

    private bool Note(string text)
    {
        lock (_lock)
        {
            _received.Append(text);
            return true;
        }
    }

    public IReadOnlyList<Exec> List(SessionId? session, SandboxId? sandbox, int limit, ExecMark? before)
    {
        lock (_lock)
        {
            IEnumerable<Exec> behind = _execs.Values.Select(e => e.Exec).Reverse();
            if (before is not null)
            {
                behind = behind.SkipWhile(e => e.Id != before.Id).Skip(1);
            }

            return [.. behind.Where(e => (session is null || e.Session == session) && (sandbox is null || e.Sandbox == sandbox)).Take(limit)];
        }
    }

    public IReadOnlyDictionary<SandboxId, int> CountRunning()
    {
        lock (_lock)
        {
            return _execs.Values.Where(e => !e.Exec.IsFinal).GroupBy(e => e.Exec.Sandbox).ToDictionary(g => g.Key, g => g.Count());
        }
    }

    public int CountRunning(SandboxId? sandbox)
    {
        lock (_lock)
        {
            return _execs.Values.Count(e => !e.Exec.IsFinal && (sandbox is null || e.Exec.Sandbox == sandbox));
        }
    }

    public void Finish(ExecId id, int exitCode, byte[] stdout)
    {
        lock (_lock)
        {
            FinishLocked(id, exitCode, stdout);
        }
    }

    public IReadOnlyList<Exec> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _execs.Values.Select(e => e.Exec)];
            }
        }
    }

    /// <summary>Changes what is shown of an exec.</summary>
    public void Change(ExecId id, Func<Exec, Exec> change, byte[]? stdout = null)
    {
        lock (_lock)
        {
            Entry entry = Require(id);
            entry.Exec = change(entry.Exec);
            entry.Stdout = stdout ?? entry.Stdout;
            entry.Followers.ForEach(f => f.Signal());
        }
    }

    /// <summary>The command prints something more.</summary>
    public void Print(ExecId id, ReadOnlySpan<byte> bytes, bool toStderr = false)
    {
        lock (_lock)
        {
            Entry entry = Require(id);
            if (toStderr)
            {
                entry.Stderr = [.. entry.Stderr, .. bytes];
            }
            else
            {
                entry.Stdout = [.. entry.Stdout, .. bytes];
            }

            entry.Exec = entry.Exec with { StdoutBytes = entry.Stdout.Length, StderrBytes = entry.Stderr.Length };
            entry.Followers.ForEach(f => f.Signal());
        }
    }

    /// <summary>The command ends with what it has printed.</summary>
    public void End(ExecId id, int exitCode)
    {
        lock (_lock)
        {
            FinishLocked(id, exitCode, Require(id).Stdout);
        }
    }

    private void FinishLocked(ExecId id, int exitCode, byte[] stdout)
    {
        Entry entry = Require(id);
        entry.Stdout = stdout;
        entry.Exec = entry.Exec with
        {
            Status = exitCode == 0 ? ExecStatus.Succeeded : ExecStatus.Failed,
            ExitCode = exitCode,
            Error = exitCode == 0 ? null : $"command exited with status {exitCode}",
            Completed = time.GetUtcNow(),
            Usage = new ExecUsage(9_437_184, 21_034, 27, 0, 0, null),
            StdoutBytes = stdout.Length,
        };
        entry.Ended.TrySetResult();
        entry.Followers.ForEach(f => f.Signal());
    }

    private Entry Require(ExecId id) => _execs.GetValueOrDefault(id) ?? throw RuntimeException.NoExec(id);

    private sealed class Entry(Exec exec)
    {
        public Exec Exec { get; set; } = exec;

        public byte[] Stdout { get; set; } = [];

        public byte[] Stderr { get; set; } = [];

        public List<ExecChanges> Followers { get; } = [];

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
