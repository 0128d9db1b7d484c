using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Overlay;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A program <c>nft</c> that goes before the host's in PATH, notes what it is to carry out, and fails where it is told to.</summary>
internal sealed class NftStandIn : IDisposable
{
    private readonly TestDirectory _folder = new();

    public NftStandIn()
    {
        string bin = _folder.Make("bin"), notes = _folder.Make("notes");
        File.WriteAllText($"{bin}/nft", $$"""
            #!/bin/sh
            case " $* " in *" -f "*) ;; *) exec /usr/sbin/nft "$@" ;; esac
            [ -e {{notes}}/fails ] && { echo 'told to fail' >&2; exit 1; }
            cat > {{notes}}/$$
            /usr/sbin/nft "$@" < {{notes}}/$$
            status=$?
            mv {{notes}}/$$ {{notes}}/$$.done
            [ -e {{notes}}/lies ] && { echo 'told to say so' >&2; exit 1; }
            exit $status

            """);
        File.SetUnixFileMode($"{bin}/nft", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Path = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}";
    }

    /// <summary>For the daemon.</summary>
    public string Path { get; }

    /// <summary>Whether each transaction fails.</summary>
    public bool Fails
    {
        set => Tell("fails", value);
    }

    /// <summary>Whether each transaction fails after it was carried out.</summary>
    public bool Lies
    {
        set => Tell("lies", value);
    }

    /// <summary>How often a chain was written.</summary>
    public int Writes(string chain) => Directory.GetFiles(_folder["notes"], "*.done").Count(file => Commands(file).Any(c => IsFlush(c, chain)));

    public void Dispose() => _folder.Dispose();

    private static JsonArray Commands(string file) =>
        File.ReadAllText(file) is ['{', ..] text ? JsonNode.Parse(text)!["nftables"]!.AsArray() : [];

    private static bool IsFlush(JsonNode? command, string chain) => (string?)command?["flush"]?["chain"]?["name"] == chain;

    private void Tell(string what, bool value)
    {
        if (value)
        {
            File.WriteAllText($"{_folder["notes"]}/{what}", "");
        }
        else
        {
            File.Delete($"{_folder["notes"]}/{what}");
        }
    }
}
