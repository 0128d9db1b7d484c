using Sleigh.Runtime;
using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>Answers what a test says, and keeps what it was asked. A command behind the write is started among the fake execs.</summary>
internal sealed class FakeCodeWriter(FakeExecs execs) : ICodeWriter
{
    public RuntimeException? Fail { get; set; }

    public CodeWriteSpec? LastSpec { get; private set; }

    /// <summary>Changes the result of a write that went well.</summary>
    public Func<CodeWriteResult, CodeWriteResult> Change { get; set; } = result => result;

    public async Task<CodeWriteResult> WriteAsync(SandboxId sandbox, CodeWriteSpec spec)
    {
        LastSpec = spec;
        if (Fail is not null)
        {
            throw Fail;
        }

        CodeWriteResult result = Change(new CodeWriteResult
        {
            Path = spec.Path, IsApplied = true, Bytes = 118, Duration = TimeSpan.FromMilliseconds(60.2), Remaining = spec.Timeout,
            Checks = new StageResult(StageStatus.Passed) { Mode = CheckMode.Language },
            Build = new StageResult(StageStatus.NotRun, "build_language was not sent"),
            Stdout = $"context edit applied: file={spec.Path.Name} occurrence=1 matches=1\n",
        });
        return spec.PostCommand is string command && result.Failure is null
            ? result with
            {
                PostExec = await execs.StartAsync(sandbox, new ExecSpec { Command = command, Origin = ExecOrigin.CodeWrite }, CancellationToken.None),
            }
            : result;
    }
}
