using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Execs;

/// <summary>Output files that are made before a command needs them.</summary>
public sealed class SpareOutputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-spare-").FullName;
    private readonly Spool _spool;

    public SpareOutputTests() => _spool = new Spool(_folder, () => 1 << 20);

    public void Dispose()
    {
        _spool.Spares.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task They_lie_ready_under_their_execs_ids_and_new_ones_take_the_places_of_those_that_are_taken()
    {
        Assert.Null(_spool.Spares.Take());
        await OpenAsync();

        HashSet<ExecId> taken = [];
        for (int i = 0; i < 3 * SpareOutputs.Most; i++)
        {
            await Poll.UntilAsync(() => _spool.Spares.Count > 0, 20, () => "no more are made");
            SpareOutput spare = Assert.IsType<SpareOutput>(_spool.Spares.Take());
            Assert.True(taken.Add(spare.Id));
            Assert.Equal(
                ["record", "stderr", "stdout"], Directory.EnumerateFiles(Path.Combine(_folder, spare.Id.ToString())).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Close(spare);
        }
    }

    [Fact]
    public async Task The_sweep_does_not_see_them_until_there_is_a_record()
    {
        await OpenAsync();
        Assert.Empty(_spool.List());

        SpareOutput spare = _spool.Spares.Take()!;
        Assert.Empty(_spool.List());

        _spool.Spares.Release(spare);
        Assert.Equal([spare.Id], _spool.List());
        Close(spare);
    }

    [Fact]
    public async Task One_that_was_not_used_is_used_later()
    {
        await OpenAsync();
        SpareOutput spare = _spool.Spares.Take()!;
        _spool.Spares.GiveBack(spare);

        for (int i = 0; i < SpareOutputs.Most && _spool.Spares.Take() is SpareOutput other; i++)
        {
            Close(other);
            if (other.Id == spare.Id)
            {
                return;
            }
        }

        Assert.Fail("it did not come again");
    }

    [Fact]
    public async Task One_that_somebody_has_removed_is_not_given()
    {
        await OpenAsync();
        foreach (string directory in Directory.EnumerateDirectories(_folder))
        {
            Directory.Delete(directory, recursive: true);
        }

        SpareOutput? spare = _spool.Spares.Take();

        Assert.True(spare is null || Directory.Exists(Path.Combine(_folder, spare.Id.ToString())));
        if (spare is not null)
        {
            Close(spare);
        }
    }

    [Fact]
    public async Task Nothing_of_them_stays_behind()
    {
        await OpenAsync();

        _spool.Spares.Dispose();

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
        Assert.Null(_spool.Spares.Take());
    }

    private async Task OpenAsync()
    {
        _spool.Spares.Open();
        await Poll.UntilAsync(() => _spool.Spares.Count == SpareOutputs.Most, 20, () => $"{_spool.Spares.Count} lie ready");
    }

    private static void Close(SpareOutput spare)
    {
        spare.Files.Record.Dispose();
        spare.Files.Dispose();
    }
}
