using System.Text;
using Microsoft.Win32.SafeHandles;

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

    /// <summary>Whether a person types the input.</summary>
    public bool InputIsTerminal { get; init; }

    /// <summary>Whether a person watches the output.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Whether a person watches the errors and remarks.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>The streams of this process.</summary>
    /// <remarks>
    /// Console's own streams switch a terminal's keypad mode at the first write, by an escape sequence on standard output. A plain stream does
    /// not. Console's are right for the rest: unlike a FileStream they move the offset of a file that several processes write to.
    /// </remarks>
    public static Terminal OfProcess() => new(
        Plain(0, FileAccess.Read),
        Console.IsOutputRedirected ? Console.OpenStandardOutput() : Plain(1, FileAccess.Write),
        Console.IsErrorRedirected ? Console.OpenStandardError() : Plain(2, FileAccess.Write))
    {
        InputIsTerminal = !Console.IsInputRedirected,
        OutputIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
    };

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

    private static FileStream Plain(int descriptor, FileAccess access) =>
        new(new SafeFileHandle(descriptor, ownsHandle: false), access, bufferSize: 0);
}
