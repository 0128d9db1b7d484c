using System.Text.Json;
using Sleigh.Network;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Tests.Records;

public sealed class EgressTextTests
{
    [Fact]
    public void A_policy_is_kept_with_its_names()
    {
        EgressPolicy policy = new()
        {
            Mode = EgressMode.Restricted, Allow = [Rule("203.0.113.0/24:443")], Deny = [Rule("203.0.113.9")],
            AllowNames = [Name("*.example.net:443"), Name("example.org")], DenyNames = [Name("bad.example.com")],
        };

        string kept = JsonSerializer.Serialize(EgressText.Of(policy), RecordJson.Default.EgressText);

        Assert.Equal(policy, JsonSerializer.Deserialize(kept, RecordJson.Default.EgressText)!.ToPolicy());
    }

    [Fact]
    public void One_that_was_kept_before_there_were_names_is_read() => Assert.Equal(
        new EgressPolicy { Mode = EgressMode.Restricted, Allow = [Rule("203.0.113.7")] },
        JsonSerializer.Deserialize("""{"Mode":"Restricted","Allow":["203.0.113.7"],"Deny":[]}""", RecordJson.Default.EgressText)!.ToPolicy());

    private static EgressRule Rule(string text) => EgressRule.TryParse(text, out EgressRule? rule) ? rule! : throw new FormatException(text);

    private static NameRule Name(string text) => NameRule.TryParse(text, out NameRule? rule, out _) ? rule! : throw new FormatException(text);
}
