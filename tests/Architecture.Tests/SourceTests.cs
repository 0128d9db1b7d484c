using System.Text.RegularExpressions;

namespace Sleigh.Architecture.Tests;

public sealed partial class SourceTests
{
    private const int MaxLines = 500;

    private static readonly string[] SourceEndings = [".cs", ".c", ".h", ".proto", ".sh"];

    // Hosts that text may name: standards and documents, names reserved for examples, and this machine.
    private static readonly string[] AllowedHosts =
    [
        "www.apache.org", "keepachangelog.com", "semver.org", "docs.kernel.org", "www.kernel.org", "man7.org", "systemd.io", "www.rfc-editor.org",
        "www.sqlite.org", "www.debian.org", "dotnet.microsoft.com", "learn.microsoft.com", "www.contributor-covenant.org", "developercertificate.org", "json-schema.org",
        "www.w3.org",
        "localhost", "127.0.0.1",
        // What short image names stand for, and addresses just beside those of this machine and of private networks.
        "index.docker.io", "registry-1.docker.io", "128.0.0.1", "11.1.2.3",
    ];

    // Written in parts, so that this file does not find itself. Folders of a build machine; /work alone is a good name inside a sandbox.
    private static readonly string[] MachineMarks =
        ["/wor" + "k/main", "/wor" + "k/wt", "/wor" + "k/shared", "/wor" + "k/.library", "/wor" + "k/brief", "/opt/nug" + "et", "/root/.pye" + "nv"];

    private static readonly string[] RegistryHosts =
        ["nug" + "et.org", "npm" + "js.org", "npm" + "js.com", "py" + "pi.org", "deb.deb" + "ian.org", "snapshot.deb" + "ian.org", "cra" + "tes.io"];

    [Fact]
    public void No_source_file_is_longer_than_500_lines() =>
        Assert.DoesNotContain(Sources().Select(f => (File: f, Lines: File.ReadLines(SourceTree.Absolute(f)).Count())), f => f.Lines > MaxLines);

    [Fact]
    public void No_file_names_the_machine_it_was_written_on() => Assert.Empty(Lines(line =>
        MachineMarks.Any(mark => line.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at && (at == 0 || !IsPathPart(line[at - 1])))));

    [Fact]
    public void No_file_names_a_package_registry() => Assert.Empty(Lines(line =>
        RegistryHosts.Any(host => line.Contains(host, StringComparison.OrdinalIgnoreCase))));

    [Fact]
    public void Addresses_are_those_of_documents_and_examples() => Assert.Empty(Lines(line =>
        WebAddress().Matches(line).Any(match => !IsAllowed(match.Groups["host"].Value))));

    [Fact]
    public void No_binary_file_is_tracked_that_could_be_built() =>
        Assert.DoesNotContain(SourceTree.Files, f => Path.GetExtension(f) is ".dll" or ".so" or ".exe" or ".o" or ".a" or ".deb" or ".nupkg" or ".db");

    private static IEnumerable<string> Sources() => SourceTree.Files.Where(f => SourceEndings.Contains(Path.GetExtension(f)));

    private static bool IsPathPart(char c) => char.IsLetterOrDigit(c) || c is '.' or '_' or '-' or '}' or '*';

    // A name without a dot is no host of the world: {listen}, mirror.
    private static bool IsAllowed(string host) =>
        AllowedHosts.Contains(host) || !host.Contains('.', StringComparison.Ordinal) || IsExample(host) || IsPrivate(host);

    private static bool IsExample(string host) =>
        host.EndsWith(".example", StringComparison.Ordinal) || host.EndsWith(".test", StringComparison.Ordinal) || host.EndsWith(".localhost", StringComparison.Ordinal)
        || host.EndsWith(".invalid", StringComparison.Ordinal) || host.EndsWith("example.com", StringComparison.Ordinal)
        || host.EndsWith("example.org", StringComparison.Ordinal);

    private static bool IsPrivate(string host) => PrivateAddress().IsMatch(host);

    private static IEnumerable<string> Lines(Func<string, bool> isWrong)
    {
        foreach (string file in SourceTree.Files)
        {
            byte[] bytes = File.ReadAllBytes(SourceTree.Absolute(file));
            if (bytes.AsSpan(0, Math.Min(bytes.Length, 8000)).Contains((byte)0))
            {
                continue;
            }

            int number = 0;
            foreach (string line in File.ReadLines(SourceTree.Absolute(file)))
            {
                number++;
                if (isWrong(line))
                {
                    yield return $"{file}:{number}: {line.Trim()}";
                }
            }
        }
    }

    [GeneratedRegex(@"https?://(?:[^\s/@]*@)?(?<host>[A-Za-z0-9.-]*[A-Za-z0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex WebAddress();

    [GeneratedRegex(@"^(?:127|10|0|169\.254|192\.168|192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9.]+$", RegexOptions.CultureInvariant)]
    private static partial Regex PrivateAddress();
}
