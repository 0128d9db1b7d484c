using System.Text.RegularExpressions;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>With the copying drivers a snapshot may be several directories, one on the other: they go out as one layer.</summary>
public sealed class StackedExportTests
{
    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task Layers_that_stand_on_each_other_come_back_as_one_tree()
    {
        await using TestDaemon daemon = new(("storage.driver", "copy"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        await using TestSandbox sandbox = new(client, await client.NewAsync(await images.HaveAsync(TestImages.Debian)));
        await FileManifest.PutAsync(sandbox);
        string[] changes =
        [
            "mkdir /a /a/b /gone /kept; echo 1 > /a/b/1; echo 1 > /gone/1; echo 1 > /kept/1; ln /kept/1 /kept/2; mv /etc/skel /etc/moved; rm /etc/issue; rm -r /etc/pam.d; mkdir /etc/pam.d; echo x > /etc/pam.d/x",
            "rm -r /gone; rm -r /a/b; mkdir /a/b; echo 2 > /a/b/2; echo 2 >> /kept/1; mv /etc/moved /etc/again; echo back > /etc/issue; rm /etc/pam.d/x; mv /usr/share/perl5 /usr/share/perl6; rm -r /opt",
            "mkdir /opt; echo 3 > /opt/3; rm /kept/2; mkdir /gone; rm -r /etc/again/..?* /etc/again/.[!.]*; echo 3 > /etc/again/3; mv /usr/share/perl6 /a/perl; rm -r /etc/pam.d; echo file > /etc/pam.d; rm /a/b/2",
        ];
        foreach (string change in changes)
        {
            await sandbox.RunAsync(change);
            string[] before = await FileManifest.OfAsync(client, sandbox);
            string snapshot = await sandbox.SnapshotAsync();
            await ToolRunner.RunAsync(Host.CtlBinary, "--socket", daemon.Socket, "snapshot", "to-image", snapshot, "stacked");

            await using TestSandbox back = new(client, await client.NewAsync("stacked"));
            string[] after = await FileManifest.OfAsync(client, back);
            FileManifest.AssertSame(Comparable(before), Comparable(after), change);

            // The next change goes into a layer of its own.
            await sandbox.RollbackAsync(snapshot);
        }

        Assert.Equal(changes.Length, Directory.GetDirectories(Path.Combine(daemon.DataDir, "layers", "sealed"), "snap-*").Length);
    }

    // The attributes of the root are not taken from a layer. How many names a file has counts those in other layers of the store, too.
    private static string[] Comparable(string[] manifest) =>
    [
        .. manifest.Where(line => !line.StartsWith("['/', ", StringComparison.Ordinal))
            .Select(line => Regex.Replace(line, @"^(\[.*, '0o1[02]0000', '0o\d+', \d+, \d+, \d+, \d+), \d+, ", "$1, ")),
    ];
}
