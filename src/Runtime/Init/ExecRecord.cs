using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Wire = Sleigh.Runtime.Init.InitProtocol;

namespace Sleigh.Runtime.Init;

/// <summary>
/// What sleigh-init wrote about an exec. It is complete when <see cref="State"/> is <see cref="ExecState.Ended"/> or
/// <see cref="ExecState.Failed"/>; before that the totals follow the output as it flows.
/// </summary>
public sealed record ExecRecord
{
    // A reader that meets a write half-way reads again; the write is one pwrite of less than a page.
    private const int ReadAttempts = 20;

    /// <summary>The exec.</summary>
    public required ExecId ExecId { get; init; }

    /// <summary>What it was doing when this was written.</summary>
    public required ExecState State { get; init; }

    /// <summary>The main process's number inside the sandbox; 0 when there was none.</summary>
    public int Pid { get; init; }

    /// <summary>Whether it has a terminal; all output is stdout's then.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>When sleigh-init took the start, by the host's clock.</summary>
    public DateTimeOffset Accepted { get; init; }

    /// <summary>When its program began; null when it has not.</summary>
    public DateTimeOffset? Began { get; init; }

    /// <summary>When it ended or failed; null while it runs.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>From accepted to ended, by a clock that nobody sets; zero while it runs.</summary>
    public TimeSpan Wall { get; init; }

    /// <summary>As wait(2) gives it; only when <see cref="State"/> is <see cref="ExecState.Ended"/>.</summary>
    public int? WaitStatus { get; init; }

    /// <summary>The step that failed; only when <see cref="State"/> is <see cref="ExecState.Failed"/>.</summary>
    public StartStage FailedStage { get; init; }

    /// <summary>What the kernel said there.</summary>
    public Errno FailedErrno { get; init; }

    /// <summary>The spool cap it was started with, in bytes.</summary>
    public long SpoolCap { get; init; }

    /// <summary>Bytes written to stdout so far, all of them.</summary>
    public long StdoutTotal { get; init; }

    /// <summary>Of those, bytes that the disk did not take.</summary>
    public long StdoutDropped { get; init; }

    /// <summary>Bytes written to stderr so far, all of them.</summary>
    public long StderrTotal { get; init; }

    /// <summary>Of those, bytes that the disk did not take.</summary>
    public long StderrDropped { get; init; }

    /// <summary>getrusage(2) of the main process and the children it waited for; only when it has ended.</summary>
    public ResourceUsage? Usage { get; init; }

    /// <summary>The exit code, or null when a signal ended it or it has not ended.</summary>
    public int? ExitCode => WaitStatus is int status && (status & 0x7F) == 0 ? (status >> 8) & 0xFF : null;

    /// <summary>The signal that ended it, or null.</summary>
    public int? Signal => WaitStatus is int status && (status & 0x7F) != 0 ? status & 0x7F : null;

    /// <summary>Reads a record; false when it is cut off, of another version, half written, or no record at all.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ExecRecord? record)
    {
        record = null;
        if (!MemoryMarshal.TryRead(bytes, out Wire.Record raw)
            || raw.Magic != Wire.RecordMagic
            || raw.Version != Wire.Version
            || raw.Size != Unsafe.SizeOf<Wire.Record>()
            || raw.Generation != raw.GenerationTail
            || !Enum.IsDefined((ExecState)raw.State)
            || !InitFrame.TryReadId(raw.ExecId, out ExecId id))
        {
            return false;
        }

        bool ended = (ExecState)raw.State == ExecState.Ended;
        record = new ExecRecord
        {
            ExecId = id,
            State = (ExecState)raw.State,
            Pid = raw.Pid,
            IsTerminal = raw.Flags.HasFlag(Wire.StartFlags.Terminal),
            Accepted = Time(raw.AcceptedNs),
            Began = raw.RunningNs == 0 ? null : Time(raw.RunningNs),
            Ended = raw.EndedNs == 0 ? null : Time(raw.EndedNs),
            Wall = TimeSpan.FromTicks((long)(raw.WallNs / 100)),
            WaitStatus = ended ? raw.WaitStatus : null,
            FailedStage = (StartStage)raw.Stage,
            FailedErrno = (Errno)raw.Error,
            SpoolCap = (long)raw.SpoolCap,
            StdoutTotal = (long)raw.Stdout.Total,
            StdoutDropped = (long)raw.Stdout.Dropped,
            StderrTotal = (long)raw.Stderr.Total,
            StderrDropped = (long)raw.Stderr.Dropped,
            Usage = ended ? ResourceUsage.From(raw.Usage) : null,
        };
        return true;
    }

    /// <summary>Reads a record file. It may be read at any time, also while sleigh-init writes it.</summary>
    /// <returns>Null when sleigh-init has written nothing that makes sense: it never took the start.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ExecRecord? Read(SafeFileHandle file)
    {
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<Wire.Record>()];
        for (int attempt = 0; attempt < ReadAttempts; attempt++)
        {
            int length = RandomAccess.Read(file, bytes, 0);
            if (TryParse(bytes[..length], out ExecRecord? record))
            {
                return record;
            }

            if (length < bytes.Length)
            {
                return null;
            }
        }

        return null;
    }

    /// <inheritdoc cref="Read(SafeFileHandle)"/>
    public static ExecRecord? Read(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        return Read(file);
    }

    private static DateTimeOffset Time(ulong ns) => DateTimeOffset.UnixEpoch.AddTicks((long)(ns / 100));
}
