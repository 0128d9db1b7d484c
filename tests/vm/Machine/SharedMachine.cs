using Sleigh.VmTests.Machine;

[assembly: AssemblyFixture(typeof(SharedMachine))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Sleigh.VmTests.Machine;

/// <summary>The one machine of a run; it boots when the first test asks for it. Test classes that change it follow each other.</summary>
public sealed class SharedMachine : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private VirtualMachine? _machine;
    private GuestException? _failure;

    /// <summary>The machine, booted and ready.</summary>
    public async Task<VirtualMachine> GetAsync()
    {
        await _turn.WaitAsync();
        try
        {
            // A machine that did not boot will not do so for the next test either.
            return _failure is null ? _machine ??= await VirtualMachine.StartAsync() : throw _failure;
        }
        catch (GuestException ex)
        {
            _failure = ex;
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_machine is not null)
        {
            await _machine.DisposeAsync();
        }

        _turn.Dispose();
    }
}
