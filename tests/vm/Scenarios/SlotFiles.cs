using System.Globalization;
using Sleigh.TestSupport;

namespace Sleigh.VmTests.Scenarios;

/// <summary>The kernel's files of a sandbox in the machine; <c>execs/</c> before a name is the parent of all its commands.</summary>
internal sealed class SlotFiles(SleighMachine sleigh, string folder)
{
    private const long MiB = 1024 * 1024;

    /// <summary>The cgroup of the slot that a sandbox is in now.</summary>
    public static async Task<SlotFiles> OfAsync(SleighMachine sleigh, TestSandbox sandbox) => new(sleigh, $"{SleighMachine.Home}/{await sandbox.SlotAsync()}");

    public string Folder => folder;

    /// <summary>The text of a file, without its end of line.</summary>
    public Task<string> TextAsync(string file) => sleigh.SaysAsync($"cat {folder}/{file}");

    /// <summary>A file of one number, in whole MB; -1 for <c>max</c>.</summary>
    public async Task<long> MbAsync(string file) => Mb(await TextAsync(file));

    /// <summary>Brake, wall and usage in whole MB, read at one moment; -1 for <c>max</c>.</summary>
    public async Task<(long Brake, long Wall, long Usage)> LimitsAsync()
    {
        string[] said = (await sleigh.SaysAsync($"cd {folder} && cat execs/memory.high memory.max memory.current")).Split('\n');
        return (Mb(said[0]), Mb(said[1]), Mb(said[2]));
    }

    /// <summary>One counter of a file of names and numbers.</summary>
    public async Task<long> CountAsync(string file, string name) => Number(await TextAsync(file), name);

    /// <summary>The number behind a name at the beginning of a line.</summary>
    public static long Number(string text, string name) => long.Parse(
        text.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);

    private static long Mb(string text) => text == "max" ? -1 : long.Parse(text, CultureInfo.InvariantCulture) / MiB;
}
