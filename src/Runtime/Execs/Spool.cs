using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Runtime.Init;

namespace Sleigh.Runtime;

/// <summary>The files of an exec's output: one directory each, with the two streams and sleigh-init's record.</summary>
internal sealed class Spool
{
    private readonly string _root;
    private readonly Func<long> _cap;

    public Spool(string root, Func<long> cap)
    {
        (_root, _cap) = (root, cap);
        Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Spares = new SpareOutputs(this);
    }

    /// <summary>Bytes of each stream that are stored from the beginning.</summary>
    public long Cap => _cap();

    /// <summary>Output files that were made ahead.</summary>
    public SpareOutputs Spares { get; }

    /// <summary>Makes the directory and files of a new exec.</summary>
    public SpoolFiles Create(ExecId id)
    {
        string directory = Directory.CreateDirectory(PathOf(id)).FullName;
        return new SpoolFiles(Make(directory, "stdout"), Make(directory, "stderr"), Make(directory, "record"));
    }

    /// <summary>Makes the input of an exec with live input.</summary>
    public SpoolFiles AddInput(SpoolFiles files, ExecId id)
    {
        KernelPath fifo = KernelPath.FromString(InputPath(id));
        Files.MakeNode(Descriptors.WorkingDirectory, fifo, FileType.Fifo, 0x180); // 0600
        // A FIFO's ends wait for each other when they are opened, so the first one is opened without waiting. The command gets one
        // that does wait: programs do not expect EAGAIN from their input.
        using SafeFileHandle first = Files.Open(fifo, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        SafeFileHandle hold = Files.Open(fifo, OpenFlags.WriteOnly);
        return files with { Input = Files.Open(fifo, OpenFlags.ReadOnly), Hold = hold };
    }

    /// <summary>The FIFO of an exec with live input. That it is there means that its input has not ended.</summary>
    public string InputPath(ExecId id) => Path.Combine(PathOf(id), "stdin");

    /// <summary>sleigh-init writes to this file after each piece of output.</summary>
    public string RecordPath(ExecId id) => Path.Combine(PathOf(id), "record");

    /// <summary>Opens the record of an exec of an earlier run; null when there is none.</summary>
    public SafeFileHandle? OpenRecord(ExecId id)
    {
        string path = RecordPath(id);
        try
        {
            return File.Exists(path) ? File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete) : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // It was removed in this moment.
            return null;
        }
    }

    /// <summary>The text of a running command's stream as the contract shows it; empty once the files are gone.</summary>
    public string Tail(ExecId id, ExecStream stream, Func<long> total)
    {
        if (Open(id, stream) is not SpoolReader reader)
        {
            return string.Empty;
        }

        using (reader)
        {
            (byte[] tail, long end) = reader.ReadLiveTail(OutputTail.WindowBytes, total);
            return end <= tail.Length
                ? OutputTail.Render(NameOf(stream), tail)
                : OutputTail.Render(NameOf(stream), tail, CountRunes(reader, end));
        }
    }

    /// <summary>The text of a stream of which no more comes, as the contract shows it; empty once the files are gone.</summary>
    public string FinalTail(ExecId id, ExecStream stream, long total)
    {
        string path = PathOf(id, stream);

        // All of a short stream lies before any cap: the record need not be asked for it.
        bool isShort = total <= OutputTail.WindowBytes;
        if (total == 0 || (isShort ? OpenFile(path, total) : Open(id, stream)) is not SpoolReader reader)
        {
            return string.Empty;
        }

        using (reader)
        {
            byte[] tail = reader.ReadTail(OutputTail.WindowBytes, total);
            return isShort ? OutputTail.Render(NameOf(stream), tail) : OutputTail.Render(NameOf(stream), tail, KnownRunes(path, reader, total));
        }
    }

    /// <summary>Counts the code points of a stream of which no more comes, so that later looks at its tail need not.</summary>
    public void CountAhead(ExecId id, ExecStream stream, long total)
    {
        if (total > OutputTail.WindowBytes && Open(id, stream) is SpoolReader reader)
        {
            using (reader)
            {
                KnownRunes(PathOf(id, stream), reader, total);
            }
        }
    }

    /// <summary>Stored bytes from an offset on; null once the files are gone.</summary>
    public ReadOnlyMemory<byte>? Read(ExecId id, ExecStream stream, long offset, int limit, long total)
    {
        if (Open(id, stream) is not SpoolReader reader)
        {
            return null;
        }

        using (reader)
        {
            long left = Math.Clamp(reader.Stored(total) - offset, 0, limit);
            byte[] data = new byte[left];
            return data.AsMemory(0, reader.Read(offset, total, data));
        }
    }

    /// <summary>
    /// As <see cref="Read"/>, but beyond the cap too, as long as the last 64 KiB still hold it. A piece that begins behind
    /// <paramref name="offset"/> says that what lay between is gone.
    /// </summary>
    public (long Offset, ReadOnlyMemory<byte> Data)? ReadLive(ExecId id, ExecStream stream, long offset, int limit, Func<long> total)
    {
        if (Open(id, stream) is not SpoolReader reader)
        {
            return null;
        }

        using (reader)
        {
            (long from, byte[] data) = reader.ReadLive(offset, limit, total);
            return (from, data);
        }
    }

    /// <summary>What is stored of a stream of which so many bytes were written.</summary>
    public long Stored(ExecId id, long total) => Math.Min(total, CapOf(id));

    /// <summary>Removes an exec's files; what is gone already is fine.</summary>
    public void Remove(ExecId id)
    {
        try
        {
            if (Directory.Exists(PathOf(id)))
            {
                Directory.Delete(PathOf(id), recursive: true);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody else removed it at the same moment.
        }
    }

    /// <summary>Ids of all execs that have files, but for those that were made ahead.</summary>
    public IEnumerable<ExecId> List() => Directory.EnumerateDirectories(_root)
        .Select(path => ExecId.TryParse(Path.GetFileName(path), out ExecId id) ? id : (ExecId?)null).OfType<ExecId>().Where(id => !Spares.Holds(id));

    private static SafeFileHandle Make(string directory, string name) =>
        File.OpenHandle(Path.Combine(directory, name), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private static long KnownRunes(string path, SpoolReader reader, long total)
    {
        if (RuneCounts.Read(path, total) is long known)
        {
            return known;
        }

        long counted = CountRunes(reader, total);
        RuneCounts.Keep(path, total, counted);
        return counted;
    }

    // Code points in everything written. What lies between the stored part and the tail is not there any more to be counted: its
    // bytes count as one code point each.
    private static long CountRunes(SpoolReader reader, long total)
    {
        long stored = reader.Stored(total);
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(stored, 1 << 20));
        long runes = total - stored;
        long offset = 0;
        while (offset < stored)
        {
            int read = reader.Read(offset, total, buffer);
            if (read == 0)
            {
                break;
            }

            ReadOnlySpan<byte> piece = buffer.AsSpan(0, read);
            int whole = offset + read < stored ? Math.Max(1, OutputTail.WholeCharacters(piece)) : read;
            runes += OutputTail.CountRunes(piece[..whole]);
            offset += whole;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return runes;
    }

    private static string NameOf(ExecStream stream) => stream == ExecStream.Stdout ? "stdout" : "stderr";

    private string PathOf(ExecId id) => Path.Combine(_root, id.ToString());

    // The cap is the one the exec was started with; the configuration may have changed since.
    private long CapOf(ExecId id)
    {
        using SafeFileHandle? record = OpenRecord(id);
        return record is not null && ExecRecord.Read(record) is { } found ? found.SpoolCap : Cap;
    }

    private string PathOf(ExecId id, ExecStream stream) => Path.Combine(PathOf(id), NameOf(stream));

    private SpoolReader? Open(ExecId id, ExecStream stream) => OpenFile(PathOf(id, stream), CapOf(id));

    private static SpoolReader? OpenFile(string path, long cap)
    {
        try
        {
            return File.Exists(path) ? SpoolReader.Open(path, cap) : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // It was removed in this moment.
            return null;
        }
    }
}
