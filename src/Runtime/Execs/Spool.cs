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
    }

    /// <summary>Bytes of each stream that are stored from the beginning.</summary>
    public long Cap => _cap();

    /// <summary>Makes the directory and files of a new exec.</summary>
    public SpoolFiles Create(ExecId id, bool withInput)
    {
        string directory = Directory.CreateDirectory(PathOf(id)).FullName;
        SpoolFiles files = new(Make(directory, "stdout"), Make(directory, "stderr"), Make(directory, "record"));
        if (!withInput)
        {
            return files;
        }

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
        return File.Exists(path) ? File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete) : null;
    }

    /// <summary>The text of a stream as the contract shows it; empty once the files are gone.</summary>
    public string Tail(ExecId id, ExecStream stream, Func<long> total)
    {
        if (Open(id, stream) is not SpoolReader reader)
        {
            return string.Empty;
        }

        using (reader)
        {
            (byte[] tail, long end) = reader.ReadLiveTail(OutputTail.WindowBytes, total);
            string name = stream == ExecStream.Stdout ? "stdout" : "stderr";
            return end <= tail.Length
                ? OutputTail.Render(name, tail)
                : OutputTail.Render(name, tail, CountRunes(reader, end));
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
        if (Directory.Exists(PathOf(id)))
        {
            Directory.Delete(PathOf(id), recursive: true);
        }
    }

    /// <summary>Ids of all execs that have files.</summary>
    public IEnumerable<ExecId> List() => Directory.EnumerateDirectories(_root)
        .Select(path => ExecId.TryParse(Path.GetFileName(path), out ExecId id) ? id : (ExecId?)null).OfType<ExecId>();

    private static SafeFileHandle Make(string directory, string name) =>
        File.OpenHandle(Path.Combine(directory, name), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    // Code points in everything written. What lies between the stored part and the tail is not there any more to be counted: its
    // bytes count as one code point each.
    private static long CountRunes(SpoolReader reader, long total)
    {
        long stored = reader.Stored(total);
        byte[] buffer = new byte[Math.Min(stored, 1 << 20)];
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

        return runes;
    }

    private string PathOf(ExecId id) => Path.Combine(_root, id.ToString());

    // The cap is the one the exec was started with; the configuration may have changed since.
    private long CapOf(ExecId id)
    {
        using SafeFileHandle? record = OpenRecord(id);
        return record is not null && ExecRecord.Read(record) is { } found ? found.SpoolCap : Cap;
    }

    private SpoolReader? Open(ExecId id, ExecStream stream)
    {
        string path = Path.Combine(PathOf(id), stream == ExecStream.Stdout ? "stdout" : "stderr");
        return File.Exists(path) ? SpoolReader.Open(path, CapOf(id)) : null;
    }
}
