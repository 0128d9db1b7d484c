using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Runtime.Init;

/// <summary>
/// A command for sleigh-init to start. The descriptors stay the caller's, who may close them as soon as the start has been
/// answered. Values outside their range come back as a failed start.
/// </summary>
public sealed record InitStart
{
    /// <summary>Names the exec in events and records; in use by no exec that sleigh-init still remembers.</summary>
    public required ExecId ExecId { get; init; }

    /// <summary>The program and its arguments, 1 to 4096. A program without a <c>/</c> is looked up in the PATH of <see cref="Environment"/>.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary><c>NAME=value</c>, at most 4096; with the arguments at most 1 MiB.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Where it starts, looked up in <see cref="Root"/> with the command's own rights.</summary>
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>Its user.</summary>
    public uint Uid { get; init; }

    /// <summary>Its group.</summary>
    public uint Gid { get; init; }

    /// <summary>Its supplementary groups, at most 256.</summary>
    public IReadOnlyList<uint> Groups { get; init; } = [];

    /// <summary>
    /// Bit n allows capability number n: the whole bounding set, and what root gets at execve. Other users get none. Bits that
    /// sleigh-init has not itself are ignored.
    /// </summary>
    public ulong Capabilities { get; init; }

    /// <summary>oom_score_adj, -1000 to 1000. Below the score sleigh-init was started with, the kernel refuses.</summary>
    public int OomScoreAdj { get; init; }

    /// <summary>Bytes of each stream that are kept from the beginning; 64 KiB more are used for the tail of longer output.</summary>
    public required long SpoolCap { get; init; }

    /// <summary>Not null gives the command a terminal of this size as stdin, stdout and stderr.</summary>
    public TerminalSize? Terminal { get; init; }

    /// <summary>The directory that becomes <c>/</c>; O_PATH is enough.</summary>
    public required SafeFileHandle Root { get; init; }

    /// <summary>The cgroup v2 directory that the command is born in; null leaves it in sleigh-init's own.</summary>
    public SafeFileHandle? Cgroup { get; init; }

    /// <summary>
    /// What it reads: a pipe's read end or a file; null is no input. With a terminal it must be a pipe, whose bytes become key
    /// strokes; the end of that pipe is not the end of the terminal's input (byte 4 is).
    /// </summary>
    public SafeFileHandle? Stdin { get; init; }

    /// <summary>
    /// The write end of <see cref="Stdin"/>, a FIFO. sleigh-init keeps it open until <see cref="InitConnection.EndInputAsync"/> or
    /// the end of the exec, so that the input does not end with its writer.
    /// </summary>
    public SafeFileHandle? StdinHold { get; init; }

    /// <summary>A regular file, open for writing and not for appending, that takes stdout (or what the terminal shows).</summary>
    public required SafeFileHandle StdoutSpool { get; init; }

    /// <summary>The same for stderr; null with a terminal, and only then.</summary>
    public SafeFileHandle? StderrSpool { get; init; }

    /// <summary>The regular file that takes the <see cref="ExecRecord"/>.</summary>
    public required SafeFileHandle Record { get; init; }

    internal SafeHandle[] Descriptors(SafeFileHandle payload)
    {
        if (Terminal is null == StderrSpool is null)
        {
            throw new ArgumentException("a spool for stderr is needed without a terminal, and only without one");
        }

        SafeHandle?[] all = [payload, Root, Cgroup, Stdin, StdinHold, StdoutSpool, StderrSpool, Record];
        return [.. all.OfType<SafeHandle>()];
    }

    internal InitProtocol.StartFlags Flags =>
        (Terminal is null ? 0 : InitProtocol.StartFlags.Terminal)
        | (Stdin is null ? 0 : InitProtocol.StartFlags.Stdin)
        | (StdinHold is null ? 0 : InitProtocol.StartFlags.Hold)
        | (Cgroup is null ? 0 : InitProtocol.StartFlags.Cgroup);
}
