using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeEnvironments : IEnvironments
{
    public RuntimeException? Fail { get; set; }

    public (string From, string To)? Asked { get; private set; }

    public Task<EnvironmentCopy> CopyAsync(SandboxId id, string environmentPath, string sandboxPath, CancellationToken cancellationToken)
    {
        Asked = (environmentPath, sandboxPath);
        return Fail is null
            ? Task.FromResult(new EnvironmentCopy("/" + environmentPath, sandboxPath, 812, 40_418_304, TimeSpan.FromMilliseconds(189.4)))
            : throw Fail;
    }
}
