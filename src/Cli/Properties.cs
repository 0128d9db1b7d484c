using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Sleigh.Cli.Tests")]
[assembly: InternalsVisibleTo("Sleigh.Benchmarks.Host")]
[assembly: InternalsVisibleTo("Sleigh.Benchmarks.Host.Tests")]
