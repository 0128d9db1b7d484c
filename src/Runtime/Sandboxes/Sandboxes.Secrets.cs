using Microsoft.Extensions.Logging;
using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Secrets;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>
/// Other secrets for a sandbox. Its sleigh-init gets them first and the record their names then: a daemon that dies in between finds them where
/// they are.
/// </content>
internal sealed partial class Sandboxes
{
    /// <inheritdoc/>
    public async Task<Sandbox> SetSecretsAsync(SandboxId id, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        using IDisposable turn = await entry.Turns.EnterAsync(id, "change of secrets", cancellationToken);
        CheckStopping();
        await entry.Starting.WaitAsync(CancellationToken.None);
        try
        {
            if (entry.IsDeleted)
            {
                throw RuntimeException.NoSandbox(id);
            }

            SandboxSecrets next = new(secrets);
            if (entry.Slot is { IsProcessAlive: true } slot)
            {
                await slot.Init.HoldAsync(next.ToBytes(), CancellationToken.None);
            }

            ChangeStep.Done("secrets", 1);
            try
            {
                entry.Change(
                    r => r with { Sandbox = r.Sandbox with { SecretNames = next.Names } },
                    r => _records.PutSandbox(r, SandboxState.Live));
            }
            catch (SqliteException)
            {
                // The next daemon would find values there that nobody was told are in force; and an empty set, where they are lost, for the sandbox's own.
                if (entry.Slot is { IsProcessAlive: true } same)
                {
                    await same.Init.HoldAsync(entry.Secrets?.ToBytes() ?? [], CancellationToken.None);
                }

                throw;
            }

            ChangeStep.Done("secrets", 2);
            entry.Secrets = next;
            return entry.View;
        }
        catch (IOException e)
        {
            throw Failures.Translate(e, ErrorKind.SandboxStartFailed, $"the secrets of {id} could not be changed; the daemon log has the cause under this request id");
        }
        finally
        {
            entry.Starting.Release();
        }
    }

    /// <summary>What an earlier daemon has left of a running sandbox's secrets; its record gets their names where it has others.</summary>
    /// <param name="record">The sandbox.</param>
    /// <param name="slot">Where it runs.</param>
    /// <param name="limit">How long its sleigh-init may take to answer. Secrets that it has not told by then are gone.</param>
    /// <returns>The record, and null where its secrets are gone.</returns>
    public async Task<(SandboxRecord Record, SandboxSecrets? Secrets)> AdoptSecretsAsync(SandboxRecord record, Slot slot, TimeSpan limit)
    {
        using CancellationTokenSource patience = new(limit, _time);
        try
        {
            if (await slot.Init.HeldAsync(patience.Token) is not byte[] held || SandboxSecrets.Parse(held) is not SandboxSecrets secrets)
            {
                return (record, record.Sandbox.SecretNames.Count == 0 ? SandboxSecrets.None : null);
            }

            if (!secrets.Names.SequenceEqual(record.Sandbox.SecretNames))
            {
                record = record with { Sandbox = record.Sandbox with { SecretNames = secrets.Names } };
                _records.PutSandbox(record, SandboxState.Live);
            }

            return (record, secrets);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            SecretsNotFound(_logger, record.Sandbox.Id.ToString(), e);
            return (record, record.Sandbox.SecretNames.Count == 0 ? SandboxSecrets.None : null);
        }
    }

    [LoggerMessage(EventId = 1485, EventName = "secrets", Level = LogLevel.Warning, Message = "sleigh-init of {Sandbox} did not say what secrets it keeps; if it has any they are lost")]
    private static partial void SecretsNotFound(ILogger logger, string sandbox, Exception exception);
}
