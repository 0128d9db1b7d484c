using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Transport;

/// <summary>A request body in memory, in a buffer that grows with what has come, not with what was announced.</summary>
internal sealed class ReceivedBody : IDisposable
{
    /// <summary>A body must be complete by then.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);

    private const int FirstBuffer = 4096;

    // The shared pool would keep larger ones for good, one for each thread that ever had one.
    private const int LargestPooled = 1 << 20;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _length;

    private ReceivedBody()
    {
    }

    /// <summary>What came.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Reads to the end.</summary>
    /// <exception cref="ApiException">413, 408, or 400 for a body that is broken as HTTP.</exception>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public static async Task<ReceivedBody> ReadAsync(HttpContext http, long maxBytes, TimeProvider time)
    {
        UncapServer(http);
        ReceivedBody body = new();
        bool complete = false;
        try
        {
            await body.FillAsync(http, maxBytes, time);
            complete = true;
            return body;
        }
        catch (Exception failure) when (failure is BadHttpRequestException or ConnectionResetException)
        {
            http.RequestAborted.ThrowIfCancellationRequested();
            throw ((failure as BadHttpRequestException)?.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => ApiErrors.PayloadTooLarge(maxBytes),
                StatusCodes.Status408RequestTimeout => ApiErrors.RequestTimeout(TimeLimit),
                _ => ApiErrors.BrokenBody(),
            }).Exception();
        }
        finally
        {
            if (!complete)
            {
                body.Dispose();
            }
        }
    }

    /// <summary>Whether the request has a body at all.</summary>
    public static bool IsExpected(HttpContext http) =>
        http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? http.Request.ContentLength is not 0;

    /// <summary>Leaves size and speed to our own rules.</summary>
    public static void UncapServer(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { MinDataRate: not null } rate)
        {
            rate.MinDataRate = null;
        }
    }

    public void Dispose()
    {
        GiveBack(_buffer);
        (_buffer, _length) = ([], 0);
    }

    private async Task FillAsync(HttpContext http, long maxBytes, TimeProvider time)
    {
        PipeReader reader = http.Request.BodyReader;
        CancellationTokenSource? limit = null;
        try
        {
            while (true)
            {
                if (!reader.TryRead(out ReadResult result))
                {
                    limit ??= new CancellationTokenSource(TimeLimit, time);
                    result = await reader.ReadAsync(limit.Token);
                }

                bool tooLong = result.Buffer.Length > maxBytes - _length;
                if (!tooLong)
                {
                    Append(result.Buffer, maxBytes);
                }

                reader.AdvanceTo(result.Buffer.End);
                if (tooLong)
                {
                    throw ApiErrors.PayloadTooLarge(maxBytes).Exception();
                }

                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (limit is { IsCancellationRequested: true } && !http.RequestAborted.IsCancellationRequested)
        {
            throw ApiErrors.RequestTimeout(TimeLimit).Exception();
        }
        finally
        {
            limit?.Dispose();
        }
    }

    private void Append(ReadOnlySequence<byte> piece, long maxBytes)
    {
        int needed = checked(_length + (int)piece.Length);
        if (needed > _buffer.Length)
        {
            int size = (int)Math.Max(needed, Math.Min(_buffer.Length * 2L, maxBytes));
            byte[] larger = size <= LargestPooled ? ArrayPool<byte>.Shared.Rent(size) : GC.AllocateUninitializedArray<byte>(size);
            _buffer.AsSpan(0, _length).CopyTo(larger);
            GiveBack(_buffer);
            _buffer = larger;
        }

        piece.CopyTo(_buffer.AsSpan(_length));
        _length = needed;
    }

    private static void GiveBack(byte[] buffer)
    {
        if (buffer.Length is > 0 and <= LargestPooled)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
