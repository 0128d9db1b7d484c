using System.Reflection;
using Microsoft.Win32.SafeHandles;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Linux;

/// <summary>The thread that enters containers, with a hostile tree in one.</summary>
[Collection(nameof(CountsDescriptors))]
public sealed class NamespaceThreadTests : IDisposable
{
    private readonly TestDirectory _directory = new(memory: Environment.IsPrivilegedProcess);
    private readonly NamespaceThread? _thread = Environment.IsPrivilegedProcess ? NamespaceThread.Start() : null;

    public void Dispose()
    {
        _thread?.Dispose();
        _directory.Dispose();
    }

    [HostFact(Need.Overlay)]
    public async Task A_hostile_tree_with_its_own_libraries_is_never_read()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        string[] folders = [AppContext.BaseDirectory.TrimEnd('/'), Path.GetDirectoryName(typeof(object).Assembly.Location)!, "/etc", "/lib", "/proc"];
        string image = _directory.Make("hostile");
        foreach (string folder in folders)
        {
            Directory.CreateDirectory(image + folder);
        }

        // Whoever opens one of these waits for ever; whoever reads the other is deceived.
        string[] libraries = [.. folders.Take(2).SelectMany(folder => Directory.GetFiles(folder, "*.dll"))];
        foreach (string library in libraries)
        {
            Files.MakeNode(Descriptors.WorkingDirectory, image + library, FileType.Fifo, 0x1B6);
        }

        File.WriteAllText($"{image}/etc/hostname", "the tenant's");
        var mounter = new TreeMounter(_thread!);
        using SafeFileHandle root = await mounter.MountAsync(
            new TreePlan { Lowers = [image], Upper = _directory.Make("upper"), Work = _directory.Make("work") }, slot);

        using var watch = new OpenWatch();
        watch.Add(Descriptors.PathOf(root));
        foreach (string folder in folders.SkipLast(1))
        {
            watch.Add(Descriptors.PathOf(root) + folder);
        }

        using var stop = new CancellationTokenSource();
        Task travels = Task.Run(() =>
        {
            for (int i = 0; i < 5000; i++)
            {
                using var program = new NamespaceProgram { OpensRoot = true };
                program.CloneTree(slot.SkeletonRoot, "dev");
                program.SetHostName(slot.HostName, $"h{i}");
                _thread!.Run(slot.Mounts, program);
            }

            stop.Cancel();
        });
        string hostName = File.ReadAllText("/etc/hostname");
        Task[] others = [.. Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    Assert.Equal(hostName, File.ReadAllText("/etc/hostname"));
                    var thread = new Thread(() => File.ReadAllText("/etc/hostname"));
                    thread.Start();
                    thread.Join();
                }
            },
            TaskCreationOptions.LongRunning))];
        int loaded = 0;
        foreach (string library in libraries.Where(IsFrameworkPart))
        {
            loaded += Assembly.Load(new AssemblyName(Path.GetFileNameWithoutExtension(library))).GetTypes().Length > 0 ? 1 : 0;
        }

        await travels;
        await Task.WhenAll(others);

        Assert.InRange(loaded, 5, 1000);
        Assert.False(watch.SawSomething());
        using (Files.Open(root, "etc/hostname", OpenFlags.ReadOnly))
        {
            Assert.True(watch.SawSomething());
        }

        Assert.Single(LinksOfAllThreads("ns/mnt"));
        Assert.Single(LinksOfAllThreads("ns/uts"));
        Assert.Equal(["/"], LinksOfAllThreads("root"));
    }

    [HostFact(Need.Overlay)]
    public void A_failed_step_is_named_and_the_thread_is_home_again()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        int descriptors = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 50; i++)
        {
            using var program = new NamespaceProgram { OpensRoot = true };
            program.CloneTree(slot.SkeletonRoot, "proc");
            program.CloneTree(slot.SkeletonRoot, "missing");
            program.SetHostName(slot.HostName, "never");

            var error = Assert.Throws<KernelException>(() => _thread!.Run(slot.Mounts, program));

            Assert.Matches(@"^clone the mounts at 'missing' in 'mnt:\[\d+\]': ENOENT \(No such file or directory\)$", error.Message);
            Assert.Throws<InvalidOperationException>(() => _thread!.Run(slot.Mounts, program));
        }

        // Others may have been finalized meanwhile; one leak per round would be fifty.
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, descriptors + 20);
        Assert.NotEqual("never", Shell.Run("nsenter", "-t", $"{test.ProcessId}", "-u", "hostname").Trim());
    }

    [HostFact(Need.Root)]
    public void What_is_no_mount_namespace_is_refused()
    {
        using SafeFileHandle other = Files.Open("/dev/null", OpenFlags.ReadOnly);
        using var program = new NamespaceProgram();

        var error = Assert.Throws<KernelException>(() => _thread!.Run(other, program));

        Assert.Equal("enter '/dev/null': EINVAL (Invalid argument)", error.Message);
    }

    [HostFact(Need.Overlay)]
    public void A_result_can_be_taken_and_lives_on()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        SafeFileHandle clone;
        using (var program = new NamespaceProgram { OpensRoot = true })
        {
            NamespaceProgram.Operand opened = program.CloneTree(slot.SkeletonRoot, "dev");
            _thread!.Run(slot.Mounts, program);
            clone = program.Take(opened);
            using SafeFileHandle root = program.TakeRoot();
            Assert.Equal(Files.Stat(slot.SkeletonRoot).MountId, Files.Stat(root).MountId);
            Assert.Throws<InvalidOperationException>(() => program.Take(opened));
        }

        using (clone)
        {
            Assert.Equal(FileType.Directory, Files.Stat(clone, "pts").Type);
        }
    }

    // A thread that has just ended has none.
    private static IEnumerable<string> LinksOfAllThreads(string name) =>
        Directory.GetDirectories("/proc/self/task").Select(task => new FileInfo($"{task}/{name}").LinkTarget).OfType<string>().Distinct();

    private static bool IsFrameworkPart(string library) =>
        Path.GetFileName(library) is var name
        && (name.StartsWith("System.Xml", StringComparison.Ordinal) || name.StartsWith("System.Data", StringComparison.Ordinal)
            || name.StartsWith("System.Net.M", StringComparison.Ordinal) || name.StartsWith("System.Security", StringComparison.Ordinal));
}
