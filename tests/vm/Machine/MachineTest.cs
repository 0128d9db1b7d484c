namespace Sleigh.VmTests.Machine;

/// <summary>A test class on the shared machine. When a test of it fails, what the machine can tell is collected.</summary>
public abstract class MachineTest(SharedMachine shared) : IAsyncLifetime
{
    /// <summary>The machine, booted and ready.</summary>
    protected VirtualMachine Machine { get; private set; } = null!;

    /// <inheritdoc/>
    public virtual async ValueTask InitializeAsync() => Machine = await shared.GetAsync();

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        if (TestContext.Current is { TestState.Result: TestResult.Failed, Test: { } test } && Machine is not null)
        {
            string folder = await MachineReport.CollectAsync(Machine, test.TestDisplayName);
            TestContext.Current.SendDiagnosticMessage("what the machine had to say: {0}", folder);
        }

        GC.SuppressFinalize(this);
    }
}
