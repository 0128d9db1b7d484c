using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Http;
using Sleigh.Cli.Tty;

namespace Sleigh.Cli.Exec;

/// <summary>
/// Runs one command whose input, output and window size go through an attach channel. When the daemon is restarted meanwhile, the channel
/// is opened again where the output broke off.
/// </summary>
internal sealed class AttachRun
{
    private readonly SleighClient _client;
    private readonly TimeProvider _time;
    private readonly Stream _stdout;
    private readonly Stream _stderr;
    private readonly InputPump? _input;
    private readonly Func<TerminalSize?>? _size;
    private long _stdoutOffset;
    private long _stderrOffset;

    /// <param name="client">The daemon.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stdout">Takes the output; of a terminal, all of it.</param>
    /// <param name="stderr">Takes the errors.</param>
    /// <param name="input">Standard input; null: none.</param>
    /// <param name="size">Asks for the window's size; null when the command has no terminal.</param>
    public AttachRun(SleighClient client, TimeProvider time, Stream stdout, Stream stderr, InputPump? input, Func<TerminalSize?>? size)
    {
        _client = client;
        _time = time;
        _stdout = stdout;
        _stderr = stderr;
        _input = input;
        _size = size;
    }

    /// <summary>Output bytes shown so far.</summary>
    public long ShownBytes => _stdoutOffset + _stderrOffset;

    /// <summary>Runs the command.</summary>
    /// <param name="sandboxId">A whole id.</param>
    /// <param name="request">What to run.</param>
    /// <param name="interrupted">Cancels the command; its end is still waited for.</param>
    /// <returns>The exec's id, and its final result; no result when the person detached.</returns>
    public async Task<(string Id, JsonObject? Result)> RunAsync(string sandboxId, ExecRequest request, CancellationToken interrupted)
    {
        // With a key, a start whose answer got lost is repeated without running twice.
        var patience = new Patience(_time);
        string key = $"sleighctl-{Guid.NewGuid():N}";
        JsonObject started = await patience.RunAsync(
            () => _client.PostAsync($"/sandboxes/{sandboxId}/exec", request.ToAttachedBody(), CancellationToken.None, idempotencyKey: key));
        patience.Renew();
        string id = started.Text("id")
            ?? throw new CliException(ExitCode.Failure, "the daemon's answer to an exec has no id", "is sleighctl of the same version as sleighd?");

        using var over = new CancellationTokenSource();
        Task pumping = _input?.RunAsync(over.Token) ?? Task.Delay(Timeout.InfiniteTimeSpan, over.Token);
        using CancellationTokenRegistration cancel = interrupted.Register(() => _ = CancelAsync(sandboxId, id));
        try
        {
            return (id, await FollowAsync(sandboxId, id, patience, pumping));
        }
        finally
        {
            await over.CancelAsync();
            await pumping.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task<JsonObject?> FollowAsync(string sandboxId, string id, Patience patience, Task pumping)
    {
        while (true)
        {
            try
            {
                string target = $"/sandboxes/{sandboxId}/exec/{id}/attach?stdout_offset={_stdoutOffset}&stderr_offset={_stderrOffset}";
                await using OpenReply reply = await _client.UpgradeAsync(target, "sleigh-attach", CancellationToken.None);
                patience.Renew();
                await using var channel = new AttachChannel(reply);
                (bool ended, JsonObject? result) = await UseAsync(channel, pumping);
                if (ended)
                {
                    return result;
                }
            }
            catch (CliException ex) when (patience.Allows(ex))
            {
                // Once more, from where it broke off.
            }
            finally
            {
                _input?.Drop();
            }

            if (_input is { IsAtRisk: true })
            {
                await patience.RunAsync(() => _client.PostAsync($"/sandboxes/{sandboxId}/exec/{id}/cancel", null, CancellationToken.None));
                throw new CliException(
                    ExitCode.Failure,
                    $"the connection to the daemon broke while standard input was being sent; part of it may be lost, so {id} was cancelled",
                    "look at what the command has done so far, then run it again");
            }

            await patience.WaitAsync(CancellationToken.None);
        }
    }

    private async Task<(bool Ended, JsonObject? Result)> UseAsync(AttachChannel channel, Task pumping)
    {
        using PosixSignalRegistration? resized = _size is null ? null
            : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resized(channel));
        await ResizeAsync(channel);
        if (_input is not null)
        {
            await _input.UseAsync(channel, CancellationToken.None);
        }

        Task leaving = _input?.Detached ?? Task.Delay(Timeout.InfiniteTimeSpan);
        Task reading = pumping;
        while (true)
        {
            Task<(FromDaemon Type, byte[] Payload)?> next = channel.ReadAsync(CancellationToken.None);
            Task first = reading.IsCompleted ? await Task.WhenAny(next, leaving) : await Task.WhenAny(next, leaving, reading);
            if (first == leaving)
            {
                return (true, null);
            }

            if (first == reading && first != next)
            {
                // Standard input that cannot be read is said; its end is no news unless the person left.
                await reading;
                if (leaving.IsCompleted)
                {
                    return (true, null);
                }
            }

            if (await next is not { } frame)
            {
                return (false, null);
            }

            switch (frame.Type)
            {
                case FromDaemon.Stdout:
                    await WriteAsync(_stdout, frame.Payload);
                    _stdoutOffset += frame.Payload.Length;
                    break;
                case FromDaemon.Stderr:
                    await WriteAsync(_stderr, frame.Payload);
                    _stderrOffset += frame.Payload.Length;
                    break;
                case FromDaemon.Exit:
                    return (true, Parse(frame.Payload));
                case FromDaemon.Error:
                    throw new ApiException(500, Parse(frame.Payload), "the attach channel");
            }
        }
    }

    private async Task ResizeAsync(AttachChannel channel)
    {
        if (_size is null)
        {
            return;
        }

        try
        {
            await channel.ResizeAsync(_size, CancellationToken.None);
        }
        catch (Exception ex) when (ex is LostConnectionException or ObjectDisposedException)
        {
            // The next channel begins with the size.
        }
    }

    private void Resized(AttachChannel channel) => _ = ResizeAsync(channel);

    private async Task CancelAsync(string sandboxId, string id)
    {
        var patience = new Patience(_time);
        patience.Renew();
        try
        {
            await patience.RunAsync(() => _client.PostAsync($"/sandboxes/{sandboxId}/exec/{id}/cancel", null, CancellationToken.None));
        }
        catch (CliException)
        {
            // Whoever follows the command sees how it ends; a second Ctrl-C ends sleighctl.
        }
    }

    private static async Task WriteAsync(Stream target, byte[] bytes)
    {
        await target.WriteAsync(bytes);
        await target.FlushAsync();
    }

    private static JsonObject Parse(byte[] payload)
    {
        try
        {
            return JsonNode.Parse(payload) as JsonObject ?? [];
        }
        catch (JsonException ex)
        {
            throw new CliException(
                ExitCode.Failure, "the daemon's last frame is not a JSON object", "is sleighctl of the same version as sleighd?", ex);
        }
    }
}
