using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Sleigh.Architecture.Tests;

public sealed class DependencyTests
{
    // Who may name whose types. Nothing points up; neighbours of one row do not know each other.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Sleigh.Linux"] = [],
        ["Sleigh.Containerd"] = ["Sleigh.Linux"],
        ["Sleigh.Cgroups"] = ["Sleigh.Linux"],
        ["Sleigh.Overlay"] = ["Sleigh.Linux"],
        ["Sleigh.Network"] = ["Sleigh.Linux"],
        ["Sleigh.Runtime"] = ["Sleigh.Containerd", "Sleigh.Cgroups", "Sleigh.Overlay", "Sleigh.Network", "Sleigh.Linux"],
        ["Sleigh.Api"] = ["Sleigh.Runtime", "Sleigh.Containerd", "Sleigh.Cgroups", "Sleigh.Overlay", "Sleigh.Network", "Sleigh.Linux"],
        ["sleighd"] = ["Sleigh.Api", "Sleigh.Runtime", "Sleigh.Containerd", "Sleigh.Cgroups", "Sleigh.Overlay", "Sleigh.Network", "Sleigh.Linux"],
        // The client speaks HTTP over the unix socket and shares no code with the daemon.
        ["sleighctl"] = [],
    };

    public static TheoryData<string> Assemblies => [.. Allowed.Keys];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void References_follow_the_design(string name) =>
        Assert.Empty(ReadMetadata(name, References).Where(Allowed.ContainsKey).Except(Allowed[name]));

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Only_Linux_calls_into_libraries(string name)
    {
        string[] imports = ReadMetadata(name, Imports);

        if (name == "Sleigh.Linux")
        {
            // The test would pass on nothing if it looked in the wrong place.
            Assert.Contains("openat", imports);
        }
        else
        {
            Assert.Empty(imports);
        }
    }

    [Fact]
    public void Every_source_project_is_in_the_table()
    {
        string[] projects = [.. SourceTree.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".csproj", StringComparison.Ordinal))];

        Assert.Equal(Allowed.Count, projects.Length);
        Assert.All(projects, p => Assert.DoesNotContain("<GenerateDocumentationFile>false", File.ReadAllText(SourceTree.Absolute(p)), StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void The_compiler_asks_for_a_summary_of_every_public_member()
    {
        string properties = File.ReadAllText(SourceTree.Absolute("Directory.Build.props"));

        Assert.Contains("<GenerateDocumentationFile>true</GenerateDocumentationFile>", properties, StringComparison.Ordinal);
        Assert.Contains("<TreatWarningsAsErrors>true</TreatWarningsAsErrors>", properties, StringComparison.Ordinal);
    }

    private static string[] References(MetadataReader reader) =>
        [.. reader.AssemblyReferences.Select(r => reader.GetString(reader.GetAssemblyReference(r).Name))];

    private static string[] Imports(MetadataReader reader) =>
        [.. reader.MethodDefinitions.Select(m => reader.GetMethodDefinition(m).GetImport()).Where(i => !i.Module.IsNil).Select(i => reader.GetString(i.Name))];

    private static string[] ReadMetadata(string name, Func<MetadataReader, string[]> read)
    {
        ImmutableArray<byte> image = [.. File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, name + ".dll"))];
        using PEReader file = new(image);
        return read(file.GetMetadataReader());
    }
}
