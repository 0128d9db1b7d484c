using Sleigh.Overlay;
using Sleigh.Runtime.Options;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Zones;

/// <summary>Real directories and links in a folder of the test's own.</summary>
public sealed class HostZonesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-zones-").FullName;
    private readonly LiveOptions _options;
    private readonly HostZones _zones;

    public HostZonesTests()
    {
        Directory.CreateDirectory(Root + "/plain/deep");
        Directory.CreateDirectory(_folder + "/outside");
        File.WriteAllText(Root + "/file", "");
        Link("relative", "plain/deep");
        Link("absolute", Root + "/plain");
        Link("above", "../outside");
        Link("away", _folder + "/outside");
        Link("beside", Root + "-other");
        Link("nowhere", "/nothing/at/all");
        Link("dangling", "missing");
        Link("loop", "loop");
        Link("plain/up", "../../outside");
        Link("plain/back", "../plain/deep");
        _options = new LiveOptions(new SleighOptions
        {
            Mounts = new MountsOptions { Root = Root, RwPaths = ["plain/deep", "missing"] },
            Environments = new EnvironmentsOptions { Root = Root },
        });
        _zones = new HostZones(_options);
    }

    private string Root => _folder + "/root";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", "")]
    [InlineData("plain", "plain")]
    [InlineData("relative", "plain/deep")]
    [InlineData("absolute/deep", "plain/deep")]
    [InlineData("plain/back", "plain/deep")]
    public async Task Links_inside_the_root_are_followed_and_the_path_has_none(string path, string found)
    {
        (HostDirectory directory, string hostPath) = await _zones.OpenAsync(ZoneKind.Mounts, "workspace_path", path);
        using (directory)
        {
            Assert.Equal(found, directory.RelativePath);
            Assert.Equal(found.Length == 0 ? Root : $"{Root}/{found}", hostPath);
        }
    }

    [Theory]
    [InlineData("above", ErrorKind.PathNotAllowed, "workspace_path is outside allowed host root")]
    [InlineData("away", ErrorKind.PathNotAllowed, "workspace_path is outside allowed host root")]
    [InlineData("beside", ErrorKind.PathNotAllowed, "workspace_path is outside allowed host root")]
    [InlineData("nowhere", ErrorKind.PathNotAllowed, "workspace_path is outside allowed host root")]
    [InlineData("plain/up", ErrorKind.PathNotAllowed, "workspace_path is outside allowed host root")]
    [InlineData("absolute/up", ErrorKind.PathNotAllowed, "workspace_path is outside allowed host root")]
    [InlineData("missing", ErrorKind.HostPathNotFound, "host mount path does not exist (missing directory; server will not auto-create): resource not found")]
    [InlineData("plain/missing/x", ErrorKind.HostPathNotFound, "host mount path does not exist (missing directory; server will not auto-create): resource not found")]
    [InlineData("dangling", ErrorKind.HostPathNotFound, "host mount path does not exist (missing directory; server will not auto-create): resource not found")]
    [InlineData("file", ErrorKind.PathNotAllowed, "host mount path must be an existing directory: bad request")]
    [InlineData("file/x", ErrorKind.PathNotAllowed, "host mount path must be an existing directory: bad request")]
    public async Task What_cannot_be_mounted_is_refused_with_the_contracts_text(string path, ErrorKind kind, string text)
    {
        RuntimeException refused = await Assert.ThrowsAsync<RuntimeException>(() => _zones.OpenAsync(ZoneKind.Mounts, "workspace_path", path));

        Assert.Equal((kind, text), (refused.Kind, refused.Message));
    }

    [Theory]
    [InlineData("away", ErrorKind.PathNotAllowed, "environment_path is outside allowed host root")]
    [InlineData("missing", ErrorKind.HostPathNotFound, "environment host path does not exist (missing directory; server will not auto-create): resource not found")]
    [InlineData("file", ErrorKind.PathNotAllowed, "environment host path must be an existing directory")]
    public async Task What_cannot_be_copied_is_refused_with_the_contracts_text(string path, ErrorKind kind, string text)
    {
        RuntimeException refused = await Assert.ThrowsAsync<RuntimeException>(() => _zones.OpenAsync(ZoneKind.Environments, "environment_path", path));

        Assert.Equal((kind, text), (refused.Kind, refused.Message));
    }

    [Fact]
    public async Task A_loop_of_links_ends_with_a_refusal() =>
        await Assert.ThrowsAsync<RuntimeException>(() => _zones.OpenAsync(ZoneKind.Mounts, "workspace_path", "loop"));

    [Fact]
    public async Task A_zone_that_is_not_set_or_gone_is_unavailable_and_settings_are_read_each_time()
    {
        _options.Replace(new SleighOptions());
        await AssertUnavailableAsync("the mount zone is not available: it is not set");
        _options.Replace(new SleighOptions { Mounts = new MountsOptions { Root = _folder + "/gone" } });
        await AssertUnavailableAsync("the mount zone is not available: that folder is missing on the host");
        _options.Replace(new SleighOptions { Mounts = new MountsOptions { Root = Root + "/file" } });
        await AssertUnavailableAsync("the mount zone is not available: that folder is missing on the host");
        await Assert.ThrowsAsync<RuntimeException>(() => _zones.ListAsync(ZoneKind.Mounts));
    }

    [Theory]
    [InlineData("plain/deep", true)]
    [InlineData("relative", true)]
    [InlineData("plain", false)]
    [InlineData("", false)]
    public async Task Writing_is_allowed_at_and_under_what_the_operator_lists_by_the_path_without_links(string path, bool allowed)
    {
        (HostDirectory directory, _) = await _zones.OpenAsync(ZoneKind.Mounts, "workspace_path", path);
        using (directory)
        {
            Assert.Equal(allowed, await _zones.AllowsWritingAsync(directory));
        }
    }

    [Fact]
    public async Task A_link_in_a_writable_place_opens_no_other_one()
    {
        Link("plain/deep/sly", "../..");
        (HostDirectory directory, _) = await _zones.OpenAsync(ZoneKind.Mounts, "workspace_path", "plain/deep/sly");
        using (directory)
        {
            Assert.False(await _zones.AllowsWritingAsync(directory));
        }
    }

    [Fact]
    public async Task The_dot_allows_writing_everywhere()
    {
        _options.Replace(new SleighOptions { Mounts = new MountsOptions { Root = Root, RwPaths = ["."] } });
        (HostDirectory directory, _) = await _zones.OpenAsync(ZoneKind.Mounts, "workspace_path", "plain");
        using (directory)
        {
            Assert.True(await _zones.AllowsWritingAsync(directory));
        }
    }

    [Fact]
    public async Task A_recorded_directory_is_found_again_only_below_the_root_of_now()
    {
        (await _zones.ReopenAsync(Root + "/plain")).Dispose();
        (await _zones.ReopenAsync(Root)).Dispose();
        await Assert.ThrowsAnyAsync<IOException>(() => _zones.ReopenAsync(Root + "/missing"));
        await Assert.ThrowsAnyAsync<IOException>(() => _zones.ReopenAsync(_folder + "/outside"));
        await Assert.ThrowsAnyAsync<IOException>(() => _zones.ReopenAsync(Root + "-other"));
        _options.Replace(new SleighOptions { Mounts = new MountsOptions { Root = _folder + "/outside" } });
        await Assert.ThrowsAnyAsync<IOException>(() => _zones.ReopenAsync(Root + "/plain"));
    }

    [Fact]
    public async Task A_list_has_the_root_and_its_directories_in_the_order_of_bytes_and_no_links_or_files()
    {
        Directory.CreateDirectory(Root + "/Zed");
        Directory.CreateDirectory(Root + "/\u00fcber");
        Directory.CreateDirectory(Root + "/.hidden");

        ZoneListing listing = await _zones.ListAsync(ZoneKind.Mounts);

        Assert.Equal((Root, 0), (listing.Root, listing.Omitted));
        Assert.Equal(["/", "/.hidden", "/Zed", "/plain", "/\u00fcber"], listing.Entries.Select(e => e.Path));
        Assert.All(listing.Entries, e => Assert.Null(e.Note));
    }

    [Fact]
    [ContractLine("M4", Part = "200")]
    public async Task A_list_ends_at_200_and_counts_the_rest()
    {
        foreach (int n in Enumerable.Range(0, 199))
        {
            Directory.CreateDirectory($"{Root}/d{n:000}");
        }

        ZoneListing listing = await _zones.ListAsync(ZoneKind.Mounts);
        Assert.Equal((200, 1), (listing.Entries.Count, listing.Omitted));
        Assert.Equal("/d198", listing.Entries[^1].Path);

        Directory.Delete(Root + "/plain", recursive: true);
        Assert.Equal(0, (await _zones.ListAsync(ZoneKind.Mounts)).Omitted);
    }

    [Fact]
    public async Task A_note_is_read_in_the_environment_zone_and_a_link_to_one_is_not_followed()
    {
        File.WriteAllText(Root + "/env_readme.md", "\n all of them \n");
        File.WriteAllText(Root + "/plain/env_readme.md", new string('n', 1201));
        Directory.CreateDirectory(Root + "/sly");
        File.WriteAllText(_folder + "/secret", "secret");
        Link("sly/env_readme.md", _folder + "/secret");

        ZoneListing listing = await _zones.ListAsync(ZoneKind.Environments);

        Assert.Equal(
            [new ZoneEntry("/", "all of them"), new ZoneEntry("/plain", new string('n', 1200) + "...", true), new ZoneEntry("/sly")], listing.Entries);
        Assert.All((await _zones.ListAsync(ZoneKind.Mounts)).Entries, e => Assert.Null(e.Note));
    }

    private void Link(string name, string target) => File.CreateSymbolicLink($"{Root}/{name}", target);

    private async Task AssertUnavailableAsync(string text)
    {
        RuntimeException refused = await Assert.ThrowsAsync<RuntimeException>(() => _zones.OpenAsync(ZoneKind.Mounts, "workspace_path", ""));
        Assert.Equal((ErrorKind.ZoneUnavailable, text), (refused.Kind, refused.Message));
    }
}
