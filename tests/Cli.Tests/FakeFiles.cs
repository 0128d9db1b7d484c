using System.Diagnostics;

namespace Sleigh.Cli.Tests;

/// <summary>A daemon whose one sandbox is a folder; its archives are made and unpacked by tar(1), so that both sides are not ours.</summary>
public sealed class FakeFiles : IAsyncDisposable
{
    public const string Sandbox = "sbx_0123456789ab";

    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;

    public FakeFiles()
    {
        Root = Path.Combine(_folder, "root");
        Here = Path.Combine(_folder, "here");
        Directory.CreateDirectory(Root);
        Directory.CreateDirectory(Here);
        Server = FakeServer.Answering(Answer);
    }

    public FakeServer Server { get; }

    /// <summary>The sandbox's files.</summary>
    public string Root { get; }

    /// <summary>A folder of this machine.</summary>
    public string Here { get; }

    /// <summary>Answers every archive with this instead.</summary>
    public byte[]? Archive { get; set; }

    internal Task<CliRun> CopyAsync(string source, string target, byte[]? stdin = null) =>
        CliRun.OfAsync(["cp", source, target], Server.SocketPath, stdin);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    internal static byte[] Tar(byte[]? stdin, params string[] arguments)
    {
        using var tar = Process.Start(new ProcessStartInfo("tar", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Task writing = Task.Run(() =>
        {
            tar.StandardInput.BaseStream.Write(stdin ?? []);
            tar.StandardInput.Close();
        });
        using var output = new MemoryStream();
        tar.StandardOutput.BaseStream.CopyTo(output);
        tar.WaitForExit();
        writing.Wait();
        Assert.Equal(0, tar.ExitCode);
        return output.ToArray();
    }

    private byte[]? Answer(Request request)
    {
        if (request.Path == "/admin/sandboxes")
        {
            return FakeServer.Reply(200, $$"""{"items":[{"sandbox_id":"{{Sandbox}}","name":"web"}]}""");
        }

        string path = request.Query["path"];
        string real = Root + path.TrimEnd('/');
        switch (request.Method, request.Path)
        {
            case ("GET", $"/sandboxes/{Sandbox}/files/stat"):
                bool isLink = new FileInfo(real).LinkTarget is not null;
                string? kind = isLink && !path.EndsWith("/.", StringComparison.Ordinal) ? "symlink" : Directory.Exists(real) ? "dir" : File.Exists(real) ? "file" : null;
                return kind is null
                    ? FakeServer.Reply(404, $$"""{"error":"resource not found: {{path}}","code":"not_found"}""")
                    : FakeServer.Reply(200, $$"""{"path":"{{path}}","kind":"{{kind}}","size":{{(kind == "file" ? new FileInfo(real).Length : 0)}}}""");
            case ("GET", $"/sandboxes/{Sandbox}/files/archive"):
                byte[] tar = Archive ?? Tar(null, "--format=pax", "-C", Path.GetDirectoryName(real)!, "-c", Path.GetFileName(real));
                return
                [
                    .. System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{tar.Length:x}\r\n"), .. tar,
                    .. "\r\n0\r\n\r\n"u8,
                ];
            case ("PUT", $"/sandboxes/{Sandbox}/files/archive"):
                Directory.CreateDirectory(real);
                Tar(request.Body, "-C", real, "-xp", "--no-same-owner");
                return FakeServer.Reply(200, "{}");
            default:
                return FakeServer.Reply(404, """{"error":"no such route","code":"route_not_found"}""");
        }
    }
}
