using System.Globalization;
using System.Net;

namespace Sleigh.Network.Tests;

/// <summary>What is written into the kernel, which a table plays, for names that were answered.</summary>
public sealed class NamePinsTests : IDisposable
{
    private static readonly NameRule _one = NameRuleTests.Rule("one.example"), _ported = NameRuleTests.Rule("two.example:443");
    private static readonly NamespaceName _name = NamespaceName.Parse("net_0123456789ab");

    private readonly FakeNft _kernel = new();
    private readonly NamePins _pins;

    public NamePinsTests() => _pins = new NamePins(new NetworkNames("0123456789abcdef"), _kernel.Command(), TimeProvider.System, null);

    [Fact]
    public async Task What_many_sandboxes_ask_for_at_once_is_written_a_bounded_number_at_a_time()
    {
        NamespaceName[] many = [.. Enumerable.Range(0, 30).Select(i => NamespaceName.Parse($"net_{i:x12}"))];
        foreach (NamespaceName name in many)
        {
            await PutAsync(name, _one);
        }

        int before = _kernel.Done.Count;
        TaskCompletionSource go = new();
        _kernel.Before = () => go.Task;
        Task<bool>[] all = [.. many.Select((name, i) => LetAsync(name, _one, i < 10 ? 900 : 1)), .. many.Select(name => LetAsync(name, _one, 2))];
        go.SetResult();

        Assert.All(await Task.WhenAll(all), Assert.True);
        Assert.All(_kernel.Done.Skip(before), transaction =>
        {
            Assert.InRange(transaction.Count(c => c["add"]?["element"] is not null), 1, NamePins.MostSandboxes);
            Assert.InRange(transaction.Sum(c => c["add"]?["element"]?["elem"]?.AsArray().Count ?? 0), 1, NamePins.MostElements);
        });
        Assert.InRange(_kernel.Done.Count - before, 7, 20);
        Assert.All(many, (name, i) => Assert.Equal(i < 10 ? 900 : 2, _kernel.Maps[$"{name}_4"].Length));
    }

    [Fact]
    public async Task A_change_that_was_made_and_not_heard_of_stands_in_the_way_of_no_other()
    {
        await PutAsync(_name, _one, _ported);
        await LetAsync(_name, _one, 2);
        await LetAsync(_name, _ported, 3);
        _kernel.After = () => throw new IOException("nft was not done after 30 s");
        await Assert.ThrowsAsync<IOException>(() => PutAsync(_name, _ported));
        Assert.DoesNotContain($"{_name}_4", _kernel.Maps.Keys);
        _kernel.After = () => { };

        await PutAsync(_name, _ported);
        Assert.Equal([$"{_name}_4_443_443", $"{_name}_6_443_443"], _kernel.Maps.Keys.Order());
        Assert.Equal(3, _kernel.Maps[$"{_name}_4_443_443"].Length);

        // What it has made is known of, too.
        _kernel.After = () => throw new IOException("nft was not done after 30 s");
        await Assert.ThrowsAsync<IOException>(() => PutAsync(_name, _one, _ported));
        _kernel.After = () => { };
        Assert.True(await _pins.RemoveAsync(_name, CancellationToken.None));
        Assert.Empty(_kernel.Maps);
    }

    [Fact]
    public async Task After_a_write_that_failed_nothing_is_taken_for_open_before_all_of_the_sandbox_is_written_again()
    {
        await PutAsync(_name, _one, _ported);
        await LetAsync(_name, _one, 2);
        await LetAsync(_name, _ported, PinSet.Most - 2);
        Assert.True(_pins.Covers(_name, [_one], Addresses(2)));
        _kernel.After = () => throw new IOException("nft was not done after 30 s");
        await Assert.ThrowsAsync<IOException>(() => LetAsync(_name, _ported, PinSet.Most));
        Assert.Empty(_kernel.Maps[$"{_name}_4"]);
        _kernel.After = () => { };

        Assert.False(_pins.Covers(_name, [_one], Addresses(2)));
        Assert.True(await LetAsync(_name, _ported, 1));
        Assert.True(_pins.Covers(_name, [_one], Addresses(2)));
        Assert.Equal(2, _kernel.Maps[$"{_name}_4"].Length);
    }

    [Fact]
    public async Task Where_a_removal_failed_names_open_nothing_any_more_and_it_is_said_that_maps_may_be_left()
    {
        await PutAsync(_name, _one);
        _kernel.Before = () => throw new IOException("nft was not done after 30 s");
        Assert.False(await _pins.RemoveAsync(_name, CancellationToken.None));
        _kernel.Before = () => Task.CompletedTask;

        Assert.False(await LetAsync(_name, _one, 1));
        Assert.Empty(_kernel.Maps[$"{_name}_4"]);
        Assert.True(await _pins.RemoveAsync(_name, CancellationToken.None));
        Assert.Empty(_kernel.Maps);
        Assert.True(await _pins.RemoveAsync(_name, CancellationToken.None));
    }

    public void Dispose() => _pins.Dispose();

    private Task PutAsync(NamespaceName name, params NameRule[] rules) =>
        _pins.ChangeAsync(name, new EgressPolicy { Mode = EgressMode.Restricted, AllowNames = rules }, CancellationToken.None);

    private Task<bool> LetAsync(NamespaceName name, NameRule rule, int addresses) =>
        _pins.LetAsync(name, [rule], Addresses(addresses), CancellationToken.None);

    private static DnsAddress[] Addresses(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => new DnsAddress(
            IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"203.0.{i / 250}.{i % 250}")), TimeSpan.FromMinutes(5))),
    ];
}
