namespace Sleigh.Runtime.CodeWriting;

/// <summary>Where a file's project lies.</summary>
/// <param name="Directory">The directory that checks and builds run in.</param>
/// <param name="HasManifest">Whether it has the language's manifest; else it is only the file's own directory.</param>
internal sealed record Project(string Directory, bool HasManifest)
{
    /// <summary>The nearest directory, from the file's own upwards, with a manifest of the language.</summary>
    public static Project Of(SandboxFilePath file, CodeLanguage language, IWorkplace place)
    {
        string? found = SandboxFilePath.UpFrom(file.Directory).FirstOrDefault(
            directory => CodeLanguages.ManifestsOf(language).Any(name => place.Exists(SandboxFilePath.Join(directory, name))));
        return new Project(found ?? file.Directory, found is not null);
    }
}
