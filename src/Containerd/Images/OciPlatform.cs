using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Sleigh.Containerd;

/// <summary>What an image runs on.</summary>
internal sealed record OciPlatform
{
    public string? Architecture { get; init; }

    public string? Os { get; init; }

    /// <summary>A version of the architecture: <c>v7</c> of arm, <c>v3</c> of amd64.</summary>
    public string? Variant { get; init; }

    /// <summary>The platform of this host; what it is called is Go's choice (GOARCH).</summary>
    [JsonIgnore]
    public static OciPlatform Host { get; } = new()
    {
        Os = "linux",
        Architecture = RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            var other => other.ToString().ToLowerInvariant(),
        },
    };

    /// <summary>The variant as a number; where none is named, the one that is meant then. Higher ones run lower ones.</summary>
    [JsonIgnore]
    public int Level => int.TryParse(Variant?.TrimStart('v'), NumberStyles.None, CultureInfo.InvariantCulture, out int level)
        ? level
        : Architecture switch
        {
            "arm64" => 8,
            "arm" => 7,
            _ => 1,
        };

    /// <summary>Reads <c>os/architecture[/variant]</c>; null where it is something else.</summary>
    public static OciPlatform? TryParse(string text)
    {
        string[] parts = text.Split('/');
        return parts.Length is 2 or 3 && parts.All(p => p.Length is > 0 and <= 32 && p.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
            ? new OciPlatform
            {
                Os = parts[0],
                Architecture = parts[1] switch
                {
                    "x86_64" => "amd64",
                    "aarch64" => "arm64",
                    var name => name,
                },
                Variant = parts.Length == 3 ? parts[2] : null,
            }
            : null;
    }

    /// <summary>Whether what is made for this platform runs on that one.</summary>
    public bool RunsOn(OciPlatform host) => Os == host.Os && Architecture == host.Architecture && Level <= host.Level;

    public override string ToString() => $"{Os ?? "?"}/{Architecture ?? "?"}{(Variant is null or "" ? "" : "/" + Variant)}";
}
