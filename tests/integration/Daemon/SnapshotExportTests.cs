using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A snapshot goes out as an image or a tar, other tools take it, and what comes back is the same tree.</summary>
[Collection(DaemonCollection.Name)]
public sealed class SnapshotExportTests(DaemonFixture fixture)
{
    // One of each kind, names that need care, and every way in which the files of an image can change.
    private const string MakeFiles = """
        set -e
        mkdir -p /data/deep/er /data/empty && cd /data
        head -c 3000000 /dev/urandom > random; printf 'x' > deep/er/small; : > none
        ln random hard; ln random deep/hard; ln -s deep/er/small soft; ln -s /no/where dangling; mkfifo -m 640 pipe; mknod node c 1 3
        python3 - <<'END'
        import os
        open(b"/data/name with\nnewline \xff", "w").write("odd")
        open("/data/" + "n" * 255, "w").write("long")
        os.setxattr("/data/none", "user.note", b"kept\0\n=\xff")
        os.setxattr("/data/empty", "user.of a directory", b"")
        with open("/data/holes", "wb") as f:
            f.seek(50_000_000); f.write(b"end")
        os.utime("/data/random", ns=(1_000_000_000_123_456_789, 1_111_111_111_987_654_321))
        path = "/data/deepest"
        for i in range(100):
            os.mkdir(path); open(path + "/f", "w").write(str(i)); path += "/" + "d" * 20
        END
        cp /bin/true capable; python3 -c 'import os; os.setxattr("/data/capable", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))'
        chmod 4755 deep/er/small; chmod 1777 empty; chown 1000:4000000 none; chmod 000 holes
        echo changed >> /etc/issue; rm -r /usr/share/doc/base-files; mv /etc/skel /etc/skel-moved; mkdir /etc/skel; touch /etc/skel/new
        rm /etc/motd; mkdir /etc/motd; echo in > /etc/motd/in; rm -r /etc/pam.d; echo file > /etc/pam.d
        mv /usr/share/perl5 /usr/share/perl6; rm -r /usr/share/perl6/Debconf/Element; echo new > /usr/share/perl6/new
        rm -r /usr/share/zoneinfo; mkdir /usr/share/zoneinfo; touch -d '2001-02-03 04:05:06' /usr/share/zoneinfo
        chown 7:8 /usr/share; chmod 0750 /opt
        """;

    private const string Who = "id -u; pwd; echo $PATH";

    [HostFact(Need.Root, Need.InitBinary, Need.Skopeo)]
    public async Task An_exported_image_is_taken_by_skopeo_and_comes_back_with_each_file_as_it_was()
    {
        using TestDirectory folder = new();
        await using TestSandbox sandbox = await ChangedAsync();
        (string[] before, string snapshot) = await SnapshotAsync(sandbox);

        foreach (string compression in (string[])["gzip", "zstd"])
        {
            string file = folder[$"{compression}.tar"];
            await CtlAsync("snapshot", "export", snapshot, "-f", file, "--compression", compression, "--name", $"back/{compression}:1");
            JsonObject seen = JsonNode.Parse(await ToolRunner.RunAsync("skopeo", "inspect", $"oci-archive:{file}"))!.AsObject();
            await ToolRunner.RunAsync("skopeo", "copy", $"oci-archive:{file}", $"dir:{folder[$"oci-{compression}"]}");
            Assert.Equal(("amd64", "linux", 2), ((string)seen["Architecture"]!, (string)seen["Os"]!, seen["Layers"]!.AsArray().Count));
            if (compression == "gzip")
            {
                await ToolRunner.RunAsync("skopeo", "copy", $"docker-archive:{file}", $"dir:{folder["docker"]}");
                await ToolRunner.RunAsync("skopeo", "copy", $"docker-archive:{file}:back/gzip:1", $"oci:{folder["again"]}:1");
            }

            Assert.Equal($"docker.io/back/{compression}:1\n", await CtlAsync("image", "import", file));
            await ComesBackAsync($"back/{compression}:1", before);
        }
    }

    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task An_image_made_of_a_snapshot_has_each_file_as_it_was_and_the_settings_of_its_own()
    {
        await using TestSandbox sandbox = await ChangedAsync();
        (string[] before, string snapshot) = await SnapshotAsync(sandbox);

        Assert.Equal("docker.io/library/made:1\n", await CtlAsync("snapshot", "to-image", snapshot, "made:1"));

        await ComesBackAsync("made:1", before);
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
        JsonObject missing = await administrator.SendAsync("POST", "/admin/snapshots/snap_00000000ffff/image", JsonFields.Of("name", "x"), 404);
        Assert.Equal(("snapshot_not_found", "snapshot not found: snap_00000000ffff"), ((string)missing["code"]!, (string)missing["error"]!));
    }

    [HostFact(Need.Root, Need.InitBinary, Need.Skopeo)]
    public async Task A_tar_of_all_files_is_read_by_tar_and_comes_back_as_an_image_with_each_file_as_it_was()
    {
        using TestDirectory folder = new();
        await using TestSandbox sandbox = await ChangedAsync();
        (string[] before, string snapshot) = await SnapshotAsync(sandbox);
        string file = folder["tree.tar.zst"];

        await CtlAsync("snapshot", "export", snapshot, "-f", file, "--format", "tar.zst");

        folder.Make("out");
        Shell.Bash($"zstd -dc {file} | tar -x --xattrs --xattrs-include='*' --same-owner -pf - -C {folder["out"]} 2> {folder["err"]}; grep -v hdrcharset {folder["err"]} > {folder["said"]} || true");
        Assert.Equal("", await File.ReadAllTextAsync(folder["said"]));
        Assert.Equal("[]", await ToolRunner.RunAsync("python3", "-c", $"import os; print([d for d in ('proc','sys','dev') if os.listdir('{folder["out"]}/'+d)], end='')"));
        Assert.Equal("6b657074000a3dff", await ToolRunner.RunAsync("python3", "-c", $"import os; print(os.getxattr('{folder["out"]}/data/none', 'user.note').hex(), end='')"));
        Shell.Bash($"cd {folder["out"]}/data && test -p pipe && test {(TestDaemon.AllHaveUserNamespaces ? "-f" : "-c")} node && test random -ef deep/hard && test $(stat -c %a deep/er/small) = 4755");

        Assert.Equal("docker.io/back/tree:1\n", await CtlAsync("image", "import", file, "--tree", "--name", "back/tree:1", "--config-from", TestImages.Debian));
        await ComesBackAsync("back/tree:1", before);
    }

    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task A_file_whose_name_means_a_deletion_in_images_is_refused_in_one_and_kept_in_a_tar()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("mkdir /d; echo x > /d/.wh.x");
        string snapshot = await sandbox.SnapshotAsync();
        string path = $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/export";

        JsonObject refused = await fixture.Client.SendAsync("GET", path, null, 400);
        using HttpResponseMessage tar = await fixture.Client.RawAsync("GET", $"{path}?format=tar.zst");

        Assert.Equal(
            ("path_not_allowed", "path /d/.wh.x is not allowed: in a layer of an image, names that begin with .wh. mean deletions; export the tree, or remove the file and take another snapshot"),
            ((string)refused["code"]!, (string)refused["error"]!));
        Assert.Equal(("application/zstd", $"{snapshot}.tar.zst"), (tar.Content.Headers.ContentType?.ToString(), tar.Content.Headers.ContentDisposition?.FileName?.Trim('"')));
        Assert.True((await tar.Content.ReadAsByteArrayAsync()).Length > 100_000);
        JsonObject unknown = await fixture.Client.SendAsync("GET", path.Replace(snapshot, "snap_00000000ffff", StringComparison.Ordinal), null, 404);
        Assert.Equal("snapshot_not_found", (string)unknown["code"]!);
    }

    private async Task<TestSandbox> ChangedAsync()
    {
        TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Debian);
        await FileManifest.PutAsync(sandbox);
        await sandbox.RunAsync(TestDaemon.Makes(MakeFiles));
        return sandbox;
    }

    private async Task<(string[] Manifest, string Snapshot)> SnapshotAsync(TestSandbox sandbox)
    {
        string[] before = await FileManifest.OfAsync(fixture.Client, sandbox);
        Assert.Contains(before, l => l.Contains("/data/capable", StringComparison.Ordinal) && l.Contains("security.capability", StringComparison.Ordinal));
        return (before, await sandbox.SnapshotAsync());
    }

    private async Task ComesBackAsync(string image, string[] before)
    {
        await using TestSandbox back = new(fixture.Client, await fixture.Client.NewAsync(image));
        string[] after = await FileManifest.OfAsync(fixture.Client, back);
        FileManifest.AssertSame(Comparable(before), Comparable(after), image);
        await using TestSandbox model = await fixture.SandboxAsync(TestImages.Debian);
        Assert.Equal(await model.RunAsync(Who), await back.RunAsync(Who));
    }

    // The root's own attributes: containerd makes it, and takes nothing for it from a layer.
    private static string[] Comparable(string[] manifest) => [.. manifest.Where(line => !line.StartsWith("['/', ", StringComparison.Ordinal))];

    private async Task<string> CtlAsync(params string[] arguments) => await ToolRunner.RunAsync(Host.CtlBinary, ["--socket", fixture.Daemon.Socket, .. arguments]);
}
