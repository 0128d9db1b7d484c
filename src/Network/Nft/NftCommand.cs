using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.Network.Nft;

/// <summary>Runs nft in one network namespace: one transaction after the other, and lists beside them, since the kernel shows each as of one moment.</summary>
internal sealed class NftCommand : IDisposable
{
    private readonly Func<IReadOnlyList<string>, string, CancellationToken, Task<string>> _look;
    private readonly Func<IReadOnlyList<string>, string, CancellationToken, Task<string>> _change;
    private readonly SemaphoreSlim _oneAtATime = new(1);

    public NftCommand(NetworkPlace place)
    {
        _look = (arguments, input, cancellationToken) => place.RunAsync("nft", arguments, input, cancellationToken);
        _change = (arguments, input, cancellationToken) => place.ChangeAsync("nft", arguments, input, cancellationToken);
    }

    /// <param name="run">Runs nft with these arguments and this standard input; gives its standard output.</param>
    internal NftCommand(Func<IReadOnlyList<string>, string, CancellationToken, Task<string>> run) => (_look, _change) = (run, run);

    /// <summary>Carries a transaction out, whole or not at all.</summary>
    /// <exception cref="IOException">nft is not there or refused; the text has what it said.</exception>
    public async Task ApplyAsync(NftTransaction transaction, CancellationToken cancellationToken)
    {
        if (!transaction.IsEmpty)
        {
            await RunAsync(["-j", "-f", "-"], transaction.ToJson(), cancellationToken);
        }
    }

    /// <summary>The same for commands in nft's own language, for what its JSON cannot say.</summary>
    /// <exception cref="IOException">nft is not there or refused; the text has what it said.</exception>
    public Task ApplyAsync(string commands, CancellationToken cancellationToken) => RunAsync(["-f", "-"], commands, cancellationToken);

    /// <summary>The objects of one kind in a table, such as <c>chain</c>; none where there is no such table.</summary>
    /// <exception cref="IOException">nft is not there or refused.</exception>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(NftTable table, string kind, CancellationToken cancellationToken)
    {
        if (!(await ObjectsAsync(["-j", "list", "tables"], "table", cancellationToken)).Any(t => Is(t, "family", table.Family) && Is(t, "name", table.Name)))
        {
            return [];
        }

        return await ObjectsAsync(["-j", "list", "table", table.Family, table.Name], kind, cancellationToken);
    }

    /// <summary>Packets that each counter of a table has counted, by its name.</summary>
    /// <exception cref="IOException">nft is not there, refused, or there is no such table.</exception>
    public async Task<IReadOnlyDictionary<string, long>> CountersAsync(NftTable table, CancellationToken cancellationToken)
    {
        IReadOnlyList<JsonObject> counters = await ObjectsAsync(["-j", "list", "counters", "table", table.Family, table.Name], "counter", cancellationToken);
        return counters.ToDictionary(c => c["name"]!.GetValue<string>(), c => c["packets"]!.GetValue<long>());
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private static bool Is(JsonObject item, string name, string value) => item[name]?.GetValue<string>() == value;

    private async Task<IReadOnlyList<JsonObject>> ObjectsAsync(string[] arguments, string kind, CancellationToken cancellationToken)
    {
        string text = await _look(arguments, "", cancellationToken);
        try
        {
            return [.. (JsonNode.Parse(text)?["nftables"] as JsonArray ?? []).OfType<JsonObject>().Select(o => o[kind]).OfType<JsonObject>()];
        }
        catch (JsonException e)
        {
            throw new IOException($"nft {string.Join(' ', arguments)} wrote no JSON: '{text}'", e);
        }
    }

    private async Task<string> RunAsync(string[] arguments, string input, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            // Once begun it is let finish: cut off, nobody would know whether it was done.
            return await _change(arguments, input, CancellationToken.None);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }
}
