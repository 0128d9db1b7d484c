using System.Net;
using Microsoft.Extensions.Logging;
using Sleigh.Daemon.Telemetry;

namespace Sleigh.Daemon.Tests.Telemetry;

/// <summary>The way to the collector.</summary>
public sealed class ExportsTests
{
    [Fact]
    public void Without_variables_there_is_nothing()
    {
        ListedLog log = new();

        Assert.Null(Exports.Start(new TelemetrySettings(false, false, ["OTEL_X must be y"]), "1", [], log));
        Assert.Equal([(LogLevel.Warning, "Telemetry: OTEL_X must be y")], log.Lines);
    }

    [Fact]
    public async Task A_collector_that_is_gone_is_told_once_and_once_when_it_is_back()
    {
        ListedLog log = new();
        Answers collector = new();
        using HttpMessageInvoker client = new(new ExportWatch("traces", log, collector));

        await AskAsync(client);
        collector.Next = () => throw new HttpRequestException("Connection refused");
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(client));
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(client));
        collector.Next = () => new HttpResponseMessage(HttpStatusCode.OK);
        await AskAsync(client);
        await AskAsync(client);
        collector.Next = () => new HttpResponseMessage(HttpStatusCode.Unauthorized);
        await AskAsync(client);

        Assert.Equal(
            [
                (LogLevel.Warning, "No traces reach http://collector:4318/v1/traces: Connection refused; they are lost until it is back"),
                (LogLevel.Information, "traces reach http://collector:4318/v1/traces again"),
                (LogLevel.Warning, "No traces reach http://collector:4318/v1/traces: it answered 401; they are lost until it is back"),
            ],
            log.Lines);
    }

    private static async Task AskAsync(HttpMessageInvoker client)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "http://user:s3cr3t@collector:4318/v1/traces?key=s3cr3t");
        using HttpResponseMessage response = await client.SendAsync(request, CancellationToken.None);
    }

    private sealed class Answers : HttpMessageHandler
    {
        public Func<HttpResponseMessage> Next { get; set; } = () => new HttpResponseMessage(HttpStatusCode.OK);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Next());
    }

    private sealed class ListedLog : ILogger
    {
        public List<(LogLevel Level, string Text)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add((logLevel, formatter(state, exception)));
    }
}
