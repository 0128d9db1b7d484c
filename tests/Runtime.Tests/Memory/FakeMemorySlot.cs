using System.Globalization;
using Sleigh.Cgroups;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Memory;

/// <summary>
/// A slot whose cgroups are folders with the kernel's texts. A folder's file is not cut when it is written, so all limits in these tests have
/// nine digits.
/// </summary>
internal sealed class FakeMemorySlot : IMemorySlot, IDisposable
{
    public const long MB = 1024 * 1024;

    private readonly string _root = Directory.CreateTempSubdirectory("sleigh-slot-").FullName;
    private readonly bool _brake;

    public FakeMemorySlot(int limitMb, int? wallMb)
    {
        _brake = wallMb is not null;
        Directory.CreateDirectory(Path.Combine(_root, "execs"));
        Limits = new SlotLimits(limitMb, null, 100, wallMb);
        Put("memory.max", Text(Limits.WallBytes));
        Put("execs/memory.high", _brake ? Text(limitMb * MB) : "max\n");
        Put("memory.reclaim", string.Empty);
        Put("memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
        Put("execs/cgroup.freeze", "0\n");
        Put("memory.swap.max", "0\n");
        Put("execs/cgroup.events", "populated 1\nfrozen 1\n");
        Uses(100 * MB);
        Counts();
        Group = Cgroup.Open(_root);
        Execs = Cgroup.Open(Path.Combine(_root, "execs"));
    }

    public Cgroup Group { get; }

    public Cgroup Execs { get; }

    public SlotLimits Limits { get; set; }

    public bool IsSqueezed { get; set; }

    public bool IsConnectedTo { get; set; }

    public Action? Ended { get; set; }

    public long Wall => long.Parse(Read("memory.max"), CultureInfo.InvariantCulture);

    public long Brake => long.Parse(Read("execs/memory.high"), CultureInfo.InvariantCulture);

    public string Read(string name) => File.ReadAllText(Path.Combine(_root, name)).Trim();

    public void Put(string name, string text) => File.WriteAllText(Path.Combine(_root, name), text);

    public void Uses(long bytes, long droppable = 0)
    {
        Put("memory.stat", $"anon {bytes - droppable}\nfile {droppable}\ninactive_file {droppable}\nactive_file 0\n");
        Put("memory.current", Text(bytes));
    }

    public void Counts(int high = 0, int max = 0, int kills = 0) =>
        Put("memory.events", $"low 0\nhigh {high}\nmax {max}\noom {kills}\noom_kill {kills}\noom_group_kill 0\n");

    public void Vanish() => Directory.Move(_root, _root + "-gone");

    public void Dispose()
    {
        foreach (string folder in (string[])[_root, _root + "-gone"])
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static string Text(long bytes) => bytes.ToString(CultureInfo.InvariantCulture) + "\n";
}
