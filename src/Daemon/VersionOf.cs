using System.Reflection;

namespace Sleigh.Daemon;

/// <summary>Which version this is.</summary>
internal static class VersionOf
{
    public static string ThisBuild { get; } =
        typeof(VersionOf).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
