using Sleigh.VmTests.Machine;

namespace Sleigh.VmTests.Scenarios;

/// <summary>A test class about Sleigh on the shared machine.</summary>
public abstract class Scenario(SharedMachine shared, SleighMachine sleigh) : MachineTest(shared)
{
    /// <summary>Sleigh on the machine.</summary>
    protected SleighMachine Sleigh { get; } = sleigh;

    /// <summary>Whether Sleigh must be installed and serve before the first test.</summary>
    protected virtual bool BeginsInstalled => true;

    /// <summary>Whether its sandboxes are on the network, which makes each of them dearer by half on an emulated machine.</summary>
    protected virtual bool IsConnected => true;

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Sleigh.Use(Machine);
        if (BeginsInstalled)
        {
            await Sleigh.ServesAsync(IsConnected);
        }
    }
}
