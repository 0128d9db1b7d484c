using System.Text;

namespace Sleigh.Cli;

/// <summary>The three streams of the process, as bytes where a command's output must stay exact.</summary>
internal sealed class Terminal
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public Terminal(Stream input, Stream output, Stream error)
    {
        Input = input;
        Output = output;
        Error = error;
    }

    /// <summary>Standard input.</summary>
    public Stream Input { get; }

    /// <summary>Standard output: what a program reads.</summary>
    public Stream Output { get; }

    /// <summary>Standard error: what only a person reads.</summary>
    public Stream Error { get; }

    /// <summary>The streams of this process.</summary>
    public static Terminal OfProcess() =>
        new(Console.OpenStandardInput(), Console.OpenStandardOutput(), Console.OpenStandardError());

    /// <summary>Writes a line to standard output.</summary>
    public void Line(string text) => Write(Output, text + "\n");

    /// <summary>Writes a line to standard error.</summary>
    public void Note(string text) => Write(Error, text + "\n");

    /// <summary>Writes text, UTF-8, and flushes.</summary>
    public static void Write(Stream stream, string text)
    {
        stream.Write(Utf8.GetBytes(text));
        stream.Flush();
    }
}
