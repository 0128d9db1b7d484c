namespace Sleigh.Runtime.CodeWriting;

/// <summary>The inside of a sandbox, for checks and builds.</summary>
internal interface IWorkplace
{
    /// <summary>Whether there is anything of this name.</summary>
    bool Exists(string path);

    /// <summary>A small file's text; null where there is none that can be read.</summary>
    string? ReadText(string path);

    /// <summary>Runs a program until it ends, or until the time of the whole call is over: then it is ended.</summary>
    Task<ToolRun> RunAsync(ToolCommand command);
}
