using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Package;

/// <summary>The package as <c>make deb</c> makes it, and its files unpacked.</summary>
public sealed class PackageFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-deb-").FullName;

    public string Deb { get; private set; } = "";

    /// <summary>The root of the unpacked files; DEBIAN/ in it has the control files.</summary>
    public string Root => Path.Combine(_folder, "root");

    /// <summary>A folder for a test's own files.</summary>
    public string Scratch => Directory.CreateDirectory(Path.Combine(_folder, "scratch")).FullName;

    public string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public async ValueTask InitializeAsync()
    {
        if (Host.Has(Need.PackageTools) && Host.Has(Need.InitBinary))
        {
            Deb = await BuildAsync(Path.Combine(_folder, "first"));
            await ToolRunner.RunAsync("dpkg-deb", "--raw-extract", Deb, Root);
        }
    }

    /// <summary>Builds the package into a folder; gives its path.</summary>
    /// <param name="folder">Where it goes.</param>
    /// <param name="environment">Settings as NAME=VALUE.</param>
    public static async Task<string> BuildAsync(string folder, params string[] environment)
    {
        string said = await ToolRunner.RunAsync(
            "env", [.. environment, $"SLEIGH_DEB_OUTPUT={folder}", Path.Combine(Host.Repository, "scripts", "deb.sh")]);
        string deb = said.TrimEnd().Split('\n')[^1];
        Assert.True(File.Exists(deb), said);
        return deb;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
