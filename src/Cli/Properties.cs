using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Sleigh.Cli.Tests")]
