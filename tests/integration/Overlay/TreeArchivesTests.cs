using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Archives out of and into trees: every kind of file, every kind of attack.</summary>
public sealed class TreeArchivesTests : IDisposable
{
    private readonly TestDirectory _directory = new(memory: true);
    private readonly string _tree;
    private readonly SafeFileHandle _root;

    public TreeArchivesTests()
    {
        _tree = _directory.Make("tree");
        File.WriteAllText(_directory["outside"], "secret");
        Directory.CreateDirectory(_directory["outdir"]);
        _root = Files.Open(_tree, OpenFlags.PathOnly | OpenFlags.Directory);
    }

    public void Dispose()
    {
        _root.Dispose();
        Assert.Equal("secret", File.ReadAllText(_directory["outside"]));
        Assert.Empty(Directory.GetFileSystemEntries(_directory["outdir"]));
        _directory.Dispose();
    }

    [HostFact(Need.Root)]
    public async Task A_tree_of_every_kind_comes_back_byte_for_byte()
    {
        string source = OddTree.Make(_directory["tree/odd"]);
        byte[] archive = await ReadAsync("/odd");

        TreeExtraction written = await TreeArchives.WriteAsync(_root, "/a/new/place", new MemoryStream(archive), default);

        TreeManifest.AssertEqual(TreeManifest.Of(source), TreeManifest.Of($"{_tree}/a/new/place/odd"));
        Assert.Equal(0x1ED, Files.Stat(_root, "a/new").Mode);
        Assert.True(written.Files > 60);
        Assert.InRange(Files.Stat(_root, "a/new/place/odd/sparse").AllocatedBytes, 1, 1 << 20);
        Assert.Equal(Files.Stat(_root, "a/new/place/odd/one").Inode, Files.Stat(_root, "a/new/place/odd/sub/two").Inode);
        Assert.Empty(Temporary());

        // The same again on top, and under temporary names: nothing is different afterwards.
        await TreeArchives.WriteAsync(_root, "/a/new/place", new MemoryStream(archive), NewFileKind.Named, default);
        TreeManifest.AssertEqual(TreeManifest.Of(source), TreeManifest.Of($"{_tree}/a/new/place/odd"));
        Assert.Empty(Temporary());
    }

    [HostFact(Need.Root)]
    public async Task Tar_of_the_host_reads_and_writes_the_same_trees()
    {
        string source = OddTree.Make(_directory["tree/odd"]);
        await File.WriteAllBytesAsync(_directory["ours.tar"], await ReadAsync("/odd"));
        _directory.Make("extracted");
        Shell.Bash($"cd {_directory["extracted"]} && tar --numeric-owner -xpf ../ours.tar");
        TreeManifest.AssertEqual(TreeManifest.Of(source), TreeManifest.Of(_directory["extracted/odd"]));

        foreach (string format in (string[])["pax", "gnu"])
        {
            Shell.Bash($"cd {_tree} && tar --format={format} --numeric-owner -cf ../theirs.tar odd");
            await using FileStream theirs = File.OpenRead(_directory["theirs.tar"]);
            await TreeArchives.WriteAsync(_root, $"/{format}", theirs, default);
            IEnumerable<string> expected = TreeManifest.Of(source);
            IEnumerable<string> actual = TreeManifest.Of($"{_tree}/{format}/odd");
            TreeManifest.AssertEqual([.. expected.Select(Comparable)], [.. actual.Select(Comparable)]);

            // GNU's own format has whole seconds.
            string Comparable(string line) => format == "pax" ? line : System.Text.RegularExpressions.Regex.Replace(line, @"\.\d{9} ", " ");
        }
    }

    [HostFact(Need.Root)]
    public async Task On_an_overlay_files_of_the_image_are_replaced_and_linked()
    {
        Shell.Bash($$"""
            cd {{_directory.Path}}; mkdir lower upper work merged; mkdir lower/dir; echo old > lower/dir/file; ln lower/dir/file lower/dir/linked
            ln -s /etc lower/link; echo mine > lower/kept
            mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
            """);
        using SafeFileHandle root = Files.Open(_directory["merged"], OpenFlags.PathOnly | OpenFlags.Directory);
        _directory.Make("theirs/dir");
        Shell.Bash($"cd {_directory["theirs"]}; echo new > dir/file; echo more > dir/added; ln dir/added dir/hard; echo flat > link; tar -cf ../theirs.tar dir link");
        foreach (NewFileKind kind in Enum.GetValues<NewFileKind>())
        {
            await using FileStream archive = File.OpenRead(_directory["theirs.tar"]);
            await TreeArchives.WriteAsync(root, "/", archive, kind, default);
            Assert.Equal("new\n", File.ReadAllText(_directory["merged/dir/file"]));
            Assert.Equal("old\n", File.ReadAllText(_directory["merged/dir/linked"]));
            Assert.Equal("flat\n", File.ReadAllText(_directory["merged/link"]));
            Assert.Equal(Files.Stat(root, "dir/added").Inode, Files.Stat(root, "dir/hard").Inode);
            Assert.Equal(["added", "file", "hard", "linked"], Directory.GetFileSystemEntries(_directory["merged/dir"]).Select(Path.GetFileName).Order());
        }

        Shell.Bash($"cd {_directory.Path}; mkdir copy");
        using var all = new MemoryStream();
        TreeArchiveSummary sent = await TreeArchives.ReadAsync(root, "/", all, default);
        all.Position = 0;
        using SafeFileHandle copy = Files.Open(_directory["copy"], OpenFlags.PathOnly | OpenFlags.Directory);
        await TreeArchives.WriteAsync(copy, "/", all, default);
        Assert.Equal((8L, 0L), (sent.Members, sent.LeftOut));
        TreeManifest.AssertEqual([.. TreeManifest.Of(_directory["merged"]).Skip(1)], [.. TreeManifest.Of(_directory["copy"]).Skip(1)]);
    }

    [HostFact(Need.Root)]
    public async Task Deep_and_wide_trees_need_few_descriptors()
    {
        const int Depth = 900;
        Directory.CreateDirectory($"{_tree}/top");
        SafeFileHandle at = Files.Open($"{_tree}/top", OpenFlags.ReadOnly | OpenFlags.Directory);
        for (int i = 0; i < Depth; i++)
        {
            foreach (string name in (string[])["a", "z"])
            {
                Files.MakeNode(at, name, FileType.Regular, 0x1A4);
            }

            Files.MakeDirectory(at, "d", 0x1ED);
            using SafeFileHandle above = at;
            at = Files.Open(above, "d", OpenFlags.ReadOnly | OpenFlags.Directory);
        }

        at.Dispose();
        Directory.CreateDirectory($"{_tree}/top/wide");
        for (int i = 0; i < 3000; i++)
        {
            File.WriteAllText($"{_tree}/top/wide/{i}", "");
        }

        int most = 0;
        using var archive = new CountingStream(() => most = Math.Max(most, OpenBelow()));
        int before = OpenBelow();
        TreeArchiveSummary sent = await TreeArchives.ReadAsync(_root, "/top", archive, default);

        Assert.Equal(1 + (3 * Depth) + 1 + 3000, sent.Members);
        Assert.InRange(most - before, 1, TreeArchiver.MaxOpen + 20);
        archive.Position = 0;
        TreeExtraction written = await TreeArchives.WriteAsync(_root, "/copy", archive, default);
        Assert.Equal((2 * Depth) + 3000, written.Files);
        Assert.Equal(before, OpenBelow());
    }

    [HostFact(Need.Root)]
    public async Task Paths_longer_than_the_kernel_takes_are_left_out_and_counted()
    {
        Shell.Bash($$"""
            cd {{_tree}}; mkdir top; cd top
            perl -e 'my $n = "x" x 250; for (1..20) { mkdir $n or die; chdir $n or die; open(my $f, ">", "file") or die }'
            """);

        using var archive = new MemoryStream();
        TreeArchiveSummary sent = await TreeArchives.ReadAsync(_root, "/top", archive, default);

        Assert.True(sent.LeftOut > 0);
        Assert.Equal(1 + 16 + 16, sent.Members);
    }

    [HostFact(Need.Root)]
    public async Task Special_files_are_left_out_and_counted_and_refused_alone()
    {
        Shell.Bash($"cd {_tree}; mkdir d; mkfifo d/fifo; mknod d/null c 1 3; mknod d/disk b 7 200; echo x > d/file");

        using var archive = new MemoryStream();
        TreeArchiveSummary sent = await TreeArchives.ReadAsync(_root, "/d", archive, default);

        Assert.Equal((2L, 3L), (sent.Members, sent.LeftOut));
        TreeFileException refused = await Assert.ThrowsAsync<TreeFileException>(() => TreeArchives.ReadAsync(_root, "/d/fifo", archive, default));
        Assert.Equal((TreeFailure.NotAllowed, "path /d/fifo is not allowed: it is no file, directory or symbolic link"), (refused.Failure, refused.Message));
    }

    [HostFact(Need.Root)]
    public async Task A_file_that_changes_its_size_meanwhile_has_the_size_announced()
    {
        File.WriteAllBytes($"{_tree}/file", Enumerable.Repeat((byte)'x', 1_000_000).ToArray());
        foreach (long size in (long[])[300_000, 5_000_000])
        {
            int write = 0;
            using var archive = new CountingStream(() =>
            {
                if (write++ == 0)
                {
                    using SafeFileHandle file = Files.Open($"{_tree}/file", OpenFlags.WriteOnly);
                    RandomAccess.SetLength(file, size);
                }
            });
            long before = new FileInfo($"{_tree}/file").Length;
            await TreeArchives.ReadAsync(_root, "/file", archive, default);
            archive.Position = 0;
            await TreeArchives.WriteAsync(_root, "/out", archive, default);
            Assert.Equal(before, new FileInfo($"{_tree}/out/file").Length);
        }
    }

    [HostFact(Need.Root)]
    public async Task A_tree_that_is_removed_meanwhile_gives_a_whole_archive_of_what_was_left()
    {
        Shell.Bash($"cd {_tree}; for d in $(seq 60); do mkdir -p top/$d/sub/sub; for f in $(seq 30); do echo $f > top/$d/sub/$f; done; ln -s x top/$d/link; done");
        int write = 0;
        using var archive = new CountingStream(() =>
        {
            if (write++ == 0)
            {
                Shell.Bash($"rm -rf {_tree}/top");
            }
        });

        TreeArchiveSummary sent = await TreeArchives.ReadAsync(_root, "/top", archive, default);

        Assert.InRange(sent.Members, 50, 60 * 33);
        archive.Position = 0;
        TreeExtraction written = await TreeArchives.WriteAsync(_root, "/copy", archive, default);
        Assert.True(written.Files > 0);
    }

    [HostFact(Need.Root)]
    public async Task Links_never_lead_a_reader_out()
    {
        Shell.Bash($$"""
            cd {{_tree}}; mkdir -p etc a/b; echo inside > etc/passwd
            ln -s {{_directory["outside"]}} absolute; ln -s ../../../../../..{{_directory["outside"]}} a/b/up; ln -s /proc/self/root a/b/magic
            ln -s / whole; ln -s loop loop; ln -s /etc to-etc; ln -s ../../whole/etc a/b/chain; ln -s proc kernel
            """);
        Assert.Equal("inside\n", await ReadFileAsync("/whole/whole/../whole/etc/passwd"));
        Assert.Equal("inside\n", await ReadFileAsync("/a/b/chain/passwd"));
        Assert.Equal("inside\n", await ReadFileAsync("/../../a/../../etc/./passwd"));
        Assert.Equal("inside\n", await ReadFileAsync("/to-etc/passwd"));
        Assert.Equal(FileType.SymbolicLink, TreeArchives.Stat(_root, "/to-etc").Status.Type);
        Assert.Equal((KernelPath)"/etc", TreeArchives.Stat(_root, "/to-etc").LinkTarget);
        Assert.Equal(FileType.Directory, TreeArchives.Stat(_root, "/to-etc/").Status.Type);
        Assert.Equal(FileType.Directory, TreeArchives.Stat(_root, "/").Status.Type);

        foreach (string path in (string[])["/absolute/", "/a/b/up/.", "/missing", "/etc/passwd/", "/etc/passwd/x", "/a/b/up/../x"])
        {
            TreeFileException refused = Assert.Throws<TreeFileException>(() => TreeArchives.Stat(_root, path));
            Assert.Equal(TreeFailure.NotFound, refused.Failure);
        }

        foreach (string path in (string[])
            ["/proc", "/proc/self/root", "/sys/kernel", "/dev/null", "/./proc", "/a/../proc", "/kernel/", "/kernel/x", "/a/b/magic/etc", "/whole/proc/1/root", "/a/b/magic/"])
        {
            TreeFileException refused = Assert.Throws<TreeFileException>(() => TreeArchives.Stat(_root, path));
            Assert.Equal(
                (TreeFailure.NotAllowed, $"path {path.TrimEnd('/')} is not allowed: it leads to /proc, /sys or /dev"), (refused.Failure, refused.Message));
        }

        Assert.Equal("path /loop/x is not allowed: too many symbolic links", Assert.Throws<TreeFileException>(() => TreeArchives.Stat(_root, "/loop/x")).Message);
        Shell.Bash($"cd {_tree}; mkdir -p proc/1 sys dev devel; echo p > proc/1/x; echo d > devel/y");
        Assert.Equal(FileType.Regular, TreeArchives.Stat(_root, "/devel/y").Status.Type);
        byte[] all = await ReadAsync("/");
        await File.WriteAllBytesAsync(_directory["all.tar"], all);
        string names = Shell.Bash($"tar -tf {_directory["all.tar"]}");
        Assert.Contains("./devel/y\n", names, StringComparison.Ordinal);
        Assert.DoesNotContain("proc", names, StringComparison.Ordinal);
        Assert.DoesNotContain("./dev/", names, StringComparison.Ordinal);
    }

    [HostFact(Need.Root)]
    public async Task Links_never_lead_a_writer_out_and_what_is_in_the_way_is_named()
    {
        Shell.Bash($$"""
            cd {{_tree}}; mkdir -p etc dir sub; echo keep > etc/file
            ln -s {{_directory["outdir"]}} out; ln -s ../../../../../../../..{{_directory["outdir"]}} up; ln -s /etc to-etc; echo plain > plain
            ln -s {{_directory["outside"]}} victim; ln -s /proc/self magic
            """);

        await RefusedAsync("/", Tar("out/x"), TreeFailure.NotAllowed, "archive entry out/x is not allowed: the archive has a directory where the sandbox has a symbolic link, out");
        await RefusedAsync("/", Tar("up/", TarKind.Directory), TreeFailure.NotAllowed, "archive entry up/ is not allowed: the archive has a directory where the sandbox has a symbolic link, up");
        await RefusedAsync("/", Tar("to-etc/file"), TreeFailure.NotAllowed, "archive entry to-etc/file is not allowed: the archive has a directory where the sandbox has a symbolic link, to-etc");
        await RefusedAsync("/", Tar("plain/x"), TreeFailure.NotAllowed, "archive entry plain/x is not allowed: the archive has a directory where the sandbox has something else, plain");
        await RefusedAsync("/", Tar("dir"), TreeFailure.NotAllowed, "archive entry dir is not allowed: there is a directory in the sandbox");
        await RefusedAsync("/", Tar("dir", TarKind.SymbolicLink, "x"), TreeFailure.NotAllowed, "archive entry dir is not allowed: there is a directory in the sandbox");
        await RefusedAsync("/", Tar("../x"), TreeFailure.NotAllowed, "archive entry ../x is not allowed: its name or link target leads upwards with '..'");
        await RefusedAsync("/", Tar("/etc/x"), TreeFailure.NotAllowed, "archive entry /etc/x is not allowed: its name or link target is absolute");
        await RefusedAsync("/", Tar("proc/x"), TreeFailure.NotAllowed, "archive entry proc/x is not allowed: it is at or under /proc, /sys or /dev");
        await RefusedAsync("/", Tar("./dev", TarKind.Directory), TreeFailure.NotAllowed, "archive entry ./dev is not allowed: it is at or under /proc, /sys or /dev");
        await RefusedAsync("/", Tar("."), TreeFailure.NotAllowed, "archive entry . is not allowed: it has no name");
        await RefusedAsync("/", Tar("h", TarKind.HardLink, "out/x"), TreeFailure.NotAllowed, "archive entry h is not allowed: it is a hard link to out/x, which is not there");
        await RefusedAsync("/", Tar("h", TarKind.HardLink, "../x"), TreeFailure.NotAllowed, "archive entry h is not allowed: its name or link target leads upwards with '..'");
        await RefusedAsync("/", Tar("h", TarKind.HardLink, "dir"), TreeFailure.NotAllowed, "archive entry h is not allowed: it is a hard link to dir, which is no file");
        await RefusedAsync("/", Tar("s", TarKind.SymbolicLink, ""), TreeFailure.NotAllowed, "archive entry s is not allowed: it is a link to nothing");
        await RefusedAsync("/", Tar("long/" + new string('n', 256)), TreeFailure.NotAllowed, $"archive entry long/{new string('n', 256)} is not allowed: a name in it is too long for the file system");
        await RefusedAsync("/magic", Tar("x"), TreeFailure.NotAllowed, "path /magic is not allowed: it leads to /proc, /sys or /dev");
        await RefusedAsync("/dev/shm", Tar("x"), TreeFailure.NotAllowed, "path /dev/shm is not allowed: it leads to /proc, /sys or /dev");
        await RefusedAsync("/plain", Tar("x"), TreeFailure.NotAllowed, "path /plain is not allowed: there is something in the sandbox that is no directory");
        await RefusedAsync("/plain/sub", Tar("x"), TreeFailure.NotAllowed, "path /plain/sub is not allowed: there is something in the sandbox that is no directory");

        // The archive's own link is no way out either.
        byte[] own = [.. Tar("trap", TarKind.SymbolicLink, _directory["outdir"])[..^1024], .. Tar("trap/x")];
        await RefusedAsync("/", own, TreeFailure.NotAllowed, "archive entry trap/x is not allowed: the archive has a directory where the sandbox has a symbolic link, trap");

        // Links are replaced, not followed; the directory that is asked for may be reached through links inside.
        await TreeArchives.WriteAsync(_root, "/", new MemoryStream(Tar("victim")), default);
        Assert.Equal(FileType.Regular, Files.Stat(_root, "victim").Type);
        await TreeArchives.WriteAsync(_root, "/to-etc", new MemoryStream(Tar("through")), default);
        Assert.Equal(FileType.Regular, Files.Stat(_root, "etc/through").Type);
        await TreeArchives.WriteAsync(_root, "/up/made", new MemoryStream(Tar("x")), default);
        Assert.True(File.Exists($"{_tree}{_directory["outdir"]}/made/x"));
        Assert.Equal("keep\n", File.ReadAllText($"{_tree}/etc/file"));
        Assert.Empty(Temporary());
    }

    [HostFact(Need.Root)]
    public async Task Devices_are_refused_and_what_came_before_stays()
    {
        Shell.Bash($"cd {_directory.Path}; mkdir t; cd t; echo first > a; mknod b c 1 3; echo last > c; tar -cf ../t.tar a b c");
        byte[] archive = await File.ReadAllBytesAsync(_directory["t.tar"]);

        await RefusedAsync("/to", archive, TreeFailure.NotAllowed, "archive entry b is not allowed: devices and FIFOs are not made");

        Assert.Equal(["a"], Directory.GetFileSystemEntries($"{_tree}/to").Select(Path.GetFileName));
    }

    [HostFact(Need.Root)]
    public async Task A_cut_archive_leaves_no_half_file()
    {
        File.WriteAllBytes($"{_tree}/big", new byte[3_000_000].Select((_, i) => (byte)i).ToArray());
        byte[] archive = await ReadAsync("/big");
        foreach (NewFileKind kind in Enum.GetValues<NewFileKind>())
        {
            TreeFileException cut = await Assert.ThrowsAsync<TreeFileException>(
                () => TreeArchives.WriteAsync(_root, "/to", new MemoryStream(archive[..2_000_000]), kind, default));
            Assert.Equal((TreeFailure.BadArchive, "big"), (cut.Failure, cut.Entry));
            Assert.Empty(Directory.GetFileSystemEntries($"{_tree}/to"));
        }
    }

    [HostFact(Need.Root)]
    public async Task A_full_disk_is_told_with_the_entry()
    {
        Shell.Bash($"mkdir {_tree}/small; mount -t tmpfs -o size=1m tmpfs {_tree}/small");
        File.WriteAllBytes($"{_tree}/a", Enumerable.Repeat((byte)1, 600_000).ToArray());
        File.WriteAllBytes($"{_tree}/b", Enumerable.Repeat((byte)1, 600_000).ToArray());
        byte[] archive = [.. (await ReadAsync("/a"))[..^1024], .. await ReadAsync("/b")];

        await RefusedAsync("/small", archive, TreeFailure.Full, "the disk is full; the archive was written up to entry b");

        Assert.Equal(["a"], Directory.GetFileSystemEntries($"{_tree}/small").Select(Path.GetFileName));
    }

    [HostFact(Need.Root)]
    public async Task The_directory_that_was_there_keeps_its_ways_and_a_new_one_gets_the_archives()
    {
        Shell.Bash($"cd {_directory.Path}; mkdir -m 0700 src; echo x > src/f; touch -d @1000000000 src; tar -C src --owner=5 --group=6 -cf dot.tar .; mkdir -m 1777 {_tree}/tmp");
        byte[] archive = await File.ReadAllBytesAsync(_directory["dot.tar"]);

        await TreeArchives.WriteAsync(_root, "/tmp", new MemoryStream(archive), default);
        await TreeArchives.WriteAsync(_root, "/fresh", new MemoryStream(archive), default);

        Assert.Equal((0x3FF, 0u), (Files.Stat(_root, "tmp").Mode, Files.Stat(_root, "tmp").UserId));
        FileStatus fresh = Files.Stat(_root, "fresh");
        Assert.Equal((0x1C0, 5u, 6u, 1_000_000_000L), (fresh.Mode, fresh.UserId, fresh.GroupId, fresh.ModifyTime.Seconds));
    }

    [HostFact(Need.Root)]
    public async Task A_directory_that_becomes_a_link_at_any_moment_leads_nowhere()
    {
        Shell.Bash($"cd {_tree}; mkdir -p work/dir/sub home; echo inside > work/dir/sub/outside");
        using var stop = new CancellationTokenSource();
        var swapper = new Thread(() => Swap(stop.Token));
        swapper.Start();
        try
        {
            // Also the file that is read, since the swapper may lose the one that was there first.
            byte[] archive = [.. Tar("dir/sub/x")[..^1024], .. Tar("dir/sub/outside")[..^1024], .. Tar("dir/outside")];
            DateTime end = DateTime.UtcNow.AddSeconds(3);
            (int written, int refused, int read) = (0, 0, 0);
            while (DateTime.UtcNow < end)
            {
                try
                {
                    await TreeArchives.WriteAsync(_root, "/work", new MemoryStream(archive), default);
                    await TreeArchives.WriteAsync(_root, "/work/dir/sub", new MemoryStream(Tar("y")), default);
                    written++;
                }
                catch (TreeFileException e) when (e.Failure is TreeFailure.NotAllowed or TreeFailure.Changed or TreeFailure.NotFound)
                {
                    refused++;
                }

                try
                {
                    using var all = new MemoryStream();
                    await TreeArchives.ReadAsync(_root, "/work", all, default);
                    Assert.True(all.ToArray().AsSpan().IndexOf("secret"u8) < 0);
                    all.SetLength(0);
                    await TreeArchives.ReadAsync(_root, "/work/dir/sub/outside", all, default);
                    Assert.True(all.ToArray().AsSpan().IndexOf("secret"u8) < 0);
                    read++;
                }
                catch (TreeFileException e) when (e.Failure is TreeFailure.NotFound or TreeFailure.NotAllowed)
                {
                }
            }

            Assert.True(written > 0 && refused > 0 && read > 0, $"{written} written, {refused} refused, {read} read: the race was not run");
        }
        finally
        {
            await stop.CancelAsync();
            swapper.Join();
        }
    }

    // dir is by turns a directory and a link out.
    private void Swap(CancellationToken stop)
    {
        using SafeFileHandle work = Files.Open(_root, "work", OpenFlags.PathOnly);
        using SafeFileHandle home = Files.Open(_root, "home", OpenFlags.PathOnly);
        string[] targets = [_directory.Path, _directory["outdir"], "/proc/self/root", "../../.."];
        for (int turn = 0; !stop.IsCancellationRequested; turn++)
        {
            // What the writer has made in between is moved away by the next turn.
            Try(() => Files.Rename(work, "dir", home, $"old{turn}"));
            Try(() => Files.MakeSymbolicLink(work, "dir", targets[turn % targets.Length]));
            Thread.SpinWait(20_000);
            Try(() => Files.Unlink(work, "dir"));
            Try(() => Files.Rename(home, $"old{turn}", work, "dir"));
            Thread.SpinWait(20_000);
        }

        static void Try(Action change)
        {
            try
            {
                change();
            }
            catch (KernelException)
            {
                // The other side made something there in between.
            }
        }
    }

    private async Task<byte[]> ReadAsync(string path)
    {
        using var archive = new MemoryStream();
        await TreeArchives.ReadAsync(_root, path, archive, default);
        return archive.ToArray();
    }

    private async Task<string> ReadFileAsync(string path)
    {
        using var archive = new MemoryStream(await ReadAsync(path));
        using var reader = new System.Formats.Tar.TarReader(archive);
        return await new StreamReader(reader.GetNextEntry()!.DataStream!).ReadToEndAsync();
    }

    private async Task RefusedAsync(string path, byte[] archive, TreeFailure failure, string message)
    {
        TreeFileException refused = await Assert.ThrowsAsync<TreeFileException>(
            () => TreeArchives.WriteAsync(_root, path, new MemoryStream(archive), default));
        Assert.Equal((failure, message), (refused.Failure, refused.Message));
    }

    private static byte[] Tar(string name, TarKind kind = TarKind.File, string target = "")
    {
        using var archive = new MemoryStream();
        var output = new TarOutput(archive, default);
        output.MemberAsync(new TarMember { Kind = kind, Name = name, Target = target, Mode = 0x1ED }).AsTask().GetAwaiter().GetResult();
        output.EndAsync().AsTask().GetAwaiter().GetResult();
        return archive.ToArray();
    }

    // Of this test alone: others run beside it in this process.
    private int OpenBelow() => Directory.GetFileSystemEntries("/proc/self/fd")
        .Count(path => new FileInfo(path).LinkTarget?.StartsWith(_directory.Path, StringComparison.Ordinal) == true);

    private string Temporary() => Shell.Bash($"find {_tree} -name '.sleigh-*'");

    /// <summary>Calls back at each write.</summary>
    private sealed class CountingStream(Action written) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            written();
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
