using System.Buffers;
using System.Text;
using Sleigh.Runtime.Reading;

namespace Sleigh.Runtime.CodeWriting;

/// <summary>What an edit, its checks and its build print, one behind the other; of each stream the beginning is kept.</summary>
/// <param name="maxBytes">Of each stream.</param>
/// <param name="maxLines">Of each stream.</param>
internal sealed class StageOutput(int maxBytes, int maxLines)
{
    private readonly Kept _stdout = new(maxBytes);
    private readonly Kept _stderr = new(maxBytes);

    /// <summary>Adds a line to standard output.</summary>
    public void Say(string line) => _stdout.Add(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>Adds a line to the errors.</summary>
    public void Complain(string line) => _stderr.Add(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>Adds what a program printed, and what came upon it.</summary>
    public ToolRun Add(ToolRun run)
    {
        _stdout.Add(run.Stdout);
        _stderr.Add(run.Stderr);
        if (run is { End: ToolEnd.Failed or ToolEnd.TimedOut, Reason: string reason })
        {
            Complain(reason);
        }

        return run;
    }

    /// <summary>The texts as they are answered, and the bytes left out at their ends.</summary>
    public (string Stdout, string Stderr, long Omitted) Cut()
    {
        (string stdout, long fromStdout) = _stdout.Cut(maxBytes, maxLines);
        (string stderr, long fromStderr) = _stderr.Cut(maxBytes, maxLines);
        return (stdout, stderr, fromStdout + fromStderr);
    }

    private sealed class Kept(int maxBytes)
    {
        private readonly ArrayBufferWriter<byte> _data = new();
        private long _total;

        public void Add(ToolOutput output)
        {
            Keep(output.Data.Span);
            _total += output.Total;
        }

        public void Add(byte[] data) => Add(new ToolOutput(data, data.Length));

        public (string Text, long Omitted) Cut(int mostBytes, int mostLines)
        {
            ReadOnlyMemory<byte> shown = _data.WrittenMemory[..ReadPage.Cut(_data.WrittenSpan, _total <= _data.WrittenCount, mostBytes, mostLines)];
            return (Encoding.UTF8.GetString(shown.Span), _total - shown.Length);
        }

        // Behind a hole nothing is kept: what is shown is one beginning. A few bytes more tell where a character ends.
        private void Keep(ReadOnlySpan<byte> data)
        {
            if (_data.WrittenCount == _total)
            {
                _data.Write(data[..(int)Math.Min(data.Length, Math.Max(0, maxBytes + (long)ReadPage.Beyond - _data.WrittenCount))]);
            }
        }
    }
}
