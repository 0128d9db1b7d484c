using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Runtime;
using Sleigh.Runtime.Init;

namespace Sleigh.IntegrationTests.Init;

/// <summary>One exec in a slot: its files on the host, and what became of it.</summary>
internal sealed class SlotExec : IDisposable
{
    private readonly InitSlot _slot;
    private readonly string _directory;
    private readonly List<SafeFileHandle> _open = [];

    public SlotExec(InitSlot slot, ExecId id)
    {
        _slot = slot;
        Id = id;
        _directory = Path.Combine(slot.Directory, id.ToString());
        Directory.CreateDirectory(_directory);
        Directory.CreateDirectory(Leaf);
    }

    public ExecId Id { get; }

    public StartOutcome? Outcome { get; set; }

    public ExecRecord? Record { get; private set; }

    public string Leaf => Path.Combine(_slot.CgroupPath, Id.ToString());

    public string StdoutPath => Path.Combine(_directory, "stdout");

    public string StderrPath => Path.Combine(_directory, "stderr");

    public string RecordPath => Path.Combine(_directory, "record");

    public string Stdout => Encoding.UTF8.GetString(Tail(StdoutPath, Record!.StdoutTotal));

    public string Stderr => Encoding.UTF8.GetString(Tail(StderrPath, Record!.StderrTotal));

    public InitStart Request(IReadOnlyList<string> arguments) => new()
    {
        ExecId = Id,
        Arguments = arguments,
        Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
        Capabilities = InitSlot.DefaultCapabilities,
        SpoolCap = 1 << 20,
        Root = _slot.Tree,
        Cgroup = Own(Files.Open(KernelPath.FromString(Leaf), OpenFlags.PathOnly | OpenFlags.Directory)),
        StdoutSpool = Create(StdoutPath),
        StderrSpool = Create(StderrPath),
        Record = Create(RecordPath),
    };

    /// <summary>Waits for the event and reads the record file, which must say the same.</summary>
    public async Task<ExecRecord> EndAsync()
    {
        ExecRecord fromEvent = await _slot.EndOf(Id);
        Record = ExecRecord.Read(RecordPath);
        Assert.Equal(fromEvent, Record);
        Close();
        return fromEvent;
    }

    /// <summary>The request's files are needed only until the start is answered.</summary>
    public void Close()
    {
        _open.ForEach(handle => handle.Dispose());
        _open.Clear();
    }

    public void Dispose() => Close();

    public SafeFileHandle Own(SafeFileHandle handle)
    {
        _open.Add(handle);
        return handle;
    }

    private SafeFileHandle Create(string path) =>
        Own(File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));

    private byte[] Tail(string path, long total)
    {
        using SpoolReader reader = SpoolReader.Open(path, Record!.SpoolCap);
        return reader.ReadTail(int.MaxValue, total);
    }
}
