using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Directories of the host copied into a tree that somebody hostile has shaped, or shapes while it goes on.</summary>
public sealed class TreeCopyTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly SafeFileHandle _root;

    public TreeCopyTests()
    {
        Shell.Bash($$"""
            mkdir -p {{Tree}}/dev {{_directory["zone"]}}/env/bin {{_directory["zone"]}}/env/empty {{_directory["outside"]}}
            cd {{_directory["zone"]}}/env
            echo tool > bin/tool; chmod 4755 bin/tool; chmod 1777 empty; echo text > file; chmod 640 file; touch -d @1000000000 file
            ln -s bin/tool link; ln -s /nowhere dangling; mkfifo fifo; truncate -s 300000 sparse; echo end >> sparse
            head -c 1000000 /dev/urandom > big; printf x > $'odd\xffname'
            """);
        _root = Files.Open(Tree, OpenFlags.PathOnly | OpenFlags.Directory);
    }

    private string Tree => _directory["tree"];

    public void Dispose()
    {
        _root.Dispose();
        _directory.Dispose();
    }

    [HostFact(Need.Root)]
    public void Files_links_and_modes_come_along_and_all_belongs_to_the_user()
    {
        TreeCopy copied = Copy("/opt/env", 1000, 1001);

        Assert.Equal((7, 1), (copied.Files, copied.LeftOut));
        Assert.Equal(1_000_000 + 300_004 + 5 + 5 + 1, copied.Bytes);
        Shell.Bash($"cd {Tree}/opt/env; cmp big {_directory["zone"]}/env/big; cmp sparse {_directory["zone"]}/env/sparse; test \"$(readlink dangling)\" = /nowhere; test -e $'odd\\xffname'");
        Assert.Equal(
            "4755 1000:1001 bin/tool\n1777 1000:1001 empty\n640 1000:1001 file\n777 1000:1001 link\n755 1000:1001 .\n",
            Shell.Bash($"cd {Tree}/opt/env; stat -c '%a %u:%g %n' bin/tool empty file link ."));
        Assert.Equal("1000000000\n", Shell.Bash($"stat -c %Y {Tree}/opt/env/file"));
        Assert.Equal("0:0\n", Shell.Bash($"stat -c %u:%g {Tree}/opt"));
        Assert.True(new FileInfo($"{Tree}/opt/env/sparse").Length == 300_004);
        Assert.True(Files.Stat(Descriptors.WorkingDirectory, $"{Tree}/opt/env/sparse").AllocatedBytes < 300_004);
        Assert.Equal("", Shell.Bash($"find {Tree} -name '.sleigh-*'"));
    }

    [HostFact(Need.Root)]
    public void A_copy_merges_and_replaces_files_and_links_of_the_same_name()
    {
        Shell.Bash($"cd {Tree}; mkdir -p e/bin; echo mine > e/bin/mine; echo old > e/file; ln -s /etc/passwd e/big; echo f > e/link; chmod 700 e");

        Copy("/e", 0, 0);

        Assert.Equal("mine\n", File.ReadAllText($"{Tree}/e/bin/mine"));
        Assert.Equal("text\n", File.ReadAllText($"{Tree}/e/file"));
        Assert.Equal("bin/tool", new FileInfo($"{Tree}/e/link").LinkTarget);
        Assert.Null(new FileInfo($"{Tree}/e/big").LinkTarget);
        Assert.Equal("700\n", Shell.Bash($"stat -c %a {Tree}/e"));
        Assert.NotEqual("", File.ReadAllText("/etc/passwd"));
    }

    [HostFact(Need.Root)]
    public void No_link_leads_the_copy_anywhere()
    {
        string outside = _directory["outside"];
        Shell.Bash($"cd {Tree}; ln -s {outside} away; mkdir e; ln -s {outside} e/bin; ln -s {outside}/made e/file; mkdir f; echo x > f/bin; mkdir -p g/file; ln -s dev devices");

        Copy("/away/deep", 0, 0);
        Assert.Empty(Directory.GetFileSystemEntries(outside));
        Assert.True(File.Exists($"{Tree}{outside}/deep/file"));
        Assert.Equal("bin: the sandbox has a symbolic link there", Assert.Throws<TreeFileException>(() => Copy("/e", 0, 0)).Message);
        Assert.Empty(Directory.GetFileSystemEntries(outside));
        Assert.Equal("bin: the sandbox has a file there", Assert.Throws<TreeFileException>(() => Copy("/f", 0, 0)).Message);
        Assert.Equal("file: there is a directory in the sandbox", Assert.Throws<TreeFileException>(() => Copy("/g", 0, 0)).Message);
        Assert.Equal(TreeObstacle.Kernels, Assert.Throws<TreeFileException>(() => Copy("/devices/x", 0, 0)).Obstacle);
        Assert.Equal(TreeObstacle.NoDirectory, Assert.Throws<TreeFileException>(() => Copy("/f/bin", 0, 0)).Obstacle);
    }

    [HostFact(Need.Root)]
    public async Task Directories_that_turn_into_links_all_the_time_lead_nowhere()
    {
        string outside = _directory["outside"];
        Directory.CreateDirectory($"{Tree}/e");
        using CancellationTokenSource stop = new();
        int swaps = 0;
        Task attacker = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    Directory.CreateDirectory($"{Tree}/e/bin");
                    Directory.Move($"{Tree}/e/bin", $"{Tree}/e/real");
                    File.CreateSymbolicLink($"{Tree}/e/bin", outside);
                    File.Delete($"{Tree}/e/bin");
                    Directory.Delete($"{Tree}/e/real", recursive: true);
                    swaps++;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // The copy put something where the attacker wanted to: once more from the beginning. It may do so while this removes it.
                    Shell.Run("sh", "-c", "rm -rf \"$@\" 2>/dev/null || true", "sh", $"{Tree}/e/bin", $"{Tree}/e/real");
                }
            }
        });
        int refused = 0;
        for (int i = 0; i < 300; i++)
        {
            try
            {
                Copy("/e", 0, 0);
            }
            catch (TreeFileException)
            {
                refused++;
            }
        }

        await stop.CancelAsync();
        await attacker;
        Assert.Empty(Directory.GetFileSystemEntries(outside));
        Assert.True(swaps > 20 && refused > 0, $"{swaps} swaps, {refused} of 300 copies refused: that was no attack");
    }

    [HostFact(Need.Root)]
    public void A_full_disk_is_told_apart_and_a_cancelled_copy_ends()
    {
        Mounts.Mount("tmpfs", _directory.Make("small"), "tmpfs", MountFlags.None, "size=256k");
        using SafeFileHandle small = Files.Open(_directory["small"], OpenFlags.PathOnly | OpenFlags.Directory);
        using HostDirectory source = HostDirectory.Open(_directory["zone"], "env");

        TreeFileException full = Assert.Throws<TreeFileException>(() => TreeArchives.Copy(source, small, "/e", 0, 0, CancellationToken.None));
        Assert.Equal((TreeFailure.Full, "big: the disk is full"), (full.Failure, full.Message));
        Assert.Equal("", Shell.Bash($"find {_directory["small"]} -name big -o -name '.sleigh-*'"));
        Assert.Throws<OperationCanceledException>(() => TreeArchives.Copy(source, _root, "/e", 0, 0, new CancellationToken(canceled: true)));
    }

    private TreeCopy Copy(string path, uint userId, uint groupId)
    {
        using HostDirectory source = HostDirectory.Open(_directory["zone"], "env");
        return TreeArchives.Copy(source, _root, path, userId, groupId, CancellationToken.None);
    }
}
