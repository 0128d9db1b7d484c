using System.Text;
using System.Text.RegularExpressions;
using Sleigh.IntegrationTests.Daemon;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>docs/api.md works as it is pasted.</summary>
[Collection(ContractCollection.Name)]
public sealed partial class PageLines
{
    private const string End = "## The administrator's socket";

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task The_examples_of_the_page_work_one_after_the_other()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(Host.Repository, "docs", "api.md"));
        string[] blocks =
        [
            .. Block().Matches(page[..page.IndexOf(End, StringComparison.Ordinal)]).Select(m => m.Groups[1].Value)
                .Where(b => !b.Contains("$A ", StringComparison.Ordinal)),
        ];
        Assert.True(blocks.Length > 10, $"only {blocks.Length} examples were found");
        string zones = Directory.CreateTempSubdirectory("sl-page-").FullName;
        string script = Path.Combine(zones, "page.sh");
        try
        {
            // What the page takes for granted: the operator's directories.
            Directory.CreateDirectory(Path.Combine(zones, "mounts", "genome"));
            await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(zones, "environments", "py-ml")).FullName, "env_readme.md"), "Python");
            await using TestDaemon daemon = new(
                ("pool.image", "quickstart"), ("mounts.root", Path.Combine(zones, "mounts")), ("environments.root", Path.Combine(zones, "environments")));
            await daemon.StartAsync();
            await ImportAsync(daemon);

            // Every curl must end well and must not be answered with an error object; a stream of two seconds ends with curl's 28.
            StringBuilder text = new("""
                set -eu
                cd "$(dirname "$0")"; mkdir -p project; echo 'x = 1' > project/main.py; echo weights > model.bin
                curl() {
                  said=$(mktemp); code=0
                  command curl "$@" > "$said" || code=$?
                  [ $code = 0 ] || [ $code = 28 ] || { echo "curl ended with $code: $*" >&2; exit 1; }
                  if grep -aq '"request_id":"req_' "$said" && grep -aq '^{"error":' "$said"; then echo "refused: $*" >&2; cat "$said" >&2; exit 1; fi
                  cat "$said"; rm "$said"
                }

                """.Replace("                ", "", StringComparison.Ordinal));
            foreach (string block in blocks)
            {
                text.Append(block.Replace("http://127.0.0.1:10122", $"http://{daemon.Address}", StringComparison.Ordinal)).Append('\n');
            }

            await File.WriteAllTextAsync(script, text.ToString());
            string said = await ToolRunner.RunAsync("timeout", "120", "bash", script);

            Assert.Contains("\"stdout\":\"42\\n\"", said, StringComparison.Ordinal);
            Assert.Contains("HTTP/1.1 204", said, StringComparison.Ordinal);
            using DaemonClient administrator = DaemonClient.Administrator(daemon);
            Assert.Empty((await administrator.SendAsync("GET", "/admin/sandboxes", null, 200))["items"]!.AsArray());
        }
        finally
        {
            Directory.Delete(zones, recursive: true);
        }
    }

    // The image of make run is made of packages; here a shell that knows what the page prints stands in for python3.
    private static async Task ImportAsync(TestDaemon daemon)
    {
        ImageTar image = TestImages.BusyboxTar().Folder("usr").Folder("usr/bin")
            .File("usr/bin/python3", "#!/bin/sh\n[ \"$2\" = http.server ] && exec busybox httpd -f -p 127.0.0.1:$3 -h /\n[ \"$2\" = 'print(6*7)' ] && echo 42\n"u8.ToArray(), (UnixFileMode)0x1ED);
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        using MemoryStream archive = image.Oci();
        (int status, System.Text.Json.Nodes.JsonObject body) = await administrator.ImportAsync(archive, "quickstart");
        Assert.True(status == 201, body.ToJsonString());
    }

    [GeneratedRegex("^```sh\n(.*?)^```", RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
