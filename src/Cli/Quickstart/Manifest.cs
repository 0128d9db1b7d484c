using System.Security.Cryptography;
using System.Text;

namespace Sleigh.Cli.Quickstart;

/// <summary>A list of files with their SHA-256, as sha256sum(1) prints it.</summary>
internal static class Manifest
{
    /// <summary>The shell text that prints the manifest of a folder, python's caches left out.</summary>
    public static string Command(string folder) =>
        $"cd {folder} && find . -type f ! -path '*/__pycache__/*' | LC_ALL=C sort | xargs sha256sum";

    /// <summary>What that must print for the given contents.</summary>
    public static string Of(IReadOnlyDictionary<string, string> files) =>
        string.Concat(files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f =>
            $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(f.Value)))}  ./{f.Key}\n"));
}
