using System.Text;
using Sleigh.Runtime;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Endpoint 36.</summary>
public sealed class SnapshotDiffTests
{
    [Fact]
    [ContractLine("N6", Part = "live, and the reply")]
    public async Task A_page_is_as_the_contract_shows_it_and_its_cursor_gives_the_next()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string from = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");
        string to = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");
        DiffedFile File(long size, int mode = 0x1A4) => new("file", size, mode);
        api.Diffs.Result = new SnapshotDiff(
            [
                new("/app/main.py"u8.ToArray(), "modified", File(117), File(118)),
                new("/app/new.txt"u8.ToArray(), "added", null, File(119)),
                new("/app/run"u8.ToArray(), "modified", File(5), File(5, 0x9ED)),
                new("/b"u8.ToArray(), "deleted", new("dir", null, 0x1ED), null),
                new(new byte[] { 0x2F, 0xFF }, "type_changed", new("symlink", null, 0x1FF), File(3)),
            ],
            true, 1, 3, 1, 120);

        string path = $"/sandboxes/{sandbox}/snapshots/{from}/diff";
        Answer page = await api.SendAsync("GET", path, null, token);
        string first = api.Diffs.Asked!;
        string cursor = page.Text("next_cursor");
        await api.SendAsync("GET", $"{path}?cursor={cursor}&limit=5", null, token);
        string second = api.Diffs.Asked!;

        Assert.Equal(" /  1000", first);
        Assert.Equal(" / /\uFFFD 5", second);
        Assert.Equal(
            $$"""{"from":"{{from}}","to":"live","summary":{"added":1,"modified":3,"deleted":1,"bytes_added":120},"items":["""
            + """{"path":"/app/main.py","change":"modified","kind":"file","size_before":117,"size_after":118},"""
            + """{"path":"/app/new.txt","change":"added","kind":"file","size_after":119,"mode_after":"0644"},"""
            + """{"path":"/app/run","change":"modified","kind":"file","size_before":5,"size_after":5,"mode_before":"0644","mode_after":"4755"},"""
            + """{"path":"/b","change":"deleted","kind":"dir","mode_before":"0755"},"""
            + "{\"path\":\"/\uFFFD\",\"path_base64\":\"L/8=\",\"change\":\"type_changed\",\"kind\":\"file\",\"size_after\":3,\"mode_before\":\"0777\",\"mode_after\":\"0644\"}],"
            + $"\"next_cursor\":\"{cursor}\"}}",
            page.Body);

        // Good for this comparison only.
        foreach (string other in (string[])[$"{path}?to={to}&", $"{path}?prefix=/app&", $"/sandboxes/{sandbox}/snapshots/{to}/diff?"])
        {
            (await api.SendAsync("GET", $"{other}cursor={cursor}", null, token)).Is(400, "invalid_cursor", "bad request: cursor is invalid or expired");
        }

        foreach (string wrong in (string[])["", "x", "%20", "AAAA", cursor[1..], cursor + "AA==", Convert.ToBase64String(Encoding.UTF8.GetBytes("12345678/a")), new string('A', 9000)])
        {
            (await api.SendAsync("GET", $"{path}?cursor={wrong}", null, token)).Is(400, "invalid_cursor");
        }

        api.Diffs.Result = new SnapshotDiff([], false, 0, 0, 0, 0);
        Answer none = await api.SendAsync("GET", $"{path}?to={to}&prefix=//app/x/&limit=10000", null, token);
        Assert.Equal($"{to} /app/x  10000", api.Diffs.Asked);
        Assert.Equal($$"""{"from":"{{from}}","to":"{{to}}","summary":{"added":0,"modified":0,"deleted":0,"bytes_added":0},"items":[]}""", none.Body);
    }

    [Fact]
    public async Task Renames_and_patches_come_only_where_they_are_asked_for()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string from = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");
        DiffedFile file = new("file", 5, 0x1A4);
        api.Diffs.Result = new SnapshotDiff(
            [
                new("/b"u8.ToArray(), "renamed", file, file) { From = "/a"u8.ToArray(), Patch = "diff --git a/a b/b\n" },
                new("/c"u8.ToArray(), "renamed", file, file with { Size = 6, Mode = 0x1ED }) { From = new byte[] { 0x2F, 0xFF } },
                new("/d"u8.ToArray(), "modified", file, file) { PatchSkipped = "binary" },
            ],
            true, 0, 1, 0, 1)
        {
            Renamed = 2, RenamesTruncated = true,
        };
        string path = $"/sandboxes/{sandbox}/snapshots/{from}/diff";

        Answer page = await api.SendAsync("GET", $"{path}?renames=true&patch=true", null, token);

        Assert.Equal(" /  1000 renames patch 65536", api.Diffs.Asked);
        string cursor = page.Text("next_cursor");
        Assert.Equal(
            $$"""{"from":"{{from}}","to":"live","summary":{"added":0,"modified":1,"deleted":0,"renamed":2,"bytes_added":1},"items":["""
            + """{"path":"/b","change":"renamed","from_path":"/a","kind":"file","patch":"diff --git a/a b/b\n"},"""
            + "{\"path\":\"/c\",\"change\":\"renamed\",\"from_path\":\"/\uFFFD\",\"from_path_base64\":\"L/8=\",\"kind\":\"file\",\"size_before\":5,\"size_after\":6,\"mode_before\":\"0644\",\"mode_after\":\"0755\"},"
            + """{"path":"/d","change":"modified","kind":"file","size_before":5,"size_after":5,"patch_skipped":"binary"}],"""
            + $"\"next_cursor\":\"{cursor}\",\"renames_truncated\":true}}",
            page.Body);

        // A page with renames is not continued by one without.
        (await api.SendAsync("GET", $"{path}?cursor={cursor}", null, token)).Is(400, "invalid_cursor");
        await api.SendAsync("GET", $"{path}?cursor={cursor}&renames=true&patch=true&patch_max_bytes=1048576", null, token);
        Assert.Equal(" / /d 1000 renames patch 1048576", api.Diffs.Asked);
        foreach ((string query, string field, string error) in ((string, string, string)[])[
            ("renames=yes", "renames", "bad request: renames must be one of: true, false"), ("patch=1", "patch", "bad request: patch must be one of: true, false"),
            ("patch=true&patch_max_bytes=0", "patch_max_bytes", "bad request: patch_max_bytes must be 1 to 1048576"),
            ("patch=true&patch_max_bytes=1048577", "patch_max_bytes", "bad request: patch_max_bytes must be 1 to 1048576"),
            ("patch_max_bytes=5", "patch_max_bytes", "bad request: patch_max_bytes goes with patch=true only")])
        {
            Assert.Equal(field, (await api.SendAsync("GET", $"{path}?{query}", null, token)).Is(400, "invalid_argument", error).Detail("field"));
        }
    }

    [Fact]
    public async Task Wrong_parameters_and_unknown_snapshots_are_told()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string from = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");
        string other = await OfAnotherSandboxAsync(api);
        string path = $"/sandboxes/{sandbox}/snapshots/{from}/diff";
        foreach ((string query, string field, string error) in ((string, string, string)[])[
            ("limit=0", "limit", "bad request: limit must be 1 to 10000"), ("limit=10001", "limit", "bad request: limit must be 1 to 10000"),
            ("prefix=app", "prefix", "bad request: prefix must be an absolute path of at most 4095 bytes"),
            ("prefix=/a/../b", "prefix", "bad request: prefix must have no parts '.' and '..'")])
        {
            Assert.Equal(field, (await api.SendAsync("GET", $"{path}?{query}", null, token)).Is(400, "invalid_argument", error).Detail("field"));
        }

        foreach (string unknown in (string[])["snap_00000000ffff", "Live", other])
        {
            (await api.SendAsync("GET", $"{path}?to={unknown}", null, token)).Is(404, "snapshot_not_found", $"snapshot not found: {unknown}; available snapshot ids: {from}");
        }

        (await api.SendAsync("GET", $"/sandboxes/{sandbox}/snapshots/{other}/diff?limit=0", """{"extra":1}""", token))
            .Is(404, "snapshot_not_found", $"snapshot not found: {other}; available snapshot ids: {from}");
        (await api.SendAsync("GET", path, """{"extra":1}""", token)).Is(400, "unknown_field");
        (await api.SendAsync("GET", path, null, api.Token())).Is(403, "forbidden");
        Assert.Null(api.Diffs.Asked);
    }

    private static async Task<string> OfAnotherSandboxAsync(TestApi api)
    {
        (string token, string sandbox) = await api.SandboxAsync();
        return (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");
    }
}
