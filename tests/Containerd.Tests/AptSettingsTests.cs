namespace Sleigh.Containerd.Tests;

public sealed class AptSettingsTests
{
    [Fact]
    public void Proxies_certificates_and_times_are_inherited_and_nothing_unsafe()
    {
        const string Dump = """
            APT "";
            Acquire "";
            Acquire::AllowInsecureRepositories "1";
            Acquire::http "";
            Acquire::http::Proxy "http://proxy.example:3128";
            Acquire::https::CaInfo "/etc/ssl/x.pem";
            Acquire::Check-Valid-Until "false";
            Acquire::Languages:: "none";
            Acquire::http::Timeout "";
            """;

        Assert.Equal(
            "Acquire::http::Proxy \"http://proxy.example:3128\";\nAcquire::https::CaInfo \"/etc/ssl/x.pem\";\nAcquire::Check-Valid-Until \"false\";\n",
            AptSettings.Inherit(Dump));
        Assert.Equal("", AptSettings.Inherit(""));
    }

    [Fact]
    public void Only_lines_of_the_suite_are_taken()
    {
        const string List = """
            # deb http://mirror.example/debian bookworm main
            deb http://mirror.example/debian bookworm main
            deb-src http://mirror.example/debian bookworm main
            deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm-updates main contrib
            deb http://other.example/apt thing-bookworm main
            deb [broken http://mirror.example/debian bookworm main
            deb
            """;

        Assert.Equal(
            "deb http://mirror.example/debian bookworm main\n"
            + "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm-updates main contrib\n",
            AptSettings.SelectLines(List, "bookworm"));
    }

    [Fact]
    public void Only_paragraphs_of_the_suite_are_taken()
    {
        const string Sources = """
            # a comment
            Types: deb deb-src
            URIs: http://mirror.example/debian
            Suites: bookworm trixie bookworm-updates
            Components: main
            Signed-By:
             -----BEGIN-----
             .
             Suites: no field

            Types: deb
            URIs: http://other.example
            Suites: nodistro

            Enabled: no
            Types: deb
            Suites: bookworm

            Types: deb
            URIs: http://mirror.example/security
            Suites: bookworm-security
            """;

        Assert.Equal(
            "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n"
            + "Signed-By:\n -----BEGIN-----\n .\n Suites: no field\n\n"
            + "Types: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\n",
            AptSettings.SelectParagraphs(Sources, "bookworm"));
        Assert.Equal("", AptSettings.SelectParagraphs(Sources, "sid"));
        Assert.Equal("", AptSettings.SelectParagraphs("", "bookworm"));
    }

    [Theory]
    [InlineData("bookworm; rm", "bookworm", "minbase", "'bookworm; rm' is not the name of a suite")]
    [InlineData("bookworm", "--evil", "minbase", "'--evil' is not the name of a package")]
    [InlineData("bookworm", "a,b", "minbase", "'a,b' is not the name of a package")]
    [InlineData("bookworm", "libc6", "MIN", "'MIN' is not the name of a variant")]
    public void A_bad_request_is_refused(string suite, string package, string variant, string message)
    {
        var request = new BootstrapRequest { Name = "x", Suite = suite, Include = [package], Variant = variant };

        Assert.Equal(message, Assert.Throws<ImageException>(request.Check).Message);
    }

    [Fact]
    public void What_mmdebstrap_says_becomes_a_sentence()
    {
        var request = new BootstrapRequest { Name = "x" };

        Assert.Equal(
            "the packages of 'bookworm' cannot be fetched: Err:1 http://mirror.example bookworm InRelease Temporary failure resolving 'mirror.example'",
            ImageBootstrap.Explain(
                request,
                ["I: running apt-get update...", "Err:1 http://mirror.example bookworm InRelease Temporary failure resolving 'mirror.example'", "E: apt-get update failed"]));
        Assert.Equal(
            "mmdebstrap could not make 'bookworm': E: Unable to locate package nonsense",
            ImageBootstrap.Explain(request, ["Reading package lists...", "E: Unable to locate package nonsense", "E: apt-get ... failed: process exited with 100"]));
        Assert.Equal("mmdebstrap could not make 'bookworm': it said nothing", ImageBootstrap.Explain(request, []));
    }
}
