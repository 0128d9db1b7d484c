using Sleigh.VmTests.Machine;

namespace Sleigh.VmTests.Scenarios;

/// <summary>A test class about Sleigh on the shared machine.</summary>
public abstract class Scenario(SharedMachine shared, SleighMachine sleigh) : MachineTest(shared)
{
    /// <summary>Sleigh on the machine.</summary>
    protected SleighMachine Sleigh { get; } = sleigh;

    /// <summary>Whether Sleigh must be installed and serve before the first test.</summary>
    protected virtual bool BeginsInstalled => true;

    /// <summary>Whether the daemon must do nothing beside what it is asked for, since times are compared.</summary>
    protected virtual bool IsQuiet => false;

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Sleigh.Use(Machine);
        if (BeginsInstalled)
        {
            await Sleigh.ServesAsync(IsQuiet);
        }
    }
}
