namespace Sleigh.Runtime.CodeWriting;

/// <summary>Changes files in sandboxes and lets the sandbox's own tools check and build them. Owner checks are the caller's.</summary>
public interface ICodeWriter
{
    /// <summary>
    /// Changes one file, whole or not at all, then checks and builds it, all inside the sandbox, which is started if needed. Once begun
    /// it goes on to its end, whoever waits for it. A change that could not be made, and checks that fail, are results and not errors.
    /// </summary>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.SandboxBusy"/>, <see cref="ErrorKind.SandboxStartFailed"/>, and those of
    /// <see cref="IExecs.StartAsync"/> for the command behind the write.
    /// </exception>
    Task<CodeWriteResult> WriteAsync(SandboxId sandbox, CodeWriteSpec spec);
}
