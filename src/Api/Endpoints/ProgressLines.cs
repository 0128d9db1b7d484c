using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>
/// A long piece of work whose progress streams to the caller, one JSON object a line, and last <c>{"image":{...}}</c> or the error
/// object. Work that fails before its first line is answered like any other failure.
/// </summary>
/// <param name="call">Whom to answer.</param>
/// <param name="write">Writes one line of progress.</param>
internal sealed class ProgressLines<T>(Call call, Action<Utf8JsonWriter, T> write) : IProgress<T>
{
    private readonly Channel<T> _lines = Channel.CreateUnbounded<T>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>A line about what is going on, from any thread.</summary>
    public void Report(T value) => _lines.Writer.TryWrite(value);

    /// <summary>Runs the work and streams until it has ended.</summary>
    public async Task<Reply> RunAsync(Func<IProgress<T>, Task<ImageSummary>> work)
    {
        Task<ImageSummary> running = RunToEndAsync(work);
        if (!await _lines.Reader.WaitToReadAsync())
        {
            ImageSummary atOnce = await running;
            Start();
            await PutAsync(json => ImageView.WriteLine(json, atOnce));
            return Reply.Sent;
        }

        Start();
        await foreach (T line in _lines.Reader.ReadAllAsync())
        {
            await PutAsync(json => write(json, line));
        }

        await PutAsync(await LastLineAsync(running));
        return Reply.Sent;
    }

    private async Task<ImageSummary> RunToEndAsync(Func<IProgress<T>, Task<ImageSummary>> work)
    {
        try
        {
            return await work(this);
        }
        finally
        {
            _lines.Writer.Complete();
        }
    }

    private async Task<Action<Utf8JsonWriter>> LastLineAsync(Task<ImageSummary> running)
    {
        try
        {
            ImageSummary image = await running;
            return json => ImageView.WriteLine(json, image);
        }
        catch (RuntimeException failed)
        {
            ApiError error = ErrorKinds.ToApiError(failed);
            ApiLog.Failed(call, error.Code, failed.Message, failed.InnerException);
            return json => ErrorReply.Write(json, error, call.RequestId);
        }
        catch (Exception unforeseen) when (unforeseen is not OperationCanceledException)
        {
            // The status line has gone out; the error can only be the last line.
            ApiLog.Unforeseen(call, unforeseen);
            return json => ErrorReply.Write(json, ApiErrors.Internal(), call.RequestId);
        }
    }

    private void Start()
    {
        call.Http.Response.StatusCode = 200;
        call.Http.Response.ContentType = "application/x-ndjson; charset=utf-8";
        call.Http.Response.Headers.CacheControl = "no-store";
    }

    private async Task PutAsync(Action<Utf8JsonWriter> write)
    {
        JsonText.Render(write, call.Http.Response.BodyWriter, static (text, writer) =>
        {
            writer.Write(text);
            writer.Write("\n"u8);
        });
        await call.Http.Response.BodyWriter.FlushAsync();
    }
}
