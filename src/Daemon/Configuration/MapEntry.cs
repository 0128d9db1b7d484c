namespace Sleigh.Daemon.Configuration;

/// <summary>One entry of a map: a name that the operator chose, with keys below it.</summary>
/// <param name="Name">As it was written.</param>
/// <param name="Line">Its line in the file.</param>
/// <param name="Fields">The keys, whole: <c>images.registries[registry.example].username</c>.</param>
internal sealed record MapEntry(string Name, int Line, IReadOnlyList<SettingValue> Fields);
