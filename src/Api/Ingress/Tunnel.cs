namespace Sleigh.Api.Ingress;

/// <summary>Carries bytes both ways after an upgrade, until one side closes.</summary>
internal static class Tunnel
{
    private const int Piece = 16 * 1024;

    // After one side has closed, what the other still sends is carried on for so long.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    /// <exception cref="OperationCanceledException">It was ended from outside.</exception>
    public static async Task RunAsync(Stream caller, Stream server, CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] both = [PumpAsync(caller, server, end.Token), PumpAsync(server, caller, end.Token)];
        await Task.WhenAny(both);
        end.CancelAfter(Rest);
        await Task.WhenAll(both).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static async Task PumpAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        while (await Pieces.PassAsync(from, to, Piece, cancellationToken))
        {
        }
    }
}
