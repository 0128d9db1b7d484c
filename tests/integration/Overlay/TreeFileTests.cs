using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>The same where the filesystem knows no file without a name.</summary>
public sealed class NamedTreeFileTests() : TreeFileTests(NewFileKind.Named);

/// <summary>Single files of a tree: written whole or not at all, and nothing outside of the tree is ever reached.</summary>
public class TreeFileTests : IDisposable
{
    private readonly NewFileKind _kind;
    private readonly TestDirectory _directory = new();
    private readonly string _tree;
    private readonly SafeFileHandle _root;

    public TreeFileTests()
        : this(NewFileKind.Best)
    {
    }

    private protected TreeFileTests(NewFileKind kind)
    {
        _kind = kind;
        Shell.Bash($$"""
            cd {{_directory.Path}}; mkdir lower upper work tree outdir; echo -n secret > outside; mkdir -p lower/etc lower/proc lower/dev lower/sys
            echo -n old > lower/etc/file; chmod 4751 lower/etc/file; chown 12:34 lower/etc/file; ln lower/etc/file lower/etc/hard
            mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work tree
            """);
        _tree = _directory["tree"];
        _root = Files.Open(_tree, OpenFlags.PathOnly | OpenFlags.Directory);
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _root.Dispose();
        Assert.Equal("secret", File.ReadAllText(_directory["outside"]));
        Assert.Empty(Directory.GetFileSystemEntries(_directory["outdir"]));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_tree, "*", SearchOption.TopDirectoryOnly), e => e.Contains(".sleigh-", StringComparison.Ordinal));
        _directory.Dispose();
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task A_new_file_has_its_bytes_owner_and_mode_and_its_parents_are_made()
    {
        TreeFileWritten written = await WriteAsync("/a/b/new", "hello", new() { UserId = 7, GroupId = 8, MakeParents = true });

        Assert.Equal(new TreeFileWritten(5, true) { Mode = 0x1A4, UserId = 7, GroupId = 8 }, written);
        Assert.Equal("hello", File.ReadAllText($"{_tree}/a/b/new"));
        Assert.Equal((0x1A4, 7u, 8u), Owned("a/b/new"));
        Assert.Equal((0x1ED, 7u, 8u), Owned("a/b"));
        Assert.True((await WriteAsync("/s", "x", new() { Mode = 0x9ED })).Created);
        Assert.Equal((0x9ED, 0u, 0u), Owned("s"));
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task An_existing_file_keeps_owner_mode_and_attributes_and_its_other_name_keeps_the_old_data()
    {
        ExtendedAttributes.Set(_root, "etc/file", "user.note", "kept"u8);
        ExtendedAttributes.Set(_root, "etc/file", "system.posix_acl_access", Convert.FromBase64String("AgAAAAEABwD/////AgAGAO8DAAAEAAUA/////xAABwD/////IAAEAP////8="));
        FileStatus before = Files.Stat(_root, "etc/file");

        TreeFileWritten written = await WriteAsync("/etc/file", "new", new() { UserId = 99, GroupId = 99 });

        Assert.False(written.Created);
        Assert.Equal("new", File.ReadAllText($"{_tree}/etc/file"));
        Assert.Equal("old", File.ReadAllText($"{_tree}/etc/hard"));
        Assert.Equal((before.Mode, 12u, 34u), Owned("etc/file"));
        Assert.Equal("kept"u8.ToArray(), ExtendedAttributes.Get(_root, "etc/file", "user.note"));
        Assert.NotNull(ExtendedAttributes.Get(_root, "etc/file", "system.posix_acl_access"));

        await WriteAsync("/etc/file", "", new() { UserId = 1, GroupId = 2, ChangesOwner = true, Mode = 0x180 });
        Assert.Equal((0x180, 1u, 2u), Owned("etc/file"));
        Assert.Equal(0, Files.Stat(_root, "etc/file").Size);
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task Links_are_followed_inside_the_tree_and_stay()
    {
        Shell.Bash($"cd {_tree}; ln -s /etc/file one; ln -s ../../../../../../etc one-up; ln -s one two; ln -s /nowhere/yet dangling; ln -s loop loop");

        await WriteAsync("/two", "through", new());
        Assert.Equal("through", Text("/etc/file"));
        Assert.Equal("through", Text("/one-up/file"));
        Assert.Equal("/etc/file", new FileInfo($"{_tree}/one").LinkTarget);

        await RefusedAsync(TreeFailure.NotFound, "/dangling");
        await WriteAsync("/dangling", "made", new() { MakeParents = true });
        Assert.Equal("made", File.ReadAllText($"{_tree}/nowhere/yet"));
        await RefusedAsync(TreeFailure.NotAllowed, "/loop", "too many symbolic links");
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task Links_that_lead_out_stay_inside()
    {
        string outside = _directory["outside"];
        Shell.Bash($"cd {_tree}; ln -s {outside} abs; ln -s ../outside up; ln -s ../outdir updir; ln -s {_directory["outdir"]} absdir");
        foreach (string path in (string[])["/abs", "/up", "/updir/x", "/absdir/x", "/../outside", "/etc/../../../outside"])
        {
            Assert.Equal(TreeFailure.NotFound, Assert.Throws<TreeFileException>(() => Text(path)).Failure);
            await WriteAsync(path, "inside", new() { MakeParents = true });
            Assert.Equal("inside", Text(path));
            TreeFile.Remove(_root, new FileInfo(_tree + path).LinkTarget is null ? path : path == "/abs" ? outside : "/outside");
        }
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task What_is_no_file_is_refused_and_never_opened()
    {
        Shell.Bash($"cd {_tree}; mkfifo fifo; mknod zero c 1 5; mknod disk b 7 200; ln -s fifo tofifo; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")'; mkdir dir; ln -s dir todir");
        foreach ((string path, string why) in ((string, string)[])[
            ("/fifo", "it is a FIFO"), ("/tofifo", "it is a FIFO"), ("/zero", "it is a device"), ("/disk", "it is a device"), ("/sock", "it is a socket"),
            ("/dir", "it is a directory"), ("/todir", "it is a directory"), ("/dir/", "it names a directory"), ("/dir/.", "it names a directory"), ("/..", "it names a directory"),
            ("/proc/x", "/proc, /sys or /dev"), ("/etc/../dev/null", "/proc, /sys or /dev"), ("etc/file", "not absolute"), ("/a\0b", "NUL"),
            ("/" + new string('x', 256), "too long"), ("/" + string.Concat(Enumerable.Repeat("d/", 2100)) + "f", "too long")])
        {
            await RefusedAsync(TreeFailure.NotAllowed, path, why);
            TreeFileException read = Assert.Throws<TreeFileException>(() => Text(path));
            Assert.Equal(TreeFailure.NotAllowed, read.Failure);
            Assert.Contains(why, read.Message, StringComparison.Ordinal);
        }

        await RefusedAsync(TreeFailure.NotFound, "/none/file");
        await RefusedAsync(TreeFailure.NotFound, "/etc/file/below");
        await RefusedAsync(TreeFailure.NotFound, "/none/../file", makeParents: true);
        await WriteAsync("/" + new string('é', 127) + "x", "long", new());
        Assert.Equal("long", Text("/" + new string('é', 127) + "x"));
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task Content_that_breaks_off_changes_nothing()
    {
        string[] before = Names();
        await Assert.ThrowsAsync<EndOfStreamException>(() => TreeFile.ReplaceAsync(
            _root, "/etc/file", new BrokenStream(700_000), new(), _kind, default));
        await Assert.ThrowsAsync<EndOfStreamException>(() => TreeFile.ReplaceAsync(
            _root, "/x/y/z", new BrokenStream(700_000), new() { MakeParents = true }, _kind, default));

        Assert.Equal("old", Text("/etc/file"));
        Assert.Equal(before, Names());
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task A_temporary_name_is_remembered_before_it_appears_and_a_name_left_by_the_dead_is_removed()
    {
        List<string> told = [];
        var names = new Told(path => told.Add($"+{path} {File.Exists(_tree + path)}"), path => told.Add($"-{path} {File.Exists(_tree + path)}"));

        await WriteAsync("/etc/file", "new", new() { Names = names });

        Assert.Equal(2, told.Count);
        Assert.Matches(@"^\+/\.sleigh-[0-9a-f]{16} False$", told[0]);
        Assert.Equal("-" + told[0][1..], told[1]);

        // As if the daemon had died right behind the name.
        string dead = "";
        await Assert.ThrowsAsync<TimeoutException>(() => WriteAsync("/etc/file", "newer", new() { Names = new Told(path => dead = path, _ => throw new TimeoutException()) }));
        File.WriteAllText(_tree + dead, "left");
        TreeFile.Forget(_root, dead);
        Assert.False(File.Exists(_tree + dead));
        TreeFile.Forget(_root, dead);
        Directory.CreateDirectory(_tree + dead);
        TreeFile.Forget(_root, dead);
        Assert.True(Directory.Exists(_tree + dead));
        Directory.Delete(_tree + dead);
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task Only_what_can_be_seen_is_done_in_the_turn()
    {
        var content = new BrokenStream(300_000) { EndsWell = true };
        bool entered = false;
        await TreeFile.ReplaceAsync(
            _root, "/p/file", content, new()
            {
                MakeParents = true,
                Turn = _ =>
                {
                    entered = true;
                    Assert.Equal(0, content.Left);
                    Assert.False(Directory.Exists($"{_tree}/p"));
                    return Task.FromResult<IDisposable>(new MemoryStream());
                },
            }, default);

        Assert.True(entered);
        Assert.Equal(300_000, Files.Stat(_root, "p/file").Size);
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task A_mounted_file_is_refused_and_a_mounted_directory_is_written_into()
    {
        Shell.Bash($"cd {_directory.Path}; mkdir other; mkdir tree/mnt; touch tree/etc/hosts; mount -t tmpfs -o size=1m tmpfs tree/mnt; mount --bind outside tree/etc/hosts; echo -n was > tree/mnt/file");
        await RefusedAsync(TreeFailure.NotAllowed, "/etc/hosts", "something is mounted there");
        Assert.Contains("something is mounted there", Assert.Throws<TreeFileException>(() => TreeFile.Remove(_root, "/etc/hosts")).Message, StringComparison.Ordinal);
        Assert.Equal("secret", Text("/etc/hosts"));

        await WriteAsync("/mnt/file", "is", new());
        await WriteAsync("/mnt/new", "new", new());

        Assert.Equal("is", File.ReadAllText($"{_tree}/mnt/file"));
        Assert.Equal(["file", "new"], Directory.GetFiles($"{_tree}/mnt").Select(Path.GetFileName).Order(StringComparer.Ordinal));

        // Full: the old file is whole, nothing else is left.
        TreeFileException full = await Assert.ThrowsAsync<TreeFileException>(() => TreeFile.ReplaceAsync(
            _root, "/mnt/sub/big", new BrokenStream(3_000_000) { EndsWell = true }, new() { MakeParents = true }, _kind, default));
        Assert.Equal((TreeFailure.Full, "the disk is full; nothing was written"), (full.Failure, full.Message));
        Assert.Equal(2, Directory.GetFileSystemEntries($"{_tree}/mnt").Length);

        Shell.Bash($"mount -o remount,ro {_tree}/mnt");
        await RefusedAsync(TreeFailure.NotAllowed, "/mnt/file", "read-only");
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task Removing_takes_the_link_and_not_what_it_leads_to()
    {
        Shell.Bash($"cd {_tree}; ln -s {_directory["outside"]} out; ln -s etc/file in; mkfifo fifo");
        TreeFile.Remove(_root, "/out");
        TreeFile.Remove(_root, "/in");
        TreeFile.Remove(_root, "/fifo");
        Assert.Equal("old", Text("/etc/file"));
        TreeFile.Remove(_root, "/etc/file");
        Assert.False(File.Exists($"{_tree}/etc/file"));
        Assert.Equal(TreeFailure.NotFound, Assert.Throws<TreeFileException>(() => TreeFile.Remove(_root, "/etc/file")).Failure);
        Assert.Equal(TreeFailure.NotAllowed, Assert.Throws<TreeFileException>(() => TreeFile.Remove(_root, "/etc")).Failure);
        await WriteAsync("/etc/file", "again", new());
    }

    [HostFact(Need.Root, Need.Overlay)]
    public async Task Writes_stay_inside_while_a_directory_and_a_link_out_change_places()
    {
        Shell.Bash($"cd {_tree}; mkdir d; ln -s {_directory["outdir"]} l");
        using System.Diagnostics.Process swapper = System.Diagnostics.Process.Start("python3", ["-c", $"""
            import ctypes, os, time
            os.chdir("{_tree}")
            exchange = ctypes.CDLL(None).renameat2
            end = time.time() + 3
            while time.time() < end:
                assert exchange(-100, b"d", -100, b"l", 2) == 0
            """]);
        try
        {
            int done = 0;
            int changed = 0;
            while (!swapper.HasExited)
            {
                try
                {
                    await WriteAsync("/d/file", "x", new() { MakeParents = done % 2 == 0 });
                    _ = Text("/d/file");
                    TreeFile.Remove(_root, "/d/file");
                }
                catch (TreeFileException e) when (e.Failure is TreeFailure.Changed or TreeFailure.NotFound)
                {
                    changed++;
                }

                done++;
            }

            Assert.Equal(0, swapper.ExitCode);
            Assert.True(done > 20, $"{done} rounds");
            TestContext.Current.TestOutputHelper?.WriteLine($"{done} rounds, {changed} of them met a change");
        }
        finally
        {
            await swapper.WaitForExitAsync();
        }
    }

    private Task<TreeFileWritten> WriteAsync(string path, string text, TreeFileReplacement how) =>
        TreeFile.ReplaceAsync(_root, path, new MemoryStream(Encoding.UTF8.GetBytes(text)), how, _kind, default);

    private async Task RefusedAsync(TreeFailure failure, string path, string why = "", bool makeParents = false)
    {
        TreeFileException e = await Assert.ThrowsAsync<TreeFileException>(() => WriteAsync(path, "x", new() { MakeParents = makeParents }));
        Assert.Equal(failure, e.Failure);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    private string Text(string path)
    {
        using SafeFileHandle file = TreeFile.OpenRead(_root, path, out FileStatus status);
        byte[] bytes = new byte[status.Size];
        Assert.Equal(bytes.Length, RandomAccess.Read(file, bytes, 0));
        return Encoding.UTF8.GetString(bytes);
    }

    private (int Mode, uint User, uint Group) Owned(string path) =>
        Files.Stat(_root, path) is var status ? (status.Mode, status.UserId, status.GroupId) : default;

    private string[] Names() => [.. Directory.EnumerateFileSystemEntries(_tree, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private sealed class Told(Action<string> add, Action<string> remove) : ITemporaryNames
    {
        public void Add(string path) => add(path);

        public void Remove(string path) => remove(path);
    }
}
