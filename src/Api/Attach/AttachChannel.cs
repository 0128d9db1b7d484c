using Sleigh.Api.Errors;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Runtime;
using Sleigh.Runtime.Init;

namespace Sleigh.Api.Attach;

/// <summary>
/// The channel to one exec after the upgrade: its output out, input in. It ends with the exec, with an error, or when the client goes;
/// the exec does not end with it.
/// </summary>
internal sealed class AttachChannel(Call call, ExecChanges changes, Stream stream, OutputStreamQuery from)
{
    /// <summary>What the <c>Upgrade</c> header says.</summary>
    public const string Protocol = "sleigh-attach";

    // A client that does not take the last frame by then does not get it.
    private static readonly TimeSpan LastFrameLimit = TimeSpan.FromSeconds(2);

    // A connection that is closed with bytes unread is reset, and the client may then not read our last frame.
    private static readonly TimeSpan QuietTime = TimeSpan.FromMilliseconds(20);

    private readonly AttachOutput _output = new(call.Execs, call.Exec.Id, changes, stream, from);
    private readonly AttachInput _input = new(call.Execs, call.Exec, stream);

    /// <summary>Runs to the end of the channel.</summary>
    public async Task RunAsync()
    {
        using CancellationTokenSource leave = CancellationTokenSource.CreateLinkedTokenSource(call.Gone, call.Dependencies.Host.Stopping);
        Task output = _output.RunAsync(leave.Token, call.Gone);
        Task input = _input.RunAsync(leave.Token);
        await Task.WhenAny(output, input);
        bool ended = output.IsCompletedSuccessfully;
        await leave.CancelAsync();
        ApiError? error = ErrorOf(await FailureOf(input));
        if (await Task.WhenAny(output, Task.Delay(LastFrameLimit)) != output)
        {
            call.Http.Abort();
        }

        error = ErrorOf(await FailureOf(output)) ?? error;
        ended |= output.IsCompletedSuccessfully;
        if (!ended && error is null && call.Dependencies.Host.Stopping.IsCancellationRequested)
        {
            error = ApiErrors.ShuttingDown();
        }

        await FinishAsync(ended ? null : error, lastFrame: ended || error is not null);
    }

    private async Task FinishAsync(ApiError? error, bool lastFrame)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(call.Gone);
        limit.CancelAfter(LastFrameLimit);
        try
        {
            if (error is not null)
            {
                await _output.SendErrorAsync(error, call.RequestId, limit.Token);
            }

            if (lastFrame)
            {
                await DiscardAsync(limit.Token);
            }
        }
        catch (Exception left) when (left is OperationCanceledException or IOException)
        {
            // Nobody takes it.
        }
    }

    private async Task DiscardAsync(CancellationToken limit)
    {
        byte[] rest = new byte[4096];
        using CancellationTokenSource quiet = CancellationTokenSource.CreateLinkedTokenSource(limit);
        do
        {
            quiet.CancelAfter(QuietTime);
        }
        while (await stream.ReadAsync(rest, quiet.Token) > 0);
    }

    private ApiError? ErrorOf(Exception? failure)
    {
        switch (failure)
        {
            case null or OperationCanceledException:
                return null;
            case ApiException refused:
                return refused.Error;
            case RuntimeException failed:
                return ErrorKinds.ToApiError(failed);
            case InitGoneException:
                return ErrorKinds.ToApiError(new RuntimeException(ErrorKind.EngineUnavailable, "the sandbox's PID 1 did not answer; attach again"));
            case IOException when call.Gone.IsCancellationRequested:
                return null;
            default:
                ApiLog.Unforeseen(call, failure);
                return ApiErrors.Internal();
        }
    }

    // Both halves are always waited for; what they end with is a value here.
    private static async Task<Exception?> FailureOf(Task half)
    {
        await half.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return half.Exception?.InnerException;
    }
}
