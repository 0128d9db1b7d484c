using Microsoft.Extensions.Logging;

namespace Sleigh.Network;

/// <summary>
/// Opens the way to the addresses in an answer before the answer is given, so that not one packet to them is refused. Addresses that no name opens are left out of
/// the answer: a name may lead to a private address, by mistake or to get there (DNS rebinding).
/// </summary>
internal sealed partial class NameAdmission
{
    /// <summary>How many addresses of one answer are taken.</summary>
    public const int MostAddresses = 128;

    private readonly Func<ClosedAddresses> _closed;
    private readonly NamePins _pins;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public NameAdmission(Func<ClosedAddresses> closed, NamePins pins, TimeProvider time, ILogger logger) =>
        (_closed, _pins, _time, _logger) = (closed, pins, time, logger);

    /// <summary>What the asker is told.</summary>
    /// <param name="asker">Who asks.</param>
    /// <param name="rules">The rules that allow the name.</param>
    /// <param name="question">What was asked, in its message.</param>
    /// <param name="asked">The same, read.</param>
    /// <param name="answer">What a server has answered.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<byte[]?> AdmitAsync(
        NameAsker asker, IReadOnlyList<NameRule> rules, byte[] question, DnsQuestion asked, byte[] answer, CancellationToken cancellationToken)
    {
        if (DnsAnswer.Read(answer, asked) is not DnsAnswer read)
        {
            Unreadable(_logger, asked.Name.ToString());
            return NameForwarder.Failure(question, NameForwarder.ServerFailure);
        }

        (IReadOnlyList<DnsAddress> open, int closed) = Sort(read, _closed(), rules.Count);
        if (closed > 0 && asker.CountWithheld(closed))
        {
            Withheld(_logger, asked.Name.ToString(), asker.Name.ToString());
        }

        if (open.Count > 0 && !_pins.Covers(asker.Name, rules, open))
        {
            await Task.Delay(asker.Wait(SteadyTime.Now(_time)), _time, cancellationToken);
            try
            {
                if (!await _pins.LetAsync(asker.Name, rules, open, cancellationToken))
                {
                    // Its policy has changed while the server was asked.
                    asker.CountRefused();
                    return NameForwarder.Failure(question, NameForwarder.NoSuchName);
                }
            }
            catch (IOException e)
            {
                NotOpened(_logger, asked.Name.ToString(), asker.Name.ToString(), e);
                return NameForwarder.Failure(question, NameForwarder.ServerFailure);
            }
        }

        return closed > 0 || read.HasOthers ? read.Keep(open.Select(a => a.Address).ToHashSet()) : answer;
    }

    /// <summary>The addresses that are taken, and how many are not. With many rules for a name, these are as few as a sandbox has room for with each of the rules.</summary>
    internal static (IReadOnlyList<DnsAddress> Open, int Withheld) Sort(DnsAnswer answer, ClosedAddresses closed, int rules)
    {
        IReadOnlyList<DnsAddress> all = answer.Addresses;
        DnsAddress[] open = [.. all.Where(a => !closed.Contains(a.Address)).Take(Math.Min(MostAddresses, PinSet.Most / rules))];
        return (open, all.Count - open.Length);
    }

    [LoggerMessage(EventId = 2209, EventName = "network", Level = LogLevel.Information, Message = "An answer for the name {Name} had addresses that no name opens, or too many; {Sandbox} was not told of them. Further ones of this sandbox are only counted")]
    private static partial void Withheld(ILogger logger, string name, string sandbox);

    [LoggerMessage(EventId = 2210, EventName = "network", Level = LogLevel.Warning, Message = "The addresses of the name {Name} could not be opened for {Sandbox}")]
    private static partial void NotOpened(ILogger logger, string name, string sandbox, Exception exception);

    [LoggerMessage(EventId = 2211, EventName = "network", Level = LogLevel.Debug, Message = "An answer for the name {Name} could not be read")]
    private static partial void Unreadable(ILogger logger, string name);
}
