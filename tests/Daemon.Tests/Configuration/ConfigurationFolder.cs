using Sleigh.Daemon.Configuration;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Tests.Configuration;

/// <summary>A folder with configuration files, loaded as the daemon does.</summary>
internal sealed class ConfigurationFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sl-").FullName;

    public string File => Path.Combine(_root, "sleigh.yaml");

    public string DropIns => Path.Combine(_root, "sleigh.d");

    public Dictionary<string, string> Environment { get; } = [];

    public ConfigurationFolder Yaml(string text)
    {
        System.IO.File.WriteAllText(File, text);
        return this;
    }

    public ConfigurationFolder DropIn(string name, string text)
    {
        Directory.CreateDirectory(DropIns);
        System.IO.File.WriteAllText(Path.Combine(DropIns, name), text);
        return this;
    }

    public SleighOptions Load() =>
        SleighConfiguration.Load(System.IO.Path.Exists(File) ? File : null, DropIns, Environment);

    /// <summary>The error texts, with the folder's name taken out.</summary>
    public string[] Errors() =>
        [.. Assert.Throws<ConfigurationException>(Load).Message.Split('\n').Select(l => l.Replace(_root + "/", "", StringComparison.Ordinal))];

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
