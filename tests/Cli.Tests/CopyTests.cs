using System.Formats.Tar;
using System.Security.Cryptography;
using Sleigh.Cli.Copy;

namespace Sleigh.Cli.Tests;

public sealed class CopyTests : IAsyncDisposable
{
    private readonly FakeFiles _files = new();

    public ValueTask DisposeAsync() => _files.DisposeAsync();

    [Theory]
    // source, target, where "content" is to be found in the sandbox
    [InlineData("f", "web:/existing", "/existing/f")]
    [InlineData("f", "web:/existing/", "/existing/f")]
    [InlineData("f", "web:/new.txt", "/new.txt")]
    [InlineData("f", "web:/new/", "/new/f")]
    [InlineData("f", "web:/old.txt", "/old.txt")]
    [InlineData("f", "web:/", "/f")]
    [InlineData("f", "web:/link", "/existing/f")]
    [InlineData("d", "web:/existing", "/existing/d/sub/f")]
    [InlineData("d/.", "web:/existing", "/existing/sub/f")]
    [InlineData("d", "web:/new", "/new/sub/f")]
    [InlineData("d/", "web:/new/", "/new/sub/f")]
    [InlineData("d", "web:/a/b/c", "/a/b/c/sub/f")]
    [InlineData("tod/", "web:/existing", "/existing/tod/sub/f")]
    public async Task A_copy_to_a_sandbox_lands_where_cp_would_put_it(string source, string target, string expected)
    {
        Write(_files.Here, "f", "content");
        Write(_files.Here, "d/sub/f", "content");
        File.CreateSymbolicLink(_files.Here + "/tod", "d");
        Directory.CreateDirectory(_files.Root + "/existing");
        File.CreateSymbolicLink(_files.Root + "/link", "existing");
        Write(_files.Root, "old.txt", "old");

        CliRun run = await _files.CopyAsync($"{_files.Here}/{source}", target);

        Assert.Equal((0, ""), (run.ExitCode, run.Stdout));
        Assert.Equal("content", await File.ReadAllTextAsync(_files.Root + expected));
    }

    [Theory]
    [InlineData("web:/f", "existing", "existing/f")]
    [InlineData("web:/f", "existing/", "existing/f")]
    [InlineData("web:/f", "new.txt", "new.txt")]
    [InlineData("web:/f", "new/", "new/f")]
    [InlineData("web:/f", "old.txt", "old.txt")]
    [InlineData("web:/f", "link", "existing/f")]
    [InlineData("web:/d", "existing", "existing/d/sub/f")]
    [InlineData("web:/d/.", "existing", "existing/sub/f")]
    [InlineData("web:/d", "new", "new/sub/f")]
    [InlineData("web:/d/", "a/b", "a/b/sub/f")]
    public async Task A_copy_out_of_a_sandbox_lands_where_cp_would_put_it(string source, string target, string expected)
    {
        Write(_files.Root, "f", "content");
        Write(_files.Root, "d/sub/f", "content");
        Directory.CreateDirectory(_files.Here + "/existing");
        File.CreateSymbolicLink(_files.Here + "/link", "existing");
        Write(_files.Here, "old.txt", "old");

        CliRun run = await _files.CopyAsync(source, $"{_files.Here}/{target}");

        Assert.Equal((0, "", ""), (run.ExitCode, run.Stdout, run.ExitCode == 0 ? "" : run.Stderr));
        Assert.Equal("content", await File.ReadAllTextAsync($"{_files.Here}/{expected}"));
    }

    [Fact]
    public async Task Everything_of_a_tree_that_is_a_file_comes_back_as_it_went()
    {
        byte[] big = RandomNumberGenerator.GetBytes(2_500_000);
        Write(_files.Here, "tree/a", "a");
        await File.WriteAllBytesAsync(_files.Here + "/tree/big", big);
        Write(_files.Here, "tree/empty", "");
        Write(_files.Here, "tree/" + new string('n', 200) + "/ä ö.txt", "long");
        Directory.CreateDirectory(_files.Here + "/tree/hollow");
        File.CreateSymbolicLink(_files.Here + "/tree/out", "/nowhere/at/all");
        File.SetUnixFileMode(_files.Here + "/tree/a", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.SetLastWriteTimeUtc(_files.Here + "/tree/a", new DateTime(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc));
        using (var pipe = System.Diagnostics.Process.Start("mkfifo", _files.Here + "/tree/pipe"))
        {
            await pipe.WaitForExitAsync();
        }

        CliRun up = await _files.CopyAsync(_files.Here + "/tree", "web:/srv/tree");
        CliRun down = await _files.CopyAsync("web:/srv/tree", _files.Here + "/back");

        Assert.Equal($"8 members, 2.4 MB\nleft out, being no files: {_files.Here}/tree/pipe\n", up.Stderr);
        Assert.Equal("8 members, 2.4 MB\n", down.Stderr);
        foreach (string tree in (string[])[_files.Root + "/srv/tree", _files.Here + "/back"])
        {
            Assert.Equal(big, await File.ReadAllBytesAsync(tree + "/big"));
            Assert.Equal("long", await File.ReadAllTextAsync($"{tree}/{new string('n', 200)}/ä ö.txt"));
            Assert.Equal("/nowhere/at/all", new FileInfo(tree + "/out").LinkTarget);
            Assert.True(Directory.Exists(tree + "/hollow"));
            Assert.Equal(0, new FileInfo(tree + "/empty").Length);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(tree + "/a"));
            Assert.Equal(new DateTime(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc), File.GetLastWriteTimeUtc(tree + "/a"));
            Assert.False(File.Exists(tree + "/pipe"));
        }
    }

    [Fact]
    public async Task A_dash_is_a_tar_on_standard_input_or_output()
    {
        Write(_files.Here, "t/x", "through");
        byte[] tar = FakeFiles.Tar(null, "-C", _files.Here, "-c", "t");

        CliRun up = await _files.CopyAsync("-", "web:/srv", tar);
        CliRun down = await _files.CopyAsync("web:/srv/t", "-");

        Assert.Equal((0, 0), (up.ExitCode, down.ExitCode));
        Assert.Equal("through", await File.ReadAllTextAsync(_files.Root + "/srv/t/x"));
        Assert.Contains("t/x", System.Text.Encoding.ASCII.GetString(FakeFiles.Tar(down.StdoutBytes, "-t")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("neither place is in a sandbox", "a", "b")]
    [InlineData("sleighctl cp a:/x - | sleighctl cp - b:/y", "a:/x", "b:/y")]
    [InlineData("its path must be absolute: web:/PATH", "web:x", "-")]
    public async Task Places_that_make_no_sense_are_a_usage_error(string expected, string source, string target)
    {
        CliRun run = await _files.CopyAsync(source, target);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Stderr, StringComparison.Ordinal);
        Assert.Empty(_files.Server.Requests);
    }

    [Fact]
    public async Task What_is_not_there_is_named_on_either_side()
    {
        CliRun here = await _files.CopyAsync(_files.Here + "/none", "web:/x");
        CliRun there = await _files.CopyAsync("web:/none", _files.Here);

        Assert.Equal((1, $"sleighctl: there is no {_files.Here}/none on this machine\n"), (here.ExitCode, here.Stderr));
        Assert.Equal((1, "sleighctl: resource not found: /none\n"), (there.ExitCode, there.Stderr));
    }

    [Fact]
    public async Task A_directory_is_not_copied_onto_a_file()
    {
        Write(_files.Here, "d/x", "");
        Write(_files.Root, "file", "stays");

        CliRun run = await _files.CopyAsync(_files.Here + "/d", "web:/file");

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("/file is a file; a directory cannot be copied onto it", run.Stderr, StringComparison.Ordinal);
        Assert.DoesNotContain(_files.Server.Requests, r => r.Method == "PUT");
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("d/../../evil")]
    [InlineData("d/sub/../../../evil")]
    public async Task A_member_that_leads_out_of_the_target_is_refused(string name)
    {
        _files.Archive = Archive(new PaxTarEntry(TarEntryType.Directory, "d"), Of(name, "evil"));
        Directory.CreateDirectory(_files.Root + "/d");

        CliRun run = await _files.CopyAsync("web:/d", _files.Here + "/out");

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("would be written outside of the target; it is refused", run.Stderr, StringComparison.Ordinal);
        Assert.False(File.Exists(_files.Here + "/evil"));
    }

    [Fact]
    public async Task A_member_behind_a_link_of_the_archive_is_refused()
    {
        string outside = Path.Combine(_files.Here, "outside");
        Directory.CreateDirectory(outside);
        _files.Archive = Archive(
            new PaxTarEntry(TarEntryType.Directory, "d"), new PaxTarEntry(TarEntryType.SymbolicLink, "d/a") { LinkName = outside }, Of("d/a/evil", "evil"));
        Directory.CreateDirectory(_files.Root + "/d");

        CliRun run = await _files.CopyAsync("web:/d", _files.Here + "/out");

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains($"'d/a/evil' would be written through the symbolic link {_files.Here}/out/a; nothing is written there", run.Stderr, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [Fact]
    public async Task Links_that_stand_in_the_way_are_replaced_and_not_followed()
    {
        Write(_files.Here, "precious", "mine");
        Directory.CreateDirectory(_files.Here + "/out");
        File.CreateSymbolicLink(_files.Here + "/out/f", "../precious");
        Directory.CreateDirectory(_files.Here + "/elsewhere");
        File.CreateSymbolicLink(_files.Here + "/out/dir", "../elsewhere");
        _files.Archive = Archive(
            new PaxTarEntry(TarEntryType.Directory, "d"), Of("d/f", "theirs"), new PaxTarEntry(TarEntryType.Directory, "d/dir") { Mode = UnixFileMode.UserRead });
        Directory.CreateDirectory(_files.Root + "/d");

        CliRun run = await _files.CopyAsync("web:/d/.", _files.Here + "/out");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(("mine", "theirs"), (await File.ReadAllTextAsync(_files.Here + "/precious"), await File.ReadAllTextAsync(_files.Here + "/out/f")));
        Assert.Null(new DirectoryInfo(_files.Here + "/out/dir").LinkTarget);
        Assert.NotEqual(UnixFileMode.UserRead, File.GetUnixFileMode(_files.Here + "/elsewhere"));
    }

    [Fact]
    public async Task A_hard_link_reads_nothing_through_a_link_and_is_a_file_of_its_own()
    {
        Write(_files.Here, "secret", "secret");
        _files.Archive = Archive(
            new PaxTarEntry(TarEntryType.Directory, "d"),
            Of("d/f", "text"),
            new PaxTarEntry(TarEntryType.HardLink, "d/g") { LinkName = "d/f" },
            new PaxTarEntry(TarEntryType.SymbolicLink, "d/s") { LinkName = _files.Here + "/secret" },
            new PaxTarEntry(TarEntryType.HardLink, "d/h") { LinkName = "d/s" });
        Directory.CreateDirectory(_files.Root + "/d");

        CliRun run = await _files.CopyAsync("web:/d", _files.Here + "/out");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("text", await File.ReadAllTextAsync(_files.Here + "/out/g"));
        Assert.Equal(_files.Here + "/secret", new FileInfo(_files.Here + "/out/h").LinkTarget);
    }

    [Fact]
    public async Task Setuid_does_not_come_out_of_a_sandbox_and_devices_are_left_out()
    {
        PaxTarEntry tool = Of("d/tool", "x");
        tool.Mode = UnixFileMode.SetUser | UnixFileMode.SetGroup | UnixFileMode.UserRead | UnixFileMode.UserExecute;
        _files.Archive = Archive(
            new PaxTarEntry(TarEntryType.Directory, "d"), tool, new PaxTarEntry(TarEntryType.CharacterDevice, "d/null") { DeviceMajor = 1, DeviceMinor = 3 });
        Directory.CreateDirectory(_files.Root + "/d");

        CliRun run = await _files.CopyAsync("web:/d", _files.Here + "/out");

        Assert.Equal((0, "2 members, 1 B\nleft out, being no files: d/null\n"), (run.ExitCode, run.Stderr));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(_files.Here + "/out/tool"));
    }

    [Theory]
    [InlineData("not a tar at all, and longer than a header of a tar would need to be")]
    [InlineData("")]
    public async Task An_archive_that_is_none_is_an_error_or_empty(string content)
    {
        _files.Archive = content.Length == 0 ? new byte[1024] : System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(content, 20)));
        Directory.CreateDirectory(_files.Root + "/d");

        CliRun run = await _files.CopyAsync("web:/d", _files.Here + "/out");

        Assert.Equal(content.Length == 0 ? 0 : 1, run.ExitCode);
        Assert.Contains(content.Length == 0 ? "0 B" : "the daemon's archive is not a sound tar", run.Stderr, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web:/srv", "web", "/srv")]
    [InlineData("sbx_1:/", "sbx_1", "/")]
    [InlineData("./a:b", null, "./a:b")]
    [InlineData("/a:b", null, "/a:b")]
    [InlineData("d/a:b", null, "d/a:b")]
    [InlineData("-", null, "-")]
    [InlineData(":x", null, ":x")]
    public void A_place_is_in_a_sandbox_when_a_name_stands_before_a_colon(string text, string? sandbox, string path) =>
        Assert.Equal(new CopyPlace(sandbox, path), CopyPlace.Parse(text));

    [Theory]
    [InlineData("etc", "etc", null, "")]
    [InlineData("etc/", "etc", null, "")]
    [InlineData("etc/passwd", "etc", null, "passwd")]
    [InlineData("./etc/passwd", "etc", "conf", "conf/passwd")]
    [InlineData("etc", "etc", "conf", "conf")]
    [InlineData("etcetera", "etc", "conf", "conf/etcetera")]
    [InlineData("bin/sh", "", null, "bin/sh")]
    public void The_copied_things_own_name_is_replaced(string member, string name, string? newName, string expected) =>
        Assert.Equal(expected, CopyRun.Rename(member, name, newName));

    private static void Write(string folder, string path, string content)
    {
        string full = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
    }

    private static PaxTarEntry Of(string name, string content) =>
        new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)) };

    private static byte[] Archive(params PaxTarEntry[] entries)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, leaveOpen: true))
        {
            foreach (PaxTarEntry entry in entries)
            {
                tar.WriteEntry(entry);
            }
        }

        return bytes.ToArray();
    }
}
