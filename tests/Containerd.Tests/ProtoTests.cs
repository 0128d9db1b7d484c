using Sleigh.TestSupport;

namespace Sleigh.Containerd.Tests;

/// <summary>Our own protos say the same as containerd's official ones, as far as they go.</summary>
public sealed class ProtoTests
{
    private const string Official = "/usr/share/gocode/src/github.com/containerd/containerd/";
    private const string GoogleStatus = "/usr/share/gocode/src/github.com/gogo/googleapis/google/rpc/status.proto";

    [HostFact(Need.ContainerdProtos)]
    public void Every_field_value_and_method_is_as_in_the_official_files()
    {
        SortedDictionary<string, string> official = Read(
            [.. Directory.EnumerateFiles(Official + "api", "*.proto", SearchOption.AllDirectories), Official + "runtime/v2/runc/options/oci.proto",
                .. File.Exists(GoogleStatus) ? [GoogleStatus] : Array.Empty<string>()]);
        SortedDictionary<string, string> ours = Read(
            Directory.EnumerateFiles(Path.Combine(Host.Repository, "proto", "containerd"), "*.proto", SearchOption.AllDirectories));

        string[] different =
        [
            .. ours.Where(fact => official.GetValueOrDefault(fact.Key) != fact.Value)
                .Where(fact => File.Exists(GoogleStatus) || !fact.Key.StartsWith("google.", StringComparison.Ordinal))
                .Select(fact => $"{fact.Key}: ours '{fact.Value}', official '{official.GetValueOrDefault(fact.Key, "none")}'"),
        ];

        Assert.Empty(different);
        Assert.True(ours.Count > 250, $"only {ours.Count} facts were compared");
    }

    [Fact]
    public void The_comparison_sees_labels_types_numbers_and_streams()
    {
        ProtoFile file = ProtoFile.Parse("""
            syntax = "proto3"; // c
            package p.v1;
            message M { option (x) = true; repeated a.B b = 2 [(gogo) = false]; map<string, string> m = 3; message N { int64 n = 1; } /* x */ }
            enum E { option (y) = 1; ZERO = 0 [(z) = "a;b"]; }
            service S { rpc Do(M) returns (stream a.B); }
            """);

        Assert.Equal(
            [
                "p.v1.E: enum", "p.v1.E.ZERO: = 0", "p.v1.M: message", "p.v1.M.N: message", "p.v1.M.N.n: int64 = 1", "p.v1.M.b: repeated B = 2",
                "p.v1.M.m: map<string,string> = 3", "p.v1.S: service", "p.v1.S.Do: rpc M -> stream B",
            ],
            file.Facts.Select(f => $"{f.Key}: {f.Value}"));
    }

    private static SortedDictionary<string, string> Read(IEnumerable<string> files)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string fact) in files.SelectMany(f => ProtoFile.Parse(File.ReadAllText(f)).Facts))
        {
            all[name] = fact;
        }

        return all;
    }
}
