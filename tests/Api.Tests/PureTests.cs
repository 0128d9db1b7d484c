using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Api.Peers;
using Sleigh.Api.Requests;
using Sleigh.Api.Transport;

namespace Sleigh.Api.Tests;

/// <summary>Functions from text to value.</summary>
public sealed class PureTests
{
    [Theory]
    [InlineData("python")]
    [InlineData("python:3.11-slim")]
    [InlineData("library/python")]
    [InlineData("localhost/app")]
    [InlineData("localhost:5000/app:V1.2_x")]
    [InlineData("reg.example.com/a/b__c/d--e.f:latest")]
    [InlineData("Reg.Example:443/app")]
    [InlineData("[fe80::1]:5000/app")]
    [InlineData("app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("app:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    public void These_are_image_names(string name) => Assert.True(ImageName.IsValid(name));

    [Theory]
    [InlineData("")]
    [InlineData(" python")]
    [InlineData("Python")]
    [InlineData("python:")]
    [InlineData(":1")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a:b:c")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a..b")]
    [InlineData("a___b")]
    [InlineData("a:-1")]
    [InlineData("a@")]
    [InlineData("a@sha256:12")]
    [InlineData("a@b@c")]
    [InlineData("../etc")]
    [InlineData("a.b:x/c")]
    [InlineData("häuser")]
    [InlineData("a\n")]
    public void These_are_not(string name) => Assert.False(ImageName.IsValid(name));

    [Fact]
    public void Image_names_and_tags_have_a_length()
    {
        Assert.True(ImageName.IsValid(new string('a', 255)));
        Assert.False(ImageName.IsValid(new string('a', 256)));
        Assert.True(ImageName.IsValid("a:" + new string('t', 128)));
        Assert.False(ImageName.IsValid("a:" + new string('t', 129)));
    }

    [Theory]
    [InlineData("root:x:0:\nsleigh:x:993:alice,bob\n", 993u)]
    [InlineData("sleigh:x:993", 993u)]
    [InlineData("sleigh:x:", null)]
    [InlineData("sleigh:x", null)]
    [InlineData("sleigh:x:-1:", null)]
    [InlineData("sleighs:x:1:\nxsleigh:x:2:", null)]
    [InlineData("", null)]
    public void A_group_is_found_by_its_whole_name(string text, uint? gid) => Assert.Equal(gid, HostAccounts.FindGid(text, "sleigh"));

    [Fact]
    public void The_effective_uid_is_the_second_number()
    {
        Assert.Equal(7u, HostAccounts.EffectiveUid("Name:\tx\nUid:\t5\t7\t5\t5\nGid:\t1\t1\t1\t1\n"));
        foreach (string cut in new[] { "", "Uid:", "Uid:\t5", "Uid:\t5\t", "Gid:\t1\t2\t3\t4" })
        {
            Assert.Throws<FormatException>(() => HostAccounts.EffectiveUid(cut));
        }
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(500, 1, true)]
    [InlineData(7, 993, true)]
    [InlineData(7, 1, false)]
    public void Root_the_daemons_user_and_the_group_may_use_the_socket(uint uid, uint gid, bool allowed)
    {
        SocketPeerPolicy policy = new(DaemonUid: 500, GroupGid: 993);

        Assert.Equal(allowed, policy.Allows(new SocketPeer(uid, gid, [])));
        Assert.True(policy.Allows(new SocketPeer(uid, gid, [1, 993])));
        Assert.Equal(uid != 7, new SocketPeerPolicy(500, null).Allows(new SocketPeer(uid, gid, [993, 0])));
    }

    [Theory]
    [InlineData("/sessions/sess_0123456789abcdef0123456789abcdef/exec-tasks", "/sessions/sess_***/exec-tasks")]
    [InlineData("/x?a=sess_0123456789abcdef0123456789abcdef&b=sess_0123456789abcdef0123456789abcdef", "/x?a=sess_***&b=sess_***")]
    [InlineData("/sess_short", "/sess_short")]
    [InlineData("/a\r\nb", "/a??b")]
    public void Tokens_and_line_breaks_do_not_reach_the_log(string url, string shown) => Assert.Equal(shown, TokenText.Redact(url));

    [Theory]
    [InlineData("""{"a":1,"b":{"d":[1,{"y":2,"x":"é"}],"c":null}}""", """ { "b" : { "c":null, "d" : [1, {"x":"\u00e9","y":2} ] }, "a":1 , "session_token":"t"} """, true)]
    [InlineData("""{}""", """{"session_token":"t"}""", true)]
    [InlineData("""{"a":2}""", """{"a":1,"a":2}""", true)]
    [InlineData("""{"a":1}""", """{"a":1.0}""", false)]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""", false)]
    [InlineData("""{"a":{"session_token":"t"}}""", """{"a":{}}""", false)]
    [InlineData("""{"a":"1"}""", """{"a":1}""", false)]
    public void A_fingerprint_looks_at_the_JSON_not_at_the_text(string one, string other, bool same)
    {
        static string Of(string text)
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return CanonicalJson.Fingerprint("/p", document.RootElement);
        }

        Assert.Equal(same, Of(one) == Of(other));
        Assert.NotEqual(Of(one), CanonicalJson.Fingerprint("/q", null));
        Assert.Equal(CanonicalJson.Fingerprint("/p", null), Of("{}"));
    }
}
