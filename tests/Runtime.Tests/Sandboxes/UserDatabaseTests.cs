namespace Sleigh.Runtime.Tests.Sandboxes;

public sealed class UserDatabaseTests
{
    private const string Passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:1000:100:Ann:/home/ann:/bin/sh\n";
    private const string Groups = "root:x:0:\nusers:x:100:\nwheel:x:10:bob,ann\n";

    private static ResolvedUser? Resolve(string user, string passwd, string group, out string reason)
    {
        Assert.True(UserName.TryParse(user, out UserName? name));
        return UserDatabase.Resolve(name, passwd, group, out reason);
    }

    [Fact]
    public void A_name_brings_its_ids_groups_and_home()
    {
        ResolvedUser? ann = Resolve("ann", Passwd, Groups, out _);

        Assert.NotNull(ann);
        Assert.Equal((1000u, 100u, "/home/ann", "ann"), (ann.Uid, ann.Gid, ann.Home, ann.Name));
        Assert.Equal([10u, 100u], ann.Groups.Order());
    }

    [Fact]
    public void A_number_needs_no_entry()
    {
        ResolvedUser? user = Resolve("4242:4243", string.Empty, string.Empty, out _);

        Assert.NotNull(user);
        Assert.Equal((4242u, 4243u, "/", (string?)null), (user.Uid, user.Gid, user.Home, user.Name));
        Assert.Empty(user.Groups);
    }

    [Fact]
    public void An_unknown_name_is_refused_with_the_name()
    {
        Assert.Null(Resolve("nobody-here", Passwd, Groups, out string reason));
        Assert.Equal("unknown user nobody-here", reason);
        Assert.Null(Resolve("ann:nogroup-here", Passwd, Groups, out reason));
        Assert.Equal("unknown group nogroup-here", reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("a:b:c")]
    [InlineData("a b")]
    [InlineData("../x")]
    [InlineData(null)]
    public void Other_forms_are_no_user_names(string? text)
    {
        Assert.False(UserName.TryParse(text, out _));
    }

    [Fact]
    public void A_number_is_at_most_two_below_2_to_the_32()
    {
        Assert.True(UserName.TryNumber("4294967294", out _));
        Assert.False(UserName.TryNumber("4294967295", out _));
        Assert.False(UserName.TryNumber("-1", out _));
    }
}
