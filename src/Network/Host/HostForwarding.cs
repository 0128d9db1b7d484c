namespace Sleigh.Network;

/// <summary>
/// Whether the host forwards the sandboxes' packets. Where it forwards by itself nothing is changed. Else, if it is allowed, the setting of the
/// uplink and of the interfaces with a default route is switched on: <c>net.ipv4.conf.NAME.forwarding</c>, which decides for the packets that
/// come in there (ip-sysctl of the kernel's documentation). IPv6 is never touched: an interface that forwards it takes no router advertisements any more.
/// </summary>
internal sealed class HostForwarding
{
    private const string All = "ipv4/ip_forward";

    private readonly NetworkPlace _host;
    private readonly string _notes;

    /// <summary>Nothing is done yet.</summary>
    /// <param name="host">The host's namespace.</param>
    /// <param name="notes">The file that remembers which interfaces were switched on, so that <see cref="TakeBack"/> can switch them off.</param>
    public HostForwarding(NetworkPlace host, string notes) => (_host, _notes) = (host, notes);

    /// <summary>Whether the host forwards IPv6 by itself.</summary>
    public bool IsOn6 => Reads("ipv6/conf/all/forwarding");

    /// <summary>Whether packets that come in at all these interfaces are forwarded.</summary>
    public bool IsOn(IEnumerable<string> interfaces) => Reads(All) || interfaces.All(i => Reads(SettingOf(i)));

    /// <summary>
    /// Those that forward only because it was, or is about to be, switched on for the sandboxes' sake: what comes in there is not to go anywhere else.
    /// None where the host forwards by itself.
    /// </summary>
    /// <param name="coming">Interfaces it is about to be switched on for.</param>
    public IReadOnlyList<string> OnlyForSandboxes(IEnumerable<string> coming) => Reads(All)
        ? []
        : [.. Noted().Concat(coming.Where(i => !Reads(SettingOf(i)))).Distinct()];

    /// <summary>Switches it on for these interfaces where it is off.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void SwitchOn(IEnumerable<string> interfaces)
    {
        foreach (string name in interfaces.Where(i => !Reads(SettingOf(i))))
        {
            File.AppendAllText(_notes, name + "\n");
            _host.WriteSetting(SettingOf(name), "1");
        }
    }

    /// <summary>Switches off what was switched on, unless the host forwards by itself by now: the setting is the operator's then.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void TakeBack()
    {
        if (!File.Exists(_notes))
        {
            return;
        }

        foreach (string name in Reads(All) ? [] : Noted().Where(n => Reads(SettingOf(n))))
        {
            _host.WriteSetting(SettingOf(name), "0");
        }

        File.Delete(_notes);
    }

    private static string SettingOf(string name) => $"ipv4/conf/{name}/forwarding";

    private IReadOnlyList<string> Noted() => File.Exists(_notes) ? [.. File.ReadAllLines(_notes).Where(n => n.Length > 0).Distinct()] : [];

    private bool Reads(string setting)
    {
        try
        {
            return _host.ReadSetting(setting) == "1";
        }
        catch (IOException)
        {
            // An interface that has gone, or a kernel without IPv6.
            return false;
        }
    }
}
